/**
 * Owns the nodes of the state tree and how they are hashed and joined (`spec/ledger.md`, "State"). Nodes are never
 * changed. Knows nothing of where leaves are kept: a `Stored` node only names the place of what was not read yet.
 */
import { assert } from "#base/assert.ts";
import { sha256, sha256Into } from "#crypto/sha256.ts";
import { STATE_PATH_MAX } from "./limits.ts";

export const KEY_BYTES = 32;
export const HASH_BYTES = 32;
export const EMPTY_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

export interface Leaf {
  readonly kind: "leaf";
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly hash: Uint8Array;
}

export interface Inner {
  readonly kind: "inner";
  readonly left: Node;
  readonly right: Node;
  readonly hash: Uint8Array;
}

/** All that the source holds under one path, not read yet. */
export interface Stored {
  readonly kind: "stored";
  readonly depth: number;
  /** The first `depth` bits of the keys below, as a number. */
  readonly index: number;
  /** Whether one leaf is all there is; else there are more. */
  readonly isSingle: boolean;
  readonly hash: Uint8Array;
  /** What it was found to be; kept for the next who comes by. */
  opened: Leaf | Inner | null;
}

/** `null` is the empty tree. */
export type Node = Leaf | Inner | Stored | null;

/** What is hashed, put together in one place: filled anew before each use, and nothing else runs in between. */
const leafBytes = new Uint8Array(1 + KEY_BYTES + HASH_BYTES).fill(0x00, 0, 1);
const innerBytes = new Uint8Array(1 + 2 * HASH_BYTES).fill(0x01, 0, 1);

export function hashOf(node: Node): Uint8Array {
  return node === null ? EMPTY_HASH : node.hash;
}

/** @param key and valueHash of 32 bytes each. */
export function leafHash(key: Uint8Array, valueHash: Uint8Array): Uint8Array {
  leafBytes.set(key, 1);
  leafBytes.set(valueHash, 1 + KEY_BYTES);
  return sha256(leafBytes);
}

/** @param left and right of 32 bytes each. */
export function innerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  innerBytes.set(left, 1);
  innerBytes.set(right, 1 + HASH_BYTES);
  return sha256(innerBytes);
}

export function leafOf(key: Uint8Array, value: Uint8Array): Leaf {
  leafBytes.set(key, 1);
  sha256Into(value, leafBytes, 1 + KEY_BYTES);
  return { kind: "leaf", key, value, hash: sha256(leafBytes) };
}

/** Whether no more than one leaf is below. */
function isAlone(node: Node): boolean {
  return node === null || node.kind === "leaf" || (node.kind === "stored" && node.isSingle);
}

/** Two halves as one node. A leaf whose other half is empty moves up: it is alone at this depth too. */
export function join(left: Node, right: Node): Node {
  if (left === null && isAlone(right)) return right;
  if (right === null && isAlone(left)) return left;
  return { kind: "inner", left, right, hash: innerHash(hashOf(left), hashOf(right)) };
}

/** Bit `depth` of a key, the most significant bit of its first byte being bit 0. */
export function bitAt(key: Uint8Array, depth: number): 0 | 1 {
  return (((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1 ? 1 : 0;
}

/** By the next bit of their keys. Throws when there is none: two of them have the same key. */
export function split<Entry extends { readonly key: Uint8Array }>(
  entries: readonly Entry[],
  depth: number,
): readonly [Entry[], Entry[]] {
  assert(depth < STATE_PATH_MAX, "each key stands once in the state tree");
  const [left, right]: [Entry[], Entry[]] = [[], []];
  for (const entry of entries) (bitAt(entry.key, depth) === 0 ? left : right).push(entry);
  return [left, right];
}

/** The tree of these leaves, in any order, whose keys share their first `depth` bits. */
export function build(leaves: readonly Leaf[], depth: number): Leaf | Inner | null {
  if (leaves.length < 2) return leaves[0] ?? null;
  const [left, right] = split(leaves, depth);
  const joined = join(build(left, depth + 1), build(right, depth + 1));
  assert(joined !== null && joined.kind === "inner", "two leaves are joined by a node");
  return joined;
}
