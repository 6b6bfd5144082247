import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareBytes, equalBytes } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { type LeafSource, StateTree } from "#ledger/state-tree.ts";
import { SNAPSHOT_ENTRIES_BYTES_MAX } from "../limits.ts";
import {
  type CutChunk,
  checkChunk,
  chunkEnd,
  cutChunk,
  isCutTooFine,
  joinChunks,
  type SnapshotChunk,
  type SnapshotEntry,
} from "./snapshot-chunk.ts";

function sourceOf(entries: readonly SnapshotEntry[]): LeafSource {
  const sorted = [...entries].sort((a, b) => compareBytes(a.key, b.key));
  return {
    get: (key) => sorted.find((entry) => equalBytes(entry.key, key))?.value ?? null,
    *range(from, to) {
      for (const { key, value } of sorted) {
        if (compareBytes(key, from) >= 0 && (to === null || compareBytes(key, to) < 0)) yield [key, value];
      }
    },
  };
}

function entriesOf(count: number, bytes: number): SnapshotEntry[] {
  return Array.from({ length: count }, (_, at) => ({
    key: sha256(Uint8Array.of(at & 255, at >> 8, 7)),
    value: new Uint8Array(bytes).fill(at),
  }));
}

function rootOf(entries: readonly SnapshotEntry[]): Uint8Array {
  return StateTree.empty.with(entries).root;
}

function cutAll(entries: readonly SnapshotEntry[]): SnapshotChunk[] {
  const source = sourceOf(entries);
  const cut: CutChunk[] = [];
  for (let start: Uint8Array | null = new Uint8Array(32); start !== null; ) {
    const chunk: CutChunk | null = cutChunk(source, start);
    assert.ok(chunk);
    cut.push(chunk);
    start = chunkEnd(chunk.start, chunk.depth);
  }
  const joined = joinChunks(cut);
  assert.ok(joined);
  const { root, siblings } = joined;
  assert.deepEqual(root, rootOf(entries));
  assert.equal(joinChunks(cut.slice(0, -1)), null);
  const chunks = cut.map(({ start, entries }, at) => ({ start, entries, siblings: siblings[at] ?? [] }));
  for (const [at, chunk] of chunks.entries()) {
    const before = chunks[at - 1];
    if (before !== undefined) assert.equal(isCutTooFine(before, chunk), false, `chunk ${at}`);
  }
  return chunks;
}

test("chunks of any state show the root that the tree has, hold every entry once, and fit", () => {
  for (const [count, bytes] of [
    [0, 0],
    [1, 16],
    [2, 16],
    [900, 4_000],
    [500, 1_000],
  ] as const) {
    const entries = entriesOf(count, bytes);
    const chunks = cutAll(entries);
    const root = rootOf(entries);
    for (const chunk of chunks) assert.equal(checkChunk(chunk, root), null);
    assert.equal(chunks.flatMap((chunk) => chunk.entries).length, count);
    if (count * bytes > SNAPSHOT_ENTRIES_BYTES_MAX) assert.ok(chunks.length > 1);
    for (const chunk of chunks) {
      const size = chunk.entries.reduce((sum, { value }) => sum + 34 + value.length, 0);
      assert.ok(size <= SNAPSHOT_ENTRIES_BYTES_MAX);
    }
  }
});

test("a chunk with an entry left out, put in, changed or moved is refused", () => {
  const entries = entriesOf(300, 3_000);
  const root = rootOf(entries);
  const chunks = cutAll(entries);
  const chunk = chunks[1];
  assert.ok(chunk !== undefined && chunk.entries.length > 2);
  const [first, second] = chunk.entries;
  assert.ok(first !== undefined && second !== undefined);
  const foreign = chunks[0]?.entries[0];
  assert.ok(foreign !== undefined);
  const changed: readonly [string, SnapshotChunk][] = [
    ["chunk-root-wrong", { ...chunk, entries: chunk.entries.slice(1) }],
    ["chunk-root-wrong", { ...chunk, entries: [] }],
    [
      "chunk-root-wrong",
      { ...chunk, entries: [{ ...first, value: second.value }, ...chunk.entries.slice(1)] },
    ],
    ["chunk-order-wrong", { ...chunk, entries: [second, first, ...chunk.entries.slice(2)] }],
    ["chunk-order-wrong", { ...chunk, entries: [first, ...chunk.entries] }],
    ["chunk-misplaced", { ...chunk, entries: [foreign, ...chunk.entries] }],
    ["chunk-misplaced", { ...chunk, start: first.key }],
    ["chunk-misplaced", { ...chunk, siblings: [...chunk.siblings, new Uint8Array(32)] }],
    ["chunk-root-wrong", { ...chunk, siblings: chunk.siblings.toReversed() }],
    ["chunk-root-wrong", { ...chunk, entries: [], siblings: [...chunk.siblings, new Uint8Array(32)] }],
  ];
  for (const [code, wrong] of changed) assert.equal(checkChunk(wrong, root)?.code, code);
  assert.equal(checkChunk(chunk, sha256(root))?.code, "chunk-root-wrong");
});

test("keys crowded into one corner are cut all the same", () => {
  const entries = entriesOf(400, 3_000).map(({ key, value }) => {
    const crowded = key.slice();
    crowded.fill(0xff, 0, 3);
    return { key: crowded, value };
  });
  const chunks = cutAll(entries);
  const root = rootOf(entries);
  for (const chunk of chunks) assert.equal(checkChunk(chunk, root), null);
  assert.ok(chunks.length < 60);
});

test("small states of any keys: one chunk that agrees with the tree", () => {
  const entry = fc.record({
    key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    value: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  });
  const sets = fc.uniqueArray(entry, {
    selector: ({ key }) => Buffer.from(key).toString("hex"),
    maxLength: 40,
  });
  fc.assert(fc.property(sets, (entries) => assert.equal(cutAll(entries).length, 1)));
});
