/**
 * Owns the nodes of the state tree and how they are hashed and joined (`spec/ledger.md`, "State"). Nodes are never
 * changed. Knows nothing of where leaves are kept: a `Stored` node only names the place of what was not read yet.
 *
 * Keys, values and hashes are held as texts of one character for each byte: a fifth of the memory of byte arrays,
 * compared in one step, and what the hash function gives at its fastest.
 */
import { assert } from "#base/assert.ts";
import { sha256Into, sha256Text } from "#crypto/sha256.ts";
import { STATE_PATH_MAX } from "./limits.ts";

export const KEY_BYTES = 32;
export const HASH_BYTES = 32;

/** Bytes as text: the code of each character is a byte. */
export type ByteText = string;

export interface Leaf {
  readonly kind: "leaf";
  readonly key: ByteText;
  readonly value: ByteText;
  readonly hash: ByteText;
}

/** A node with two halves, of which at most one is empty. */
export interface Inner {
  readonly kind: "inner";
  readonly left: Node;
  readonly right: Node;
  readonly hash: ByteText;
}

/** All that the source holds under one path, not read yet. */
export interface Stored {
  readonly kind: "stored";
  readonly depth: number;
  /** The first `depth` bits of the keys below, as a number. */
  readonly index: number;
  /** Whether one leaf is all there is; else there are more. */
  readonly isSingle: boolean;
  readonly hashes: HashShelf;
  /** What it was found to be; kept for the next who comes by. */
  opened: Leaf | Halves | null;
}

/** What a stored node is: as an inner one, but its hash is on the shelf. */
export type Halves = Pick<Inner, "left" | "right"> & { readonly kind: "inner" };

/** Where the hashes of stored nodes are kept. */
export interface HashShelf {
  /** Copies the hash of a path into 32 bytes of `target` from `at` on. */
  copyHash(depth: number, index: number, target: Uint8Array, at: number): void;
}

/** `null` is the empty tree. */
export type Node = Leaf | Inner | Stored | null;

/** @param bytes at most some tens of thousands: each is an argument of a call. */
export function textOfBytes(bytes: Uint8Array): ByteText {
  // Spread out, they would go through an iterator: eight times the time.
  const text: unknown = Reflect.apply(String.fromCharCode, null, bytes);
  return String(text);
}

export function bytesOfText(text: ByteText): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeText(text, bytes, 0);
  return bytes;
}

export function writeText(text: ByteText, target: Uint8Array, at: number): void {
  for (let offset = 0; offset < text.length; offset++) target[at + offset] = text.charCodeAt(offset);
}

/** What is hashed, put together in one place: filled anew before each use, and nothing else runs in between. */
const leafBytes = new Uint8Array(1 + KEY_BYTES + HASH_BYTES).fill(0x00, 0, 1);
const innerBytes = new Uint8Array(1 + 2 * HASH_BYTES).fill(0x01, 0, 1);

/** Writes the hash of a node into 32 bytes of `target` from `at` on; the empty tree has 32 zero bytes. */
export function writeHash(node: Node, target: Uint8Array, at: number): void {
  if (node === null) target.fill(0, at, at + HASH_BYTES);
  else if (node.kind === "stored") node.hashes.copyHash(node.depth, node.index, target, at);
  else writeText(node.hash, target, at);
}

export function hashOf(node: Node): Uint8Array {
  const hash = new Uint8Array(HASH_BYTES);
  writeHash(node, hash, 0);
  return hash;
}

export function leafOf(key: ByteText, value: Uint8Array): Leaf {
  assert(key.length === KEY_BYTES, "keys of the state have 32 bytes");
  writeText(key, leafBytes, 1);
  sha256Into(value, leafBytes, 1 + KEY_BYTES);
  return { kind: "leaf", key, value: textOfBytes(value), hash: sha256Text(leafBytes) };
}

/** Whether no more than one leaf is below. */
export function isAlone(node: Node): boolean {
  return node === null || node.kind === "leaf" || (node.kind === "stored" && node.isSingle);
}

/** Two halves as one node. A leaf whose other half is empty moves up: it is alone at this depth too. */
export function join(left: Node, right: Node): Node {
  if (left === null && isAlone(right)) return right;
  if (right === null && isAlone(left)) return left;
  writeHash(left, innerBytes, 1);
  writeHash(right, innerBytes, 1 + HASH_BYTES);
  return { kind: "inner", left, right, hash: sha256Text(innerBytes) };
}

/** Bit `depth` of a key, the most significant bit of its first byte being bit 0. */
export function bitAt(key: ByteText, depth: number): number {
  return (key.charCodeAt(depth >> 3) >> (7 - (depth & 7))) & 1;
}

/** By the next bit of their keys. Throws when there is none: two of them have the same key. */
export function split<Entry extends { readonly key: ByteText }>(
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
  assert(joined?.kind === "inner", "two leaves are joined by a node");
  return joined;
}
