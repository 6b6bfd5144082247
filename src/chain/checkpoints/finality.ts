/**
 * Owns what co-signed blocks mean for the choice of a branch: the best chain never leaves the newest final block, and
 * goes to one that was co-signed elsewhere as soon as all that leads there is here, whatever the work. `BestChain`
 * asks; who signed is `checkpoints.ts`. Without final blocks it says yes to everything.
 */
import type { BlockId } from "#base/brand.ts";
import type { BlockRef, IdentifiedHeader } from "#ledger/index.ts";
import type { BlockStore } from "../store.ts";

/** What was kept from earlier runs. */
export interface FinalBlocks {
  readonly floor: BlockRef | null;
  readonly sought: BlockRef | null;
}

export type FinalityOutcome = {
  /** `refused`: it stands on another branch than an earlier final block, or breaks the rules. */
  readonly code: "reached" | "refused";
  readonly block: BlockRef;
};

export class Finality {
  readonly #store: Pick<BlockStore, "entry" | "best">;
  #floor: BlockRef | null;
  #sought: BlockRef | null;
  /** Of {@link #sought}, asked once: the way down from it may be long. */
  #standsOnFloor = false;
  readonly #listeners = new Set<(outcome: FinalityOutcome) => void>();

  /** A final block that is not on the stored best chain, as after a repair, is sought again. */
  constructor(store: Pick<BlockStore, "entry" | "best">, { floor, sought }: FinalBlocks) {
    this.#store = store;
    const isHere = floor !== null && store.best(floor.id) !== null;
    this.#floor = isHere ? floor : null;
    this.#sought = sought ?? (isHere ? null : floor);
  }

  /** The newest final block of our best chain. */
  get floor(): BlockRef | null {
    return this.#floor;
  }

  /** Whether a final block is known that our best chain does not hold: work then says nothing about what to fetch. */
  get isSeeking(): boolean {
    return this.#sought !== null;
  }

  onOutcome(listener: (outcome: FinalityOutcome) => void): void {
    this.#listeners.add(listener);
  }

  /** A block was co-signed by enough. Nothing is done yet: the next choice of a branch heeds it. */
  seek(block: BlockRef): void {
    if (block.height <= Math.max(this.#floor?.height ?? 0, this.#sought?.height ?? 0)) return;
    this.#sought = block;
    this.#standsOnFloor = false;
  }

  /** The block to go to now whatever the work; `null` when there is none, or not all that leads to it is here. */
  due(): BlockId | null {
    this.#standingFloor();
    const sought = this.#sought;
    if (sought === null) return null;
    if (this.#store.best(sought.id) !== null) {
      this.#floor = sought;
      this.#end("reached", sought);
      return null;
    }
    const entry = this.#store.entry(sought.id);
    if (entry === null) return null;
    // Headers alone tell: for what may never be chosen no bodies are waited for.
    this.#standsOnFloor ||= this.outsideFrom(sought.id) === null;
    if (entry.invalid || entry.height !== sought.height || !this.#standsOnFloor) {
      this.#end("refused", sought);
      return null;
    }
    return entry.isWithinReach ? sought.id : null;
  }

  /**
   * Of a branch that leaves the best chain below the final block: its first block beside it. `null` when the branch
   * may be chosen.
   */
  outsideFrom(id: BlockId): BlockId | null {
    const floor = this.#standingFloor();
    if (floor === null) return null;
    let first = id;
    for (let at = this.#store.entry(id); at !== null; at = this.#store.entry(at.previous)) {
      if (this.#store.best(at.id) !== null) return at.height < floor.height ? first : null;
      first = at.id;
    }
    return null;
  }

  /**
   * Whether a header, not yet kept, could only belong to a branch without the final block. While another one is sought
   * none is: only the headers that lead there show whether it stands on the first.
   */
  isOutside({ id, header }: IdentifiedHeader): boolean {
    const floor = this.#standingFloor();
    if (floor === null || this.#sought !== null) return false;
    return header.height <= floor.height && this.#store.best(id) === null;
  }

  /** A chain that is built again from genesis does not hold the final block for a while: then it is sought once more. */
  #standingFloor(): BlockRef | null {
    if (this.#floor !== null && this.#store.best(this.#floor.id) === null) {
      this.#sought ??= this.#floor;
      this.#floor = null;
    }
    return this.#floor;
  }

  #end(code: FinalityOutcome["code"], block: BlockRef): void {
    this.#sought = null;
    this.#standsOnFloor = false;
    for (const listener of this.#listeners) listener({ code, block });
  }
}
