/**
 * Owns what waits of one account: at most a few dozen transactions by `seq`, what the account can spend and which
 * `seq` is due, as they were last looked up. Counts as it goes, so that the pool never walks over all accounts.
 */
import type { AccountId } from "#base/brand.ts";
import type { Account } from "#ledger/types.ts";
import type { PoolEntry } from "../types.ts";
import { isFree } from "./policy.ts";

/** A waiting transaction with what it is weighed by. */
export interface Waiting {
  readonly entry: PoolEntry;
  /** Counts up: who came later gives way among equals. */
  readonly arrival: number;
  /** Fee and amount, and what it burns. */
  readonly cost: number;
  /** Smallest units per byte. */
  readonly rate: number;
  /** Of the stamp; infinite for whoever pays. */
  readonly strength: number;
}

/** Negative when `a` is let go before `b`: it pays less, or as little under a weaker stamp, or as little and later. */
export function compareWorth(a: Waiting, b: Waiting): number {
  if (a.rate !== b.rate) return a.rate - b.rate;
  if (a.strength !== b.strength) return a.strength < b.strength ? -1 : 1;
  return b.arrival - a.arrival;
}

export class PoolAccount {
  readonly id: AccountId;
  #account: Account;
  /** Ascending by `seq`, no `seq` twice. */
  readonly #waiting: Waiting[] = [];
  #due = 0;
  #free = 0;

  constructor(id: AccountId, account: Account) {
    this.id = id;
    this.#account = account;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** The `seq` that would follow the gapless run. */
  get nextDue(): number {
    return this.#account.nextSeq + this.#due;
  }

  /** Behind a gap. */
  get heldCount(): number {
    return this.#waiting.length - this.#due;
  }

  get freeCount(): number {
    return this.#free;
  }

  get account(): Account {
    return this.#account;
  }

  /** The one of highest `seq`: the only one that nothing here depends on. */
  get tail(): Waiting | null {
    return this.#waiting.at(-1) ?? null;
  }

  all(): readonly Waiting[] {
    return this.#waiting;
  }

  /** The gapless run from the `seq` that the tip expects. */
  due(): readonly Waiting[] {
    const first = this.#indexOf(this.#account.nextSeq);
    return this.#waiting.slice(first, first + this.#due);
  }

  at(seq: number): Waiting | null {
    const waiting = this.#waiting[this.#indexOf(seq)];
    return waiting?.entry.transaction.seq === seq ? waiting : null;
  }

  /** Sums stay exact: each was covered by the balance, which is at most 2^53 - 1, when it came in. */
  costOfAll(): number {
    return this.#waiting.reduce((sum, { cost }) => sum + cost, 0);
  }

  refresh(account: Account): void {
    this.#account = account;
    this.#count();
  }

  /** Its `seq` is not taken. */
  add(waiting: Waiting): void {
    this.#waiting.splice(this.#indexOf(waiting.entry.transaction.seq), 0, waiting);
    if (isFree(waiting.entry.transaction)) this.#free += 1;
    this.#count();
  }

  remove(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    if (isFree(waiting.entry.transaction)) this.#free -= 1;
    this.#count();
  }

  /** Where `seq` stands or would stand. */
  #indexOf(seq: number): number {
    const index = this.#waiting.findIndex(({ entry }) => entry.transaction.seq >= seq);
    return index < 0 ? this.#waiting.length : index;
  }

  #count(): void {
    const first = this.#indexOf(this.#account.nextSeq);
    let due = 0;
    while (this.#waiting[first + due]?.entry.transaction.seq === this.#account.nextSeq + due) due += 1;
    this.#due = due;
  }
}
