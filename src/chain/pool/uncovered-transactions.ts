/**
 * Owns transactions with which nothing is wrong but that the tip is not where they were taken: a reorganisation took
 * away what they draw on, or gave back more of an account than may wait, or a repaired ledger stands far below. They
 * are kept until they are covered again, their `seq` is used, or their life ends, so that what was acknowledged does
 * not vanish. Bounded: the oldest go first.
 */
import type { AccountId, TxId } from "#base/brand.ts";
import { UNCOVERED_COUNT_MAX } from "../limits.ts";
import type { PoolEntry } from "../types.ts";

export class UncoveredTransactions {
  /** Oldest first. */
  readonly #entries = new Map<TxId, PoolEntry>();

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
    this.#entries.set(entry.id, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size <= UNCOVERED_COUNT_MAX || oldest === undefined) return null;
    this.#entries.delete(oldest);
    return oldest;
  }

  forget(id: TxId): void {
    this.#entries.delete(id);
  }
}

function inOrder(entries: PoolEntry[]): readonly PoolEntry[] {
  return entries.sort((a, b) => a.transaction.seq - b.transaction.seq);
}
