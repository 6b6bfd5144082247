/**
 * Owns what all trees over one source share: the source, the upper levels in memory, and which derived trees may
 * still be used. Every bucket of leaves that is read is hashed and compared with what the levels above it say, so
 * a damaged store is noticed before anything is built on it.
 */
import { equalBytes } from "#base/bytes.ts";
import {
  STATE_CROWD_DEPTH_MAX,
  STATE_CROWD_LEAVES,
  STATE_TOP_DEPTH_MAX,
  STATE_WARM_LEAVES_MAX,
  STATE_WHOLE_LEAVES_MAX,
} from "./limits.ts";
import {
  build,
  bytesOfText,
  type Halves,
  hashOf,
  isAlone,
  join,
  KEY_BYTES,
  type Leaf,
  leafOf,
  type Node,
  type Stored,
  textOfBytes,
  writeHash,
} from "./state-tree-node.ts";
import { FILL, type Fill, TreeTop } from "./state-tree-top.ts";

/**
 * Where the leaves of a tree are kept: a store, read at its tip. Calls are synchronous; what they give is not
 * written to, nor changed by its owner later.
 */
export interface LeafSource {
  /** The value under a key of 32 bytes; `null` when there is none. */
  get(key: Uint8Array): Uint8Array | null;
  /** Keys and values with `from <= key < to`, in the order of their keys; `to` is `null` for no upper end. */
  range(from: Uint8Array, to: Uint8Array | null): Iterable<readonly [Uint8Array, Uint8Array]>;
  /** Told right before {@link LeavesDamagedError} is thrown, so that whoever keeps them can mend them. */
  damaged?(cause: string): void;
}

/** How much of a tree stays in memory. */
export interface TreeMemory {
  /** Leaves up to which all of them do. */
  readonly wholeLeavesMax: number;
  /** Of a larger tree, leaves that were touched. */
  readonly warmLeavesMax: number;
}

export const TREE_MEMORY: TreeMemory = {
  wholeLeavesMax: STATE_WHOLE_LEAVES_MAX,
  warmLeavesMax: STATE_WARM_LEAVES_MAX,
};

/** The leaves that a source gave are not those that the tree was made of: the store is damaged. */
export class LeavesDamagedError extends Error {
  constructor(stored: Stored) {
    super(`state entries below path ${stored.index} of ${stored.depth} bits are not those of the state root`);
    this.name = "LeavesDamagedError";
  }
}

/** A large tree is opened in so many parts of one key prefix each, to hold few leaves at once. */
const PART_BITS = 10;
/** Leaves in the first part from which its number is a fair sample of all. */
const SAMPLE_LEAVES_MIN = 64;

/** The first key with these leading bits; `null` when `index` is beyond the last such path. */
function pathStart(depth: number, index: number): Uint8Array | null {
  if (index >= 2 ** depth) return null;
  const key = new Uint8Array(KEY_BYTES);
  new DataView(key.buffer).setBigUint64(0, BigInt(index) << BigInt(64 - depth));
  return key;
}

/** So deep that one or two leaves are below each path of the lowest level: they are hashed when one of them changes. */
function depthFor(leafCount: number): number {
  return Math.min(Math.floor(Math.log2(Math.max(leafCount, 1))), STATE_TOP_DEPTH_MAX);
}

function fillOf(node: Node): Fill {
  if (node === null) return FILL.empty;
  return isAlone(node) ? FILL.single : FILL.many;
}

export class TreeBase {
  readonly #source: LeafSource;
  readonly #top: TreeTop;
  readonly #memory: TreeMemory;
  #epoch = 0;
  /** Of the newest settled tree: what it shares with the next need not be written again. */
  #root: Node = null;
  /** Of the newest settled tree. */
  #leafCount = 0;
  /** How many of those are kept in memory, about. */
  #warmLeaves = 0;

  private constructor(source: LeafSource, top: TreeTop, memory: TreeMemory) {
    this.#source = source;
    this.#top = top;
    this.#memory = memory;
  }

  /** Reads all leaves once, a part at a time. */
  static open(source: LeafSource, memory: TreeMemory): { readonly base: TreeBase; readonly root: Node } {
    const first = countOf(source.range(new Uint8Array(KEY_BYTES), pathStart(PART_BITS, 1)));
    const about = first < SAMPLE_LEAVES_MIN ? 0 : first * 2 ** PART_BITS;
    // The sample says how deep to begin, not whether all fits: somebody may have made keys that are not in it.
    const isLarge = isAbove(source.range(new Uint8Array(KEY_BYTES), null), memory.wholeLeavesMax);
    return isLarge ? TreeBase.#openLarge(source, about, memory) : TreeBase.#openSmall(source, memory);
  }

  static #openSmall(source: LeafSource, memory: TreeMemory) {
    const leaves = leavesIn(source, 0, 0);
    const base = new TreeBase(source, new TreeTop(depthFor(leaves.length)), memory);
    const root = build(leaves, 0);
    base.#write(root, undefined, 0, 0);
    base.#leafCount = leaves.length;
    base.#warmLeaves = leaves.length;
    return { base, root: base.#settleAt(root) };
  }

  static #openLarge(source: LeafSource, about: number, memory: TreeMemory) {
    const base = new TreeBase(source, new TreeTop(Math.max(depthFor(about), PART_BITS)), memory);
    let row: Node[] = Array.from({ length: 2 ** PART_BITS }, (_, index) => {
      const leaves = leavesIn(source, PART_BITS, index);
      base.#leafCount += leaves.length;
      base.#write(build(leaves, PART_BITS), undefined, PART_BITS, index);
      return base.#stored(PART_BITS, index);
    });
    for (let depth = PART_BITS - 1; depth >= 0; depth--) {
      const below = row;
      row = Array.from({ length: 2 ** depth }, (_, index) =>
        join(below[2 * index] ?? null, below[2 * index + 1] ?? null),
      );
      for (const [index, node] of row.entries()) base.#set(node, depth, index);
    }
    return { base, root: base.#settleAt(base.#stored(0, 0)) };
  }

  /** Grows with each {@link settle}: trees of an earlier one rest on leaves that are no more. */
  get epoch(): number {
    return this.#epoch;
  }

  get leafCount(): number {
    return this.#leafCount;
  }

  /** What a stored node is, its own children being stored nodes where the upper levels reach further down. */
  open(stored: Stored): Leaf | Halves {
    if (stored.opened !== null) return stored.opened;
    const opened = this.#halvesOf(stored) ?? this.#read(stored);
    // Beyond this, what is opened is for the asking tree alone.
    if (this.#warmLeaves <= this.#warmLeavesMax) stored.opened = opened;
    return opened;
  }

  /**
   * The leaves of the source have become those of the tree with this root: so do the upper levels. Returns the root
   * to go on with. All trees derived before are of no use from now on.
   */
  settle(root: Node, leafCount: number): Node {
    this.#epoch += 1;
    this.#write(root, this.#root, 0, 0);
    while (this.#top.depth < depthFor(leafCount)) this.#top.deepen();
    this.#warmLeaves += Math.max(leafCount - this.#leafCount, 0);
    this.#leafCount = leafCount;
    return this.#settleAt(root);
  }

  get #warmLeavesMax(): number {
    const { wholeLeavesMax, warmLeavesMax } = this.#memory;
    return this.#leafCount <= wholeLeavesMax ? wholeLeavesMax : warmLeavesMax;
  }

  /** Lets go of what was read when it has become too much to keep. */
  #settleAt(root: Node): Node {
    const isTooMuch = this.#warmLeaves > this.#warmLeavesMax;
    if (isTooMuch) this.#warmLeaves = 0;
    this.#root = isTooMuch ? this.#stored(0, 0) : root;
    return this.#root;
  }

  #halvesOf({ depth, index, isSingle }: Stored): Halves | null {
    const below = depth + 1;
    if (isSingle) return null;
    if (this.#top.fill(below, 2 * index) === FILL.unknown) return null;
    if (this.#top.fill(below, 2 * index + 1) === FILL.unknown) return null;
    return { kind: "inner", left: this.#stored(below, 2 * index), right: this.#stored(below, 2 * index + 1) };
  }

  #read(stored: Stored): Leaf | Halves {
    const { depth, index } = stored;
    const leaves = leavesIn(this.#source, depth, index);
    const node = build(leaves, depth);
    if (node === null || !equalBytes(bytesOfText(node.hash), hashOf(stored))) {
      const damage = new LeavesDamagedError(stored);
      this.#source.damaged?.(damage.message);
      throw damage;
    }
    this.#warmLeaves += leaves.length;
    return node;
  }

  #stored(depth: number, index: number): Node {
    const fill = this.#top.fill(depth, index);
    if (fill === FILL.empty) return null;
    const hashes = this.#top.shelfOf(depth, index);
    return { kind: "stored", depth, index, isSingle: fill === FILL.single, hashes, opened: null };
  }

  /** @param was what stood there when it was last written; `undefined`: not known. */
  #write(node: Node, was: Node | undefined, depth: number, index: number): void {
    if (node === was) return;
    this.#set(node, depth, index);
    if (node?.kind !== "inner") return;
    if (depth === this.#top.depth) {
      this.#writeCrowd(node, was, depth, index);
      return;
    }
    const halves = halvesOf(was);
    this.#write(node.left, halves?.left, depth + 1, 2 * index);
    this.#write(node.right, halves?.right, depth + 1, 2 * index + 1);
  }

  /**
   * Keeps the paths below this one where so many leaves share it that to read them all for one would cost too much.
   * @returns how many leaves are below; without end where they were not counted.
   */
  #writeCrowd(node: Node, was: Node | undefined, depth: number, index: number): number {
    if (isAlone(node)) return node === null ? 0 : 1;
    const isKnown = this.#top.fill(depth + 1, 2 * index) !== FILL.unknown;
    if (node?.kind !== "inner" || (node === was && isKnown)) return Number.POSITIVE_INFINITY;
    if (depth === STATE_CROWD_DEPTH_MAX) return STATE_CROWD_LEAVES;
    const halves = halvesOf(was);
    const [left, right] = [2 * index, 2 * index + 1];
    const count =
      this.#writeCrowd(node.left, halves?.left, depth + 1, left) +
      this.#writeCrowd(node.right, halves?.right, depth + 1, right);
    if (count <= STATE_CROWD_LEAVES) {
      this.#top.forgetBelow(depth, index);
      return count;
    }
    this.#set(node.left, depth + 1, left);
    this.#set(node.right, depth + 1, right);
    return count;
  }

  #set(node: Node, depth: number, index: number): void {
    this.#top.set(depth, index, fillOf(node), (target, at) => writeHash(node, target, at));
  }
}

function leavesIn(source: LeafSource, depth: number, index: number): Leaf[] {
  const from = pathStart(depth, index);
  if (from === null) throw new RangeError(`no path ${index} of ${depth} bits`);
  return Array.from(source.range(from, pathStart(depth, index + 1)), ([key, value]) =>
    leafOf(textOfBytes(key), value),
  );
}

/** What a node that was written is made of, as far as it is in memory. */
function halvesOf(was: Node | undefined): Halves | undefined {
  const before = was?.kind === "stored" ? was.opened : was;
  return before?.kind === "inner" ? before : undefined;
}

function isAbove(entries: Iterable<unknown>, limit: number): boolean {
  let count = 0;
  for (const _ of entries) {
    count += 1;
    if (count > limit) return true;
  }
  return false;
}

function countOf(entries: Iterable<unknown>): number {
  let count = 0;
  for (const _ of entries) count += 1;
  return count;
}
