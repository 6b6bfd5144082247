/** Owns the contract of `chain/snapshots/snapshot-store.ts`: what is finished stays, what is not goes with the next beginning. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import type { ChunkPlace, SnapshotEntry } from "#chain/snapshots/snapshot-chunk.ts";
import type { SnapshotStore } from "#chain/snapshots/snapshot-store.ts";

function refOf(height: number): { readonly id: BlockId; readonly height: number } {
  return { id: height.toString(16).padStart(64, "0") as BlockId, height };
}

function placeOf(number: number): ChunkPlace {
  const [start, hash] = [new Uint8Array(32), new Uint8Array(32).fill(number)];
  start[0] = number << 6;
  return { start, depth: 2, hash };
}

function entriesOf(number: number): readonly SnapshotEntry[] {
  return [1, 2, 3].map((at) => ({
    key: new Uint8Array(32).fill(number * 16 + at),
    value: new Uint8Array(at * 100).fill(number),
  }));
}

function make(store: SnapshotStore, height: number, chunks: number): void {
  assert.ok(store.begin(refOf(height)).ok);
  for (let at = 0; at < chunks; at++) assert.ok(store.add(placeOf(at), entriesOf(at)).ok);
}

/** @param open a new, empty store each time. */
export function testSnapshotStore(name: string, open: () => SnapshotStore): void {
  test(`${name}: a finished snapshot is listed, highest first, with its chunks in order`, () => {
    const store = open();
    for (const height of [1_000, 3_000, 2_000]) {
      make(store, height, 3);
      assert.ok(store.finish().ok);
    }
    assert.deepEqual(store.finished(), [3_000, 2_000, 1_000].map(refOf));
    assert.deepEqual(store.places(refOf(2_000).id), [0, 1, 2].map(placeOf));
    assert.deepEqual(store.entries(refOf(2_000).id, 1), entriesOf(1));
    assert.equal(store.entries(refOf(2_000).id, 3), null);
    assert.equal(store.entries(refOf(9).id, 0), null);
    assert.deepEqual(store.places(refOf(9).id), []);
  });

  test(`${name}: one that is being made is offered to nobody, and is gone when the next begins`, () => {
    const store = open();
    make(store, 1_000, 2);
    assert.deepEqual(store.finished(), []);
    assert.deepEqual(store.places(refOf(1_000).id), []);
    assert.equal(store.entries(refOf(1_000).id, 0), null);
    make(store, 2_000, 1);
    assert.ok(store.finish().ok);
    assert.deepEqual(store.finished(), [refOf(2_000)]);
    make(store, 1_000, 1);
    assert.ok(store.finish().ok);
    assert.deepEqual(store.places(refOf(1_000).id), [placeOf(0)]);
  });

  test(`${name}: a dropped one leaves nothing, and the others stay`, () => {
    const store = open();
    for (const height of [1_000, 2_000]) {
      make(store, height, 2);
      assert.ok(store.finish().ok);
    }
    assert.ok(store.drop(refOf(1_000).id).ok);
    assert.ok(store.drop(refOf(7).id).ok);
    assert.deepEqual(store.finished(), [refOf(2_000)]);
    assert.deepEqual(store.places(refOf(1_000).id), []);
    assert.deepEqual(store.entries(refOf(2_000).id, 0), entriesOf(0));
  });
}
