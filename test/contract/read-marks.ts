/** What every store of read marks must do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import type { ReadMarkStore } from "#people/read-marks.ts";

const ALICE = "alice" as PeerId;
const BOB = "bob" as PeerId;

export function testReadMarkStore(name: string, open: () => ReadMarkStore): void {
  test(`${name}: nothing read is 0; a mark moves forward only, each peer by itself`, () => {
    const store = open();
    assert.equal(store.get(ALICE), 0);
    store.advance(ALICE, 7);
    store.advance(ALICE, 5);
    assert.equal(store.get(ALICE), 7);
    assert.equal(store.get(BOB), 0);
    store.advance(ALICE, 8);
    assert.equal(store.get(ALICE), 8);
  });
}
