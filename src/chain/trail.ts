/** Owns the account of a way along the chain: which blocks went and came in all, however it went back and forth. */
import type { Block } from "#ledger/index.ts";

/** How the best chain moved. */
export interface Move {
  /** Newest first. */
  readonly disconnected: readonly Block[];
  /** Oldest first. */
  readonly connected: readonly Block[];
}

export class Trail {
  readonly #disconnected: Block[] = [];
  readonly #connected: Block[] = [];
  readonly #isKept: boolean;

  /** @param isKept whether anything is recorded: the way may be longer than memory should hold. */
  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  back(block: Block): void {
    if (!this.#isKept) return;
    if (this.#connected.at(-1)?.id === block.id) this.#connected.pop();
    else this.#disconnected.push(block);
  }

  forward(block: Block): void {
    if (!this.#isKept) return;
    if (this.#connected.length === 0 && this.#disconnected.at(-1)?.id === block.id) this.#disconnected.pop();
    else this.#connected.push(block);
  }

  move(): Move {
    return { disconnected: this.#disconnected, connected: this.#connected };
  }
}
