/** What every store of checkpoints must do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId, BlockId } from "#base/brand.ts";
import type { CheckpointStore } from "#chain/index.ts";

const ALICE = "aa".repeat(32) as AccountId;
const BOB = "bb".repeat(32) as AccountId;
const BLOCK = "01".repeat(32) as BlockId;
const OTHER = "02".repeat(32) as BlockId;
const EMPTY = { mark: null, final: null, sought: null, cosignatures: [], evidence: [] };

export function testCheckpointStore(name: string, open: () => CheckpointStore): void {
  test(`${name}: an empty store holds nothing`, () => {
    assert.deepEqual(open().read(), EMPTY);
  });

  test(`${name}: the mark rises, and is never lowered or set twice at one height`, () => {
    const store = open();
    assert.ok(store.setMark({ height: 8, blockId: BLOCK }).ok);
    assert.throws(() => store.setMark({ height: 4, blockId: BLOCK }));
    assert.throws(() => store.setMark({ height: 8, blockId: OTHER }));
    assert.deepEqual(store.read().mark, { height: 8, blockId: BLOCK });
    assert.ok(store.setMark({ height: 12, blockId: OTHER }).ok);
    assert.deepEqual(store.read().mark, { height: 12, blockId: OTHER });
  });

  test(`${name}: notes stay until they are replaced`, () => {
    const store = open();
    assert.ok(store.write({ final: "one", sought: "two" }).ok);
    assert.ok(store.write({}).ok);
    assert.deepEqual([store.read().final, store.read().sought], ["one", "two"]);
    assert.ok(store.write({ final: "two", sought: null }).ok);
    assert.deepEqual([store.read().final, store.read().sought], ["two", null]);
  });

  test(`${name}: one cosignature for each signer and height, lowest first`, () => {
    const store = open();
    store.write({ put: [{ signer: BOB, height: 8, note: "b8" }] });
    store.write({
      put: [
        { signer: ALICE, height: 8, note: "a8" },
        { signer: BOB, height: 4, note: "b4" },
        { signer: BOB, height: 8, note: "b8 again" },
      ],
    });
    const notes = () => store.read().cosignatures.map(({ note }) => note);
    assert.deepEqual(notes(), ["b4", "a8", "b8 again"]);
    store.write({ remove: [{ signer: BOB, height: 4 }], put: [{ signer: ALICE, height: 12, note: "a12" }] });
    assert.deepEqual(notes(), ["a8", "b8 again", "a12"]);
  });

  test(`${name}: the first evidence against a signer stays`, () => {
    const store = open();
    store.write({ evidence: [{ signer: BOB, text: "first" }] });
    store.write({
      evidence: [
        { signer: BOB, text: "second" },
        { signer: ALICE, text: "of Alice" },
      ],
    });
    assert.deepEqual(store.read().evidence, [
      { signer: ALICE, text: "of Alice" },
      { signer: BOB, text: "first" },
    ]);
  });
}
