import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TxId } from "#base/brand.ts";
import type { Block } from "#ledger/index.ts";
import { BLOCK_BYTES_MAX } from "#ledger/limits.ts";
import {
  SNAPSHOT_ENTRIES_BYTES_MAX,
  SYNC_FRAME_BYTES_MAX,
  SYNC_HEADERS_MAX,
  SYNC_POOL_IDS_MAX,
} from "../limits.ts";
import { decodeSyncMessage, encodeSyncMessage, type SyncMessage } from "./sync-codec.ts";
import { locatorHeights } from "./sync-server.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const ids = fc.array(hash, { maxLength: 5 });

/** Objects as the decoder makes them. */
function plain<Value>(
  model: { readonly [Key in keyof Value]: fc.Arbitrary<Value[Key]> },
): fc.Arbitrary<Value> {
  return fc.record<Value>(model, { noNullPrototype: true });
}

function hexIds(list: readonly Uint8Array[]): string[] {
  return list.map((id) => Buffer.from(id).toString("hex"));
}

const messages = fc.oneof(
  fc
    .tuple(
      hash,
      fc.nat(),
      hash,
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      fc.array(hash, { maxLength: 2 }),
    )
    .map(([chainId, height, tip, work, at]): SyncMessage => {
      const snapshots = hexIds(at).map((id, index) => ({ height: index, id: id as Block["id"] }));
      const rest = { bodiesFrom: height, snapshots };
      return {
        type: "hello",
        chainId,
        height,
        tip: Buffer.from(tip).toString("hex") as Block["id"],
        work,
        ...rest,
      };
    }),
  ids.map(hexIds).map((list): SyncMessage => ({ type: "get-blocks", ids: list as Block["id"][] })),
  ids.map(hexIds).map((list): SyncMessage => ({ type: "pool", ids: list as TxId[] })),
  ids.map(hexIds).map((list): SyncMessage => ({ type: "get-transactions", ids: list as TxId[] })),
  ids.map((list): SyncMessage => ({ type: "transactions", transactions: list })),
  fc
    .option(fc.uint8Array({ minLength: 1, maxLength: 50 }))
    .map((bytes): SyncMessage => ({ type: "block", bytes })),
  hash.map(
    (key): SyncMessage => ({ type: "get-chunk", at: Buffer.from(key).toString("hex") as Block["id"], key }),
  ),
  fc
    .option(
      plain({
        start: hash,
        siblings: ids,
        entries: fc.array(plain({ key: hash, value: fc.uint8Array({ maxLength: 9 }) }), { maxLength: 4 }),
      }),
    )
    .map((chunk): SyncMessage => ({ type: "chunk", chunk })),
);

test("one encoding per message: what is decoded encodes to the same bytes, whatever the bytes", () => {
  fc.assert(
    fc.property(messages, (message) => {
      const decoded = decodeSyncMessage(encodeSyncMessage(message));
      assert.deepEqual(decoded, { ok: true, value: message });
    }),
  );
  const near = messages.map(encodeSyncMessage).chain((bytes) =>
    fc.tuple(fc.nat(bytes.length), fc.nat(255)).map(([at, value]) => {
      const changed = Uint8Array.from([...bytes, 0].slice(0, bytes.length + (at % 2)));
      changed[at % changed.length] = value;
      return changed;
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), near), (bytes) => {
      const decoded = decodeSyncMessage(bytes);
      if (decoded.ok) assert.deepEqual(encodeSyncMessage(decoded.value), bytes);
    }),
    { numRuns: 1_000 },
  );
});

test("answers of the largest kind fit a frame, and counts above the limits are refused", () => {
  assert.ok(BLOCK_BYTES_MAX + 1024 <= SYNC_FRAME_BYTES_MAX);
  assert.ok(SYNC_HEADERS_MAX * 176 + 16 <= SYNC_FRAME_BYTES_MAX);
  assert.ok(SYNC_POOL_IDS_MAX * 32 + 16 <= SYNC_FRAME_BYTES_MAX);
  assert.ok(SNAPSHOT_ENTRIES_BYTES_MAX + 64 * 32 + 64 <= SYNC_FRAME_BYTES_MAX);
  const tooMany = new Uint8Array(3 + 65 * 32);
  tooMany.set([2, 65, 0]);
  assert.equal(decodeSyncMessage(tooMany).ok, false);
});

test("a locator is short, begins at the tip and ends with genesis", () => {
  assert.deepEqual(locatorHeights(0), [0]);
  assert.deepEqual(locatorHeights(3), [3, 2, 1, 0]);
  for (const height of [11, 1_000, 4_000_000_000]) {
    const heights = locatorHeights(height);
    assert.ok(heights.length <= 64);
    assert.deepEqual([heights[0], heights.at(-1)], [height, 0]);
    assert.ok(heights.every((at, index) => index === 0 || at < (heights[index - 1] ?? 0)));
  }
});
