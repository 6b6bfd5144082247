/**
 * Owns the tree whose root a header commits to: a binary sparse Merkle tree over 32-byte keys, each leaf at the
 * shallowest depth where it is alone (`spec/ledger.md`, "State"). Immutable: a change gives a new tree that
 * shares what did not change. The root depends on the set of entries alone, never on the order of changes.
 *
 * A tree is either whole in memory, or rests on a source of leaves of which only the upper levels, and what was
 * touched lately, are in memory (`state-tree-base.ts`).
 */
import { assert } from "#base/assert.ts";
import { sha256 } from "#crypto/sha256.ts";
import { type LeafSource, TREE_MEMORY, TreeBase, type TreeMemory } from "./state-tree-base.ts";
import {
  type ByteText,
  bitAt,
  build,
  bytesOfText,
  type Halves,
  hashOf,
  join,
  KEY_BYTES,
  type Leaf,
  leafOf,
  type Node,
  split,
  textOfBytes,
} from "./state-tree-node.ts";
import type { TreeProof } from "./state-tree-proof.ts";

export { type LeafSource, LeavesDamagedError } from "./state-tree-base.ts";
export { decodeTreeProof, encodeTreeProof, type TreeProof, verifyTreeProof } from "./state-tree-proof.ts";

/** A new value for a key, or `null` to take it out. */
export interface TreeChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

interface TextChange {
  readonly key: ByteText;
  readonly value: Uint8Array | null;
}

export class StateTree {
  static readonly empty = new StateTree(null, 0, null, 0);
  readonly #base: TreeBase | null;
  readonly #epoch: number;
  readonly #top: Node;
  readonly #leafCount: number;
  readonly #root: Uint8Array;

  private constructor(base: TreeBase | null, epoch: number, top: Node, leafCount: number) {
    this.#base = base;
    this.#epoch = epoch;
    this.#top = top;
    this.#leafCount = leafCount;
    this.#root = hashOf(top);
  }

  /** The tree of all leaves in a source, all of which are read once. */
  static over(source: LeafSource, memory: TreeMemory = TREE_MEMORY): StateTree {
    const { base, root } = TreeBase.open(source, memory);
    return new StateTree(base, base.epoch, root, base.leafCount);
  }

  /** 32 bytes; all zero for the empty tree. */
  get root(): Uint8Array {
    return this.#root.slice();
  }

  /** How many keys have a value. */
  get leafCount(): number {
    return this.#leafCount;
  }

  /**
   * The value under a key of 32 bytes, as a copy; `null` when there is none.
   * @throws LeavesDamagedError as all methods that read, when the source does not hold what the root says.
   */
  get(key: Uint8Array): Uint8Array | null {
    this.#assertCurrent();
    const sought = textOfBytes(key);
    let node = this.#open(this.#top);
    for (let depth = 0; node?.kind === "inner"; depth++) {
      node = this.#open(bitAt(sought, depth) === 0 ? node.left : node.right);
    }
    return node?.key === sought ? bytesOfText(node.value) : null;
  }

  /** A tree with these changes made at once. Keys are of 32 bytes and distinct. */
  with(changes: readonly TreeChange[]): StateTree {
    this.#assertCurrent();
    const texts = changes.map(({ key, value }) => {
      if (key.length !== KEY_BYTES) throw new RangeError(`state key of ${key.length} bytes`);
      return { key: textOfBytes(key), value };
    });
    const tally = { leafCount: this.#leafCount };
    const top = this.#change(this.#top, texts, 0, tally);
    return top === this.#top ? this : new StateTree(this.#base, this.#epoch, top, tally.leafCount);
  }

  /**
   * The same tree, once the source that it rests on holds the same changes. Trees derived before from the same
   * source must not be used afterwards: they throw.
   */
  settled(): StateTree {
    this.#assertCurrent();
    const base = this.#base;
    if (base === null) return this;
    const top = base.settle(this.#top, this.#leafCount);
    return new StateTree(base, base.epoch, top, this.#leafCount);
  }

  /** Shows the value under the key, or its absence, to whoever knows the root. */
  prove(key: Uint8Array): TreeProof {
    this.#assertCurrent();
    const sought = textOfBytes(key);
    const siblings: Uint8Array[] = [];
    let node = this.#open(this.#top);
    while (node?.kind === "inner") {
      const goesRight = bitAt(sought, siblings.length) === 1;
      siblings.push(hashOf(goesRight ? node.left : node.right));
      node = this.#open(goesRight ? node.right : node.left);
    }
    if (node === null || node.key === sought) return { siblings, other: null };
    return { siblings, other: { key: bytesOfText(node.key), valueHash: sha256(bytesOfText(node.value)) } };
  }

  #assertCurrent(): void {
    assert(
      this.#base === null || this.#base.epoch === this.#epoch,
      "a state is not used after its source moved on",
    );
  }

  #open(node: Node): Leaf | Halves | null {
    if (node?.kind !== "stored") return node;
    assert(this.#base !== null, "only a tree over a source has nodes that are not read");
    return this.#base.open(node);
  }

  /** @param changes of distinct keys, all of which belong under `node`. */
  #change(node: Node, changes: readonly TextChange[], depth: number, tally: { leafCount: number }): Node {
    if (changes.length === 0) return node;
    const opened = this.#open(node);
    if (opened?.kind === "inner") {
      const { left, right } = opened;
      const [toLeft, toRight] = split(changes, depth);
      const newLeft = this.#change(left, toLeft, depth + 1, tally);
      const newRight = this.#change(right, toRight, depth + 1, tally);
      return newLeft === left && newRight === right ? node : join(newLeft, newRight);
    }
    const leaves = leavesAfter(opened, changes);
    if (leaves.length === 1 && leaves[0] === opened) return node;
    tally.leafCount += leaves.length - (opened === null ? 0 : 1);
    return build(leaves, depth);
  }
}

function leavesAfter(leaf: Leaf | null, changes: readonly TextChange[]): readonly Leaf[] {
  const leaves: Leaf[] = [];
  let kept = leaf;
  for (const { key, value } of changes) {
    if (kept?.key === key) {
      // An equal value keeps the very node, so that trees stay shared.
      if (value !== null && kept.value === textOfBytes(value)) continue;
      kept = null;
    }
    if (value !== null) leaves.push(leafOf(key, value));
  }
  if (kept !== null) leaves.push(kept);
  return leaves;
}
