/**
 * Owns the one Merkle tree of the project: RFC 6962 section 2.1 (leaf prefix 0x00, node prefix 0x01, no leaf
 * ever duplicated), with the count of leaves bound into the root by a further hash. Without the count, a path
 * could be replayed for another index in a tree of another size. Does not know what the leaves are.
 */
import { concat, equalBytes, utf8 } from "#base/bytes.ts";
import { sha256, sha256Into } from "#crypto/sha256.ts";
import { MERKLE_LEAVES_MAX, MERKLE_PATH_MAX } from "./limits.ts";

export const HASH_BYTES = 32;
const ROOT_DOMAIN = utf8("waybill-tree-v1\0");
const LEAF_PREFIX = Uint8Array.of(0x00);
const EMPTY_TREE = sha256(new Uint8Array(0));

/** Siblings from the leaf upwards, 32 bytes each. */
export type MerklePath = readonly Uint8Array[];

/** That `leaf` is number `index` (from 0) among `count` leaves of the tree with this root. */
export interface Inclusion {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly count: number;
  readonly path: MerklePath;
}

/**
 * A growing tree, kept as the roots of its perfect subtrees, largest first (a compact range): one for each
 * bit set in `count`. Immutable. Enough to append and to give the root; not to make paths.
 */
export interface Peaks {
  readonly count: number;
  readonly hashes: readonly Uint8Array[];
}

export const EMPTY_PEAKS: Peaks = Object.freeze({ count: 0, hashes: Object.freeze([]) });

function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256(concat(LEAF_PREFIX, leaf));
}

/** What is hashed, put together in one place: filled anew before each use, and nothing else runs in between. */
const node = Uint8Array.of(0x01, ...new Uint8Array(2 * HASH_BYTES));
const bound = concat(ROOT_DOMAIN, new Uint8Array(4 + HASH_BYTES));
const boundCount = new DataView(bound.buffer, ROOT_DOMAIN.length, 4);

/** Of an inner node, from its two halves. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return sha256(node);
}

/** The root that is committed to, from the tree hash of so many leaves. */
export function bindCount(treeHash: Uint8Array, count: number): Uint8Array {
  boundCount.setUint32(0, count, true);
  bound.set(treeHash, ROOT_DOMAIN.length + 4);
  return sha256(bound);
}

/** The tree hash of RFC 6962 alone, without the count: what published vectors give. */
export function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  return treeHashOfPeaks(peaksOf(leaves));
}

/** The root that is committed to, over the leaves in their order. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return bindCount(treeHash(leaves), leaves.length);
}

/** The path of leaf `index`. Throws a `RangeError` when there is no such leaf. */
export function merklePath(leaves: readonly Uint8Array[], index: number): MerklePath {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`no leaf ${index} among ${leaves.length}`);
  }
  const path: Uint8Array[] = [];
  let level = leaves.map(leafHash);
  let at = index;
  while (level.length > 1) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) path.push(sibling);
    level = levelAbove(level);
    at >>>= 1;
  }
  return path;
}

/** The paths of all leaves, in their order: for the cost of one tree, not of one for each. */
export function merklePaths(leaves: readonly Uint8Array[]): readonly MerklePath[] {
  const levels: (readonly Uint8Array[])[] = [leaves.map(leafHash)];
  for (let level = levels[0] ?? []; level.length > 1; ) {
    level = levelAbove(level);
    levels.push(level);
  }
  return leaves.map((_, index) => {
    const siblings = levels.map((level, height) => level[Math.floor(index / 2 ** height) ^ 1]);
    return siblings.filter((sibling) => sibling !== undefined);
  });
}

/** Pairs hashed; an odd last one moves up as it is, which gives the shape of RFC 6962. */
function levelAbove(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const [left, right] = [level[at], level[at + 1]];
    if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
}

/** Whether the inclusion leads to `root`. False for anything malformed; never throws; at most 34 hashes. */
export function verifyInclusion(inclusion: Inclusion, root: Uint8Array): boolean {
  const hash = treeHashOfInclusion(inclusion);
  return hash !== null && equalBytes(bindCount(hash, inclusion.count), root);
}

/** The tree hash of RFC 6962 that an inclusion leads to; `null` for anything malformed. */
export function treeHashOfInclusion({ leaf, index, count, path }: Inclusion): Uint8Array | null {
  if (!Number.isInteger(count) || count < 1 || count > MERKLE_LEAVES_MAX) return null;
  if (!Number.isInteger(index) || index < 0 || index >= count || path.length > MERKLE_PATH_MAX) return null;
  let hash = leafHash(leaf);
  let [at, last, used] = [index, count - 1, 0];
  while (last > 0) {
    // The last node of a level has no sibling when it stands at an even place: it moved up as it was.
    if (at % 2 === 1 || at < last) {
      const sibling = path[used];
      if (sibling === undefined || sibling.length !== HASH_BYTES) return null;
      hash = at % 2 === 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
      used += 1;
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return used === path.length ? hash : null;
}

/** The peaks after one more leaf. */
export function appendLeaf(peaks: Peaks, leaf: Uint8Array): Peaks {
  if (peaks.count >= MERKLE_LEAVES_MAX) throw new RangeError("the tree is full");
  const hashes = [...peaks.hashes];
  let hash = leafHash(leaf);
  for (let rest = peaks.count; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    const left = hashes.pop();
    if (left === undefined) throw new RangeError("fewer peaks than the count has bits");
    hash = nodeHash(left, hash);
  }
  hashes.push(hash);
  return { count: peaks.count + 1, hashes };
}

export function peaksOf(leaves: readonly Uint8Array[]): Peaks {
  return leaves.reduce<Peaks>(appendLeaf, EMPTY_PEAKS);
}

/** The tree hash of RFC 6962 over all leaves appended so far, without the count. */
export function treeHashOfPeaks({ hashes }: Peaks): Uint8Array {
  const smallest = hashes.at(-1);
  if (smallest === undefined) return EMPTY_TREE;
  // As nodeHash over and over, the right half being hashed into its place: done for each of a million headers.
  node.set(smallest, 1 + HASH_BYTES);
  for (let at = hashes.length - 2; at >= 0; at--) {
    node.set(hashes[at] ?? EMPTY_TREE, 1);
    sha256Into(node, node, 1 + HASH_BYTES);
  }
  return node.slice(1 + HASH_BYTES);
}

/** The same root as {@link merkleRoot} over all leaves appended so far. */
export function rootOfPeaks(peaks: Peaks): Uint8Array {
  return bindCount(treeHashOfPeaks(peaks), peaks.count);
}
