/**
 * Owns the wait between the network and the checks: bounded, one item at work at a time, drops counted. First in,
 * first out for what builds on what came before; last in, first out where the newest is worth most.
 */
import type { Judgement } from "#ports/network.ts";

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: (judgement: Judgement) => void;
}

export interface InboundQueueOptions {
  readonly order: "first-in-first-out" | "last-in-first-out";
  readonly limit: number;
  /** While fewer than this wait, the oldest is next in any order: newest first is for floods. Default 0. */
  readonly calmBelow?: number;
}

export class InboundQueue<Item> {
  readonly #options: InboundQueueOptions;
  readonly #work: (item: Item) => Promise<Judgement>;
  readonly #onFault: (error: unknown) => void;
  readonly #waiting: Waiting<Item>[] = [];
  #running: Promise<void> | null = null;
  #dropped = 0;
  #closed = false;

  /** @param onFault told of what `work` throws; the item is then ignored. */
  constructor(
    options: InboundQueueOptions,
    work: (item: Item) => Promise<Judgement>,
    onFault: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#work = work;
    this.#onFault = onFault;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many were dropped, unjudged, since the beginning. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves with the judgement; `ignore` when there is no room for the item. */
  push(item: Item): Promise<Judgement> {
    if (this.#closed) return Promise.resolve("ignore");
    return new Promise((resolve) => {
      this.#waiting.push({ item, resolve });
      if (this.#waiting.length > this.#options.limit) this.#drop();
      this.#running ??= this.#run();
    });
  }

  /** Drops what waits and resolves when what is at work has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#waiting.length > 0) this.#drop();
    await this.#running;
  }

  /** Of a full queue the one that would be taken last goes. */
  #drop(): void {
    const { order } = this.#options;
    const dropped = order === "first-in-first-out" ? this.#waiting.pop() : this.#waiting.shift();
    if (dropped === undefined) return;
    this.#dropped += 1;
    dropped.resolve("ignore");
  }

  async #run(): Promise<void> {
    // Begins after the caller's turn, so that what comes in together is ordered together.
    await Promise.resolve();
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      let judgement: Judgement = "ignore";
      try {
        judgement = await this.#work(next.item);
      } catch (error) {
        this.#onFault(error);
      }
      next.resolve(judgement);
    }
    this.#running = null;
  }

  #take(): Waiting<Item> | undefined {
    const { order, calmBelow = 0 } = this.#options;
    const isOldestNext = order === "first-in-first-out" || this.#waiting.length < calmBelow;
    return isOldestNext ? this.#waiting.shift() : this.#waiting.pop();
  }
}
