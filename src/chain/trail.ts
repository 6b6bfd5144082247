/**
 * Owns the account of a way along the chain: which blocks went and came in all, however it went back and forth. Of a
 * long way only the first blocks are held, the others are read again when they are looked at: a hundred full blocks
 * undone and a hundred connected would be a gigabyte of objects.
 */
import type { BlockId } from "#base/brand.ts";
import type { Block, IdentifiedHeader } from "#ledger/index.ts";
import { MOVED_BLOCKS_HELD } from "./limits.ts";

/** As a whole but for what nobody needs who looks back: its place in the bytes. */
export type MovedBlock = Pick<Block, "id" | "header" | "transactions">;

/** Blocks in an order; those that cannot be read any more are passed over. */
export class MovedBlocks implements Iterable<MovedBlock> {
  static readonly none = new MovedBlocks([], () => null);
  /** Light: without transactions. */
  readonly refs: readonly IdentifiedHeader[];
  readonly #held: readonly (MovedBlock | null)[];
  readonly #read: (id: BlockId) => MovedBlock | null;

  /** @param steps with the block where it is held. */
  constructor(steps: readonly Step[], read: (id: BlockId) => MovedBlock | null) {
    this.refs = steps.map(({ id, header }) => ({ id, header }));
    this.#held = steps.map(({ block }) => block);
    this.#read = read;
  }

  static of(block: MovedBlock): MovedBlocks {
    return new MovedBlocks([{ id: block.id, header: block.header, block }], () => null);
  }

  get length(): number {
    return this.refs.length;
  }

  *[Symbol.iterator](): Iterator<MovedBlock> {
    for (let at = 0; at < this.refs.length; at++) yield* this.#at(at);
  }

  *reversed(): Iterable<MovedBlock> {
    for (let at = this.refs.length - 1; at >= 0; at--) yield* this.#at(at);
  }

  *#at(at: number): Iterable<MovedBlock> {
    const ref = this.refs[at];
    const block = ref === undefined ? null : (this.#held[at] ?? this.#read(ref.id));
    if (block !== null) yield block;
  }
}

interface Step extends IdentifiedHeader {
  readonly block: MovedBlock | null;
}

/** How the best chain moved. */
export interface Move {
  /** Newest first. */
  readonly disconnected: MovedBlocks;
  /** Oldest first. */
  readonly connected: MovedBlocks;
}

export const NO_MOVE: Move = Object.freeze({ disconnected: MovedBlocks.none, connected: MovedBlocks.none });

export class Trail {
  readonly #disconnected: Step[] = [];
  readonly #connected: Step[] = [];
  readonly #isKept: boolean;
  readonly #read: (id: BlockId) => MovedBlock | null;

  /**
   * @param isKept whether anything is recorded.
   * @param read a kept block, when it is not held any more.
   */
  constructor(isKept: boolean, read: (id: BlockId) => MovedBlock | null) {
    this.#isKept = isKept;
    this.#read = read;
  }

  back(block: MovedBlock): void {
    if (!this.#isKept) return;
    if (this.#connected.at(-1)?.id === block.id) this.#connected.pop();
    else this.#disconnected.push(this.#step(block));
  }

  forward(block: MovedBlock): void {
    if (!this.#isKept) return;
    if (this.#connected.length === 0 && this.#disconnected.at(-1)?.id === block.id) this.#disconnected.pop();
    else this.#connected.push(this.#step(block));
  }

  move(): Move {
    return {
      disconnected: new MovedBlocks(this.#disconnected, this.#read),
      connected: new MovedBlocks(this.#connected, this.#read),
    };
  }

  #step(block: MovedBlock): Step {
    const isHeld = this.#disconnected.length + this.#connected.length < MOVED_BLOCKS_HELD;
    return { id: block.id, header: block.header, block: isHeld ? block : null };
  }
}
