/**
 * Owns the tree whose root a header commits to: a binary sparse Merkle tree over 32-byte keys, each leaf at the
 * shallowest depth where it is alone (`spec/ledger.md`, "State"). Immutable: a change gives a new tree that
 * shares what did not change. The root depends on the set of entries alone, never on the order of changes.
 */
import { concat, equalBytes } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { STATE_PATH_MAX } from "./limits.ts";

const LEAF_PREFIX = Uint8Array.of(0x00);
const INNER_PREFIX = Uint8Array.of(0x01);
const KEY_BYTES = 32;
const EMPTY_HASH = new Uint8Array(32);

interface Leaf {
  readonly kind: "leaf";
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly hash: Uint8Array;
}

interface Inner {
  readonly kind: "inner";
  readonly left: Node;
  readonly right: Node;
  readonly hash: Uint8Array;
}

type Node = Leaf | Inner | null;

/** A new value for a key, or `null` to take it out. */
export interface TreeChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/**
 * Where the leaves of a tree are kept: a store, read at its tip. Calls are synchronous; what they give is not
 * written to, nor changed by its owner later.
 */
export interface LeafSource {
  /** The value under a key of 32 bytes; `null` when there is none. */
  get(key: Uint8Array): Uint8Array | null;
  /** Keys and values with `from <= key < to`, in the order of their keys; `to` is `null` for no upper end. */
  range(from: Uint8Array, to: Uint8Array | null): Iterable<readonly [Uint8Array, Uint8Array]>;
}

/** Shows what a tree of a given root holds, or does not hold, under one key. */
export interface TreeProof {
  /** Hashes of the other side at each level, from the root downwards. */
  readonly siblings: readonly Uint8Array[];
  /** The leaf at the end of the path when it is another key's: shows that the sought one is absent. */
  readonly other: { readonly key: Uint8Array; readonly valueHash: Uint8Array } | null;
}

function hashOf(node: Node): Uint8Array {
  return node === null ? EMPTY_HASH : node.hash;
}

function leafHash(key: Uint8Array, valueHash: Uint8Array): Uint8Array {
  return sha256(concat(LEAF_PREFIX, key, valueHash));
}

function innerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(INNER_PREFIX, left, right));
}

function leafOf(key: Uint8Array, value: Uint8Array): Leaf {
  return { kind: "leaf", key, value, hash: leafHash(key, sha256(value)) };
}

/** Two halves as one node. A leaf whose other half is empty moves up: it is alone at this depth too. */
function join(left: Node, right: Node): Node {
  if (left === null && right?.kind !== "inner") return right;
  if (right === null && left?.kind !== "inner") return left;
  return { kind: "inner", left, right, hash: innerHash(hashOf(left), hashOf(right)) };
}

/** Bit `depth` of a key, the most significant bit of its first byte being bit 0. */
function bitAt(key: Uint8Array, depth: number): 0 | 1 {
  return (((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1 ? 1 : 0;
}

/** @param changes of distinct keys, all of which belong under `node`. */
function change(node: Node, changes: readonly TreeChange[], depth: number): Node {
  const [first] = changes;
  if (first === undefined) return node;
  if (node === null || node.kind === "leaf") {
    return build(leavesAfter(node, changes), depth);
  }
  const { left, right } = node;
  const [toLeft, toRight] = split(changes, depth);
  const [newLeft, newRight] = [change(left, toLeft, depth + 1), change(right, toRight, depth + 1)];
  return newLeft === left && newRight === right ? node : join(newLeft, newRight);
}

function leavesAfter(leaf: Leaf | null, changes: readonly TreeChange[]): readonly Leaf[] {
  const leaves: Leaf[] = [];
  let kept = leaf;
  for (const { key, value } of changes) {
    if (kept !== null && equalBytes(kept.key, key)) {
      // An equal value keeps the very node, so that trees stay shared.
      if (value !== null && equalBytes(kept.value, value)) continue;
      kept = null;
    }
    if (value !== null) leaves.push(leafOf(key, value));
  }
  if (kept !== null) leaves.push(kept);
  return leaves;
}

function build(leaves: readonly Leaf[], depth: number): Node {
  if (leaves.length < 2) return leaves[0] ?? null;
  const [left, right] = split(leaves, depth);
  return join(build(left, depth + 1), build(right, depth + 1));
}

function split<Entry extends { readonly key: Uint8Array }>(
  entries: readonly Entry[],
  depth: number,
): [Entry[], Entry[]] {
  if (depth >= STATE_PATH_MAX) throw new Error("broken invariant: two entries of one key in the state tree");
  const halves: [Entry[], Entry[]] = [[], []];
  for (const entry of entries) halves[bitAt(entry.key, depth)].push(entry);
  return halves;
}

export class StateTree {
  static readonly empty = new StateTree(null);
  readonly #top: Node;

  private constructor(top: Node) {
    this.#top = top;
  }

  /** The tree of all leaves in a source, which is read once. */
  static over(source: LeafSource): StateTree {
    const leaves = [...source.range(new Uint8Array(KEY_BYTES), null)];
    return StateTree.empty.with(leaves.map(([key, value]) => ({ key, value })));
  }

  /** 32 bytes; all zero for the empty tree. */
  get root(): Uint8Array {
    return hashOf(this.#top).slice();
  }

  /** The value under a key of 32 bytes; `null` when there is none. Not a copy: do not write to it. */
  get(key: Uint8Array): Uint8Array | null {
    const { leaf } = this.#descend(key);
    return leaf !== null && equalBytes(leaf.key, key) ? leaf.value : null;
  }

  /** A tree with these changes made at once. Keys are of 32 bytes and distinct. */
  with(changes: readonly TreeChange[]): StateTree {
    for (const { key } of changes) {
      if (key.length !== KEY_BYTES) throw new RangeError(`state key of ${key.length} bytes`);
    }
    const top = change(this.#top, changes, 0);
    return top === this.#top ? this : new StateTree(top);
  }

  /**
   * The same tree, once the source that it rests on holds the same changes. Trees derived before from the same
   * source must not be used afterwards: they throw.
   */
  settled(): StateTree {
    return this;
  }

  /** Shows the value under the key, or its absence, to whoever knows the root. */
  prove(key: Uint8Array): TreeProof {
    const { leaf, siblings } = this.#descend(key);
    const isOther = leaf !== null && !equalBytes(leaf.key, key);
    return { siblings, other: isOther ? { key: leaf.key, valueHash: sha256(leaf.value) } : null };
  }

  #descend(key: Uint8Array): { leaf: Leaf | null; siblings: Uint8Array[] } {
    const siblings: Uint8Array[] = [];
    let node = this.#top;
    while (node?.kind === "inner") {
      const goesRight = bitAt(key, siblings.length) === 1;
      siblings.push(hashOf(goesRight ? node.left : node.right));
      node = goesRight ? node.right : node.left;
    }
    return { leaf: node, siblings };
  }
}

/**
 * Whether the tree of this root holds `value` under `key`, or nothing when `value` is `null`. False for anything
 * malformed; never throws; at most 258 hashes.
 */
export function verifyTreeProof(
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array | null,
  proof: TreeProof,
): boolean {
  const { siblings, other } = proof;
  if (key.length !== KEY_BYTES || siblings.length > STATE_PATH_MAX) return false;
  let hash: Uint8Array = EMPTY_HASH;
  if (value !== null) {
    if (other !== null) return false;
    hash = leafHash(key, sha256(value));
  } else if (other !== null) {
    if (!standsOnPath(other.key, key, siblings.length) || other.valueHash.length !== 32) return false;
    hash = leafHash(other.key, other.valueHash);
  }
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth];
    if (sibling === undefined || sibling.length !== 32) return false;
    hash = bitAt(key, depth) === 1 ? innerHash(sibling, hash) : innerHash(hash, sibling);
  }
  return equalBytes(hash, root);
}

/** Whether a different key shares the first `depth` bits: only then does its leaf show that `key` is absent. */
function standsOnPath(other: Uint8Array, key: Uint8Array, depth: number): boolean {
  if (other.length !== KEY_BYTES || equalBytes(other, key)) return false;
  for (let bit = 0; bit < depth; bit++) if (bitAt(other, bit) !== bitAt(key, bit)) return false;
  return true;
}
