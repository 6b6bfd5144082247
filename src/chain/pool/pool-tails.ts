/**
 * Owns the question which account's last transaction is worth least, over all accounts or those whose last one is
 * free. What was put in and is no last one any more is passed over when it comes up, and swept out now and then.
 */
import { Heap } from "./heap.ts";
import { compareWorth, type PoolAccount, type Waiting } from "./pool-account.ts";

interface Tail {
  readonly account: PoolAccount;
  readonly waiting: Waiting;
}

/** Passed-over ones are swept out when they outnumber the rest by this factor. */
const STALE_FACTOR = 2;
const SWEPT_ABOVE = 64;

export class PoolTails {
  readonly #tails = new Heap<Tail>((a, b) => compareWorth(a.waiting, b.waiting));
  #sweepAbove = SWEPT_ABOVE;

  /** To be called whenever an account's last transaction changes. */
  note(account: PoolAccount): void {
    const { tail } = account;
    if (tail === null) return;
    this.#tails.push({ account, waiting: tail });
    if (this.#tails.size <= this.#sweepAbove) return;
    this.#tails.filter(isTail);
    this.#sweepAbove = SWEPT_ABOVE + STALE_FACTOR * this.#tails.size;
  }

  /** Of all accounts' last transactions the one worth least. */
  least(): Waiting | null {
    for (let tail = this.#tails.peek(); tail !== null; tail = this.#tails.peek()) {
      if (isTail(tail)) return tail.waiting;
      this.#tails.pop();
    }
    return null;
  }
}

function isTail({ account, waiting }: Tail): boolean {
  return account.tail === waiting;
}
