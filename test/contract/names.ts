/** What every store of our names must do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId } from "#base/brand.ts";
import type { NameStore, OwnName } from "#chain/index.ts";

const ANNA: OwnName = {
  name: "anna",
  key: "aa".repeat(32) as AccountId,
  salt: new Uint8Array(32).fill(3),
  sinceMs: 1_700_000_000_000,
};
const BERT: OwnName = { ...ANNA, name: "bert", salt: null };

export function testNameStore(name: string, open: () => NameStore): void {
  test(`${name}: names come back as they were put, oldest first`, () => {
    const store = open();
    assert.deepEqual(store.list(), []);
    assert.ok(store.put(BERT).ok);
    assert.ok(store.put(ANNA).ok);
    assert.deepEqual(store.list(), [BERT, ANNA]);
  });

  test(`${name}: putting again replaces, removing removes, and an unknown name is no fault`, () => {
    const store = open();
    store.put(ANNA);
    const again = { ...ANNA, salt: new Uint8Array(32).fill(9) };
    assert.ok(store.put(again).ok);
    assert.deepEqual(store.list(), [again]);
    assert.ok(store.remove("anna").ok);
    assert.ok(store.remove("anna").ok);
    assert.deepEqual(store.list(), []);
  });
}
