/**
 * Owns the chunks of a snapshot: how a state is cut into them, and how each shows by itself that it belongs to a
 * state root. A chunk holds all entries of one subtree of the state tree, those whose keys share their first `depth`
 * bits, and the hashes beside the way from there to the root: nothing can be left out or put in. Pure.
 *
 * The cut is one for all: from each start the largest subtree that fits. So chunks of one state are the same from
 * every peer, and may be asked of any.
 */
import { compareBytes, concat, equalBytes } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import type { LeafSource } from "#ledger/state-tree.ts";
import { SNAPSHOT_ENTRIES_BYTES_MAX, SNAPSHOT_SIBLINGS_MAX } from "../limits.ts";

const KEY_BYTES = 32;
const KEY_BITS = 256;
/** Of an entry in a chunk: its key and the length of its value. */
const ENTRY_OVERHEAD_BYTES = KEY_BYTES + 2;
const EMPTY_HASH = new Uint8Array(32);
const LEAF_PREFIX = Uint8Array.of(0x00);
const INNER_PREFIX = Uint8Array.of(0x01);

export interface SnapshotEntry {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface SnapshotChunk {
  /** The lowest key of its subtree: bits beyond the depth are zero. */
  readonly start: Uint8Array;
  /** Hashes of the other side at each level, from the root downwards; as many as the subtree is deep. */
  readonly siblings: readonly Uint8Array[];
  /** By key, each once. */
  readonly entries: readonly SnapshotEntry[];
}

export type ChunkFault =
  | { readonly code: "chunk-misplaced" }
  | { readonly code: "chunk-order-wrong" }
  /** Something is left out, put in or changed. */
  | { readonly code: "chunk-root-wrong" };

/** A chunk as it is cut, before its neighbours are known. */
export interface CutChunk {
  readonly start: Uint8Array;
  readonly depth: number;
  readonly hash: Uint8Array;
  readonly entries: readonly SnapshotEntry[];
}

function bitAt(key: Uint8Array, depth: number): number {
  return ((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1;
}

/** The hash of a subtree `depth` levels down that holds exactly these, sorted by key (`spec/ledger.md`, "State"). */
function subtreeHash(entries: readonly SnapshotEntry[], from: number, to: number, depth: number): Uint8Array {
  if (from === to) return EMPTY_HASH;
  const first = entries[from];
  if (to - from === 1 && first !== undefined)
    return sha256(concat(LEAF_PREFIX, first.key, sha256(first.value)));
  let middle = from;
  for (let high = to; middle < high; ) {
    const at = (middle + high) >> 1;
    const entry = entries[at];
    if (entry !== undefined && bitAt(entry.key, depth) === 0) middle = at + 1;
    else high = at;
  }
  return innerHash(
    subtreeHash(entries, from, middle, depth + 1),
    subtreeHash(entries, middle, to, depth + 1),
  );
}

function innerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(INNER_PREFIX, left, right));
}

/** The first key after the subtree; `null` when it is the last one. */
export function chunkEnd(start: Uint8Array, depth: number): Uint8Array | null {
  const end = start.slice();
  // One more at bit `depth - 1`; carried upwards.
  for (let bit = depth - 1; bit >= 0; bit--) {
    const mask = 0x80 >> (bit & 7);
    const byte = end[bit >> 3] ?? 0;
    end[bit >> 3] = byte ^ mask;
    if ((byte & mask) === 0) return end;
  }
  return null;
}

/** The least depth of a subtree that can begin at this key. */
function alignment(start: Uint8Array): number {
  for (let bit = KEY_BITS - 1; bit >= 0; bit--) if (bitAt(start, bit) === 1) return bit + 1;
  return 0;
}

/** Whether the chunk belongs to the state of this root: `null` when it does. At most 65 hashes more than entries. */
export function checkChunk(chunk: SnapshotChunk, stateRoot: Uint8Array): ChunkFault | null {
  const { start, siblings, entries } = chunk;
  const depth = siblings.length;
  if (depth > SNAPSHOT_SIBLINGS_MAX || alignment(start) > depth) return { code: "chunk-misplaced" };
  const end = chunkEnd(start, depth);
  let before: Uint8Array | null = null;
  for (const { key } of entries) {
    if (before !== null && compareBytes(before, key) >= 0) return { code: "chunk-order-wrong" };
    if (compareBytes(key, start) < 0 || (end !== null && compareBytes(key, end) >= 0)) {
      return { code: "chunk-misplaced" };
    }
    before = key;
  }
  let hash = subtreeHash(entries, 0, entries.length, depth);
  for (let level = depth - 1; level >= 0; level--) {
    const sibling = siblings[level] ?? EMPTY_HASH;
    hash = bitAt(start, level) === 1 ? innerHash(sibling, hash) : innerHash(hash, sibling);
  }
  return equalBytes(hash, stateRoot) ? null : { code: "chunk-root-wrong" };
}

/**
 * Whether two chunks that follow each other are halves of a subtree that fits into one chunk. Nobody who cuts as all do
 * sends such; whoever cuts down to single entries could go on for days.
 */
export function isCutTooFine(left: SnapshotChunk, right: SnapshotChunk): boolean {
  const depth = left.siblings.length;
  const areHalves =
    depth > 0 && right.siblings.length === depth && alignment(left.start) < depth && follows(left, right);
  return areHalves && bytesOf(left.entries) + bytesOf(right.entries) <= SNAPSHOT_ENTRIES_BYTES_MAX;
}

function follows(left: SnapshotChunk, right: SnapshotChunk): boolean {
  const end = chunkEnd(left.start, left.siblings.length);
  return end !== null && compareBytes(end, right.start) === 0;
}

function bytesOf(entries: readonly SnapshotEntry[]): number {
  return entries.reduce((bytes, { value }) => bytes + ENTRY_OVERHEAD_BYTES + value.length, 0);
}

/**
 * The chunk that begins at `start`, a key at which the one before it ended.
 * @returns `null` when even the deepest subtree allowed does not fit.
 */
export function cutChunk(source: LeafSource, start: Uint8Array): CutChunk | null {
  const entries: SnapshotEntry[] = [];
  let bytes = 0;
  /** The first key that has no room; all below it were read. */
  let beyond: Uint8Array | null = null;
  for (const [key, value] of source.range(start, null)) {
    bytes += ENTRY_OVERHEAD_BYTES + value.length;
    if (bytes > SNAPSHOT_ENTRIES_BYTES_MAX) {
      beyond = key;
      break;
    }
    entries.push({ key, value });
  }
  for (let depth = alignment(start); depth <= SNAPSHOT_SIBLINGS_MAX; depth++) {
    const end = chunkEnd(start, depth);
    if (beyond !== null && (end === null || compareBytes(end, beyond) > 0)) continue;
    const inside = end === null ? entries : entries.filter(({ key }) => compareBytes(key, end) < 0);
    return { start, depth, entries: inside, hash: subtreeHash(inside, 0, inside.length, depth) };
  }
  return null;
}

/** A chunk without its entries: what is kept in memory of a snapshot. */
export type ChunkPlace = Omit<CutChunk, "entries">;

/**
 * The siblings of each chunk, and the root over them all.
 * @param places all chunks of a state in their order. @returns `null` when they do not cover all keys once.
 */
export function joinChunks(places: readonly ChunkPlace[]): {
  readonly root: Uint8Array;
  readonly siblings: readonly (readonly Uint8Array[])[];
} | null {
  const siblings: Uint8Array[][] = places.map(() => []);
  let next = 0;
  /** The subtree in which chunk `next` is the first; depth first, siblings added on the way up. */
  const join = (depth: number): { readonly hash: Uint8Array; readonly from: number } | null => {
    const from = next;
    const place = places[next];
    if (place === undefined || place.depth < depth) return null;
    if (place.depth === depth) {
      next += 1;
      return { hash: place.hash, from };
    }
    const left = join(depth + 1);
    const right = left === null ? null : join(depth + 1);
    if (left === null || right === null) return null;
    for (let at = from; at < right.from; at++) siblings[at]?.unshift(right.hash);
    for (let at = right.from; at < next; at++) siblings[at]?.unshift(left.hash);
    return { hash: innerHash(left.hash, right.hash), from };
  };
  const top = join(0);
  return top === null || next !== places.length ? null : { root: top.hash, siblings };
}
