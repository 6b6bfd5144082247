/**
 * Owns transactions with which nothing is wrong but that the tip is not where they were taken: a reorganisation took
 * away what they draw on, or gave back more of an account than may wait, or a repaired ledger stands far below. They
 * are kept until they are covered again, their `seq` is used, or their life ends, so that what was acknowledged does
 * not vanish. Bounded: the oldest go first, our own only for others of our own.
 */
import type { AccountId, TxId } from "#base/brand.ts";
import { UNCOVERED_COUNT_MAX } from "../limits.ts";
import type { PoolEntry } from "../types.ts";

export class UncoveredTransactions {
  /** Oldest first. */
  readonly #entries = new Map<TxId, PoolEntry>();
  readonly #own: AccountId | null;
  #ownCount = 0;

  /** @param own account of this peer. */
  constructor(own: AccountId | null) {
    this.#own = own;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(id: TxId): boolean {
    return this.#entries.has(id);
  }

  get(id: TxId): PoolEntry | null {
    return this.#entries.get(id) ?? null;
  }

  of(account: AccountId): readonly PoolEntry[] {
    return inOrder([...this.#entries.values()].filter(({ transaction }) => transaction.from === account));
  }

  /** The earlier ones of an account first: the later ones need them. */
  bySeq(): readonly PoolEntry[] {
    return inOrder([...this.#entries.values()]);
  }

  /** @returns what went to make room. */
  keep(entry: PoolEntry): TxId | null {
    this.forget(entry.id);
    this.#entries.set(entry.id, entry);
    const isOwn = this.#isOwn(entry);
    if (isOwn) this.#ownCount += 1;
    const count = isOwn ? this.#ownCount : this.#entries.size - this.#ownCount;
    const oldest = count <= UNCOVERED_COUNT_MAX ? null : this.#oldest(isOwn);
    if (oldest !== null) this.forget(oldest);
    return oldest;
  }

  forget(id: TxId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    if (this.#isOwn(entry)) this.#ownCount -= 1;
  }

  #isOwn({ transaction }: PoolEntry): boolean {
    return transaction.from === this.#own;
  }

  #oldest(own: boolean): TxId | null {
    for (const [id, entry] of this.#entries) if (this.#isOwn(entry) === own) return id;
    return null;
  }
}

function inOrder(entries: PoolEntry[]): readonly PoolEntry[] {
  return entries.sort((a, b) => a.transaction.seq - b.transaction.seq);
}
