/**
 * Owns the transactions that wait: one for each (account, seq), in bounds of number and bytes. Takes transactions
 * whose form and signature were checked before; knows no blocks, no peers and no disk.
 */
import type { AccountId, TxId } from "#base/brand.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { costOfTransaction } from "#ledger/names.ts";
import type { Network } from "#ledger/params.ts";
import type { Account, SignedTransaction } from "#ledger/types.ts";
import {
  POOL_BYTES_MAX,
  POOL_COUNT_MAX,
  POOL_FREE_COUNT_MAX,
  POOL_FREE_PER_ACCOUNT_MAX,
  POOL_GAP_MAX,
  POOL_HELD_COUNT_MAX,
  POOL_PER_ACCOUNT_MAX,
} from "./limits.ts";
import { FeeFloor, feeMinimum, feeRateOf, isFree, replacementMinimum } from "./policy.ts";
import type { PolicyFault, PoolEntry } from "./types.ts";

/** What the sender's account allows now, which the rules name in the same words. */
type AccountFault = { readonly code: "seq-wrong"; readonly nextSeq: number; readonly seq: number };
export type AdmissionFault = PolicyFault | AccountFault;

/** Replaced and evicted. */
export interface Admission {
  readonly removed: readonly TxId[];
}

interface Waiting {
  /** Ordered by seq. */
  readonly entries: Map<number, PoolEntry>;
}

export interface PoolBounds {
  readonly countMax: number;
  readonly bytesMax: number;
}

/** The rules by which transactions are weighed. */
export type PoolNetwork = Pick<Network, "params" | "chainId">;

const BOUNDS: PoolBounds = { countMax: POOL_COUNT_MAX, bytesMax: POOL_BYTES_MAX };

export class Pool {
  readonly #accountOf: (id: AccountId) => Account;
  readonly #network: PoolNetwork;
  readonly #bounds: PoolBounds;
  readonly #floor = new FeeFloor();
  readonly #byId = new Map<TxId, PoolEntry>();
  readonly #byAccount = new Map<AccountId, Waiting>();
  #bytes = 0;
  #free = 0;

  /** @param accountOf the account at the tip. */
  constructor(accountOf: (id: AccountId) => Account, network: PoolNetwork, bounds: PoolBounds = BOUNDS) {
    this.#accountOf = accountOf;
    this.#network = network;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#byId.size;
  }

  get byteCount(): number {
    return this.#bytes;
  }

  has(id: TxId): boolean {
    return this.#byId.has(id);
  }

  get(id: TxId): PoolEntry | null {
    return this.#byId.get(id) ?? null;
  }

  /** In order of arrival. */
  entries(): readonly PoolEntry[] {
    return [...this.#byId.values()];
  }

  /** By seq. */
  of(account: AccountId): readonly PoolEntry[] {
    const entries = this.#byAccount.get(account)?.entries.values() ?? [];
    return [...entries].sort((a, b) => a.transaction.seq - b.transaction.seq);
  }

  feePerByte(nowMs: number): number {
    return this.#floor.perByte(nowMs);
  }

  /** Whether a transaction would be taken: all that is cheap, so that it can stand before the signature. */
  check(transaction: SignedTransaction, byteCount: number, nowMs: number): Result<undefined, AdmissionFault> {
    const account = this.#accountOf(transaction.from);
    const waiting = this.#byAccount.get(transaction.from)?.entries ?? new Map<number, PoolEntry>();
    const replaced = waiting.get(transaction.seq)?.transaction ?? null;
    const fault =
      this.#checkPlace(transaction, account, waiting, replaced) ??
      this.#checkFee(transaction, byteCount, replaced, nowMs) ??
      this.#checkBalance(transaction, account, waiting, replaced);
    return fault === null ? ok() : fail(fault);
  }

  /** @param entry of checked form and signature, and not in the pool. */
  admit(entry: PoolEntry, nowMs: number): Result<Admission, AdmissionFault> {
    const { transaction, bytes } = entry;
    const checked = this.check(transaction, bytes.length, nowMs);
    if (!checked.ok) return checked;
    const replaced = this.#byAccount.get(transaction.from)?.entries.get(transaction.seq);
    if (replaced !== undefined) this.#remove(replaced);
    this.#add(entry);
    const evicted = this.#evict(nowMs);
    if (!evicted.includes(entry.id)) {
      return ok({ removed: replaced === undefined ? evicted : [replaced.id, ...evicted] });
    }
    // The newcomer itself paid least. Whoever it had replaced comes back: nothing was gained by anyone.
    if (replaced !== undefined) this.#add(replaced);
    return fail({ code: "pool-full" });
  }

  /** @returns whether it was there. */
  remove(id: TxId): boolean {
    const entry = this.#byId.get(id);
    if (entry === undefined) return false;
    this.#remove(entry);
    return true;
  }

  /**
   * Lets go what the tip has made impossible: used seqs, ended lives, balances that no longer cover.
   * @param height of the next block.
   */
  revalidate(height: number): readonly TxId[] {
    const removed: PoolEntry[] = [];
    for (const account of this.#byAccount.keys()) {
      const { balance, nextSeq } = this.#accountOf(account);
      let left = balance;
      for (const entry of this.of(account)) {
        const { seq, validUntil } = entry.transaction;
        const cost = this.#costOf(entry.transaction);
        if (seq < nextSeq || validUntil < height || cost > left) removed.push(entry);
        else left -= cost;
      }
    }
    for (const entry of removed) this.#remove(entry);
    return removed.map((entry) => entry.id);
  }

  /**
   * In the order in which a miner would take them: highest fee per byte first, but each account's by seq, from
   * the one that is due. What stands behind a gap is left out.
   */
  mineable(): SignedTransaction[] {
    const queues: SignedTransaction[][] = [];
    for (const account of this.#byAccount.keys()) {
      const due = this.#due(account);
      if (due.length > 0) queues.push(due.map((entry) => entry.transaction).reverse());
    }
    const order: SignedTransaction[] = [];
    const heads = new RateQueue();
    for (const queue of queues) heads.push(queue);
    for (let queue = heads.pop(); queue !== null; queue = heads.pop()) {
      const transaction = queue.pop();
      if (transaction !== undefined) order.push(transaction);
      if (queue.length > 0) heads.push(queue);
    }
    return order;
  }

  /** The gapless run from the next seq on. */
  #due(account: AccountId): PoolEntry[] {
    const entries = this.#byAccount.get(account)?.entries;
    const due: PoolEntry[] = [];
    let seq = this.#accountOf(account).nextSeq;
    for (let entry = entries?.get(seq); entry !== undefined; entry = entries?.get(seq)) {
      due.push(entry);
      seq += 1;
    }
    return due;
  }

  #checkPlace(
    { from, seq, ...transaction }: SignedTransaction,
    { nextSeq }: Account,
    waiting: ReadonlyMap<number, PoolEntry>,
    replaced: SignedTransaction | null,
  ): AdmissionFault | null {
    if (seq < nextSeq) return { code: "seq-wrong", nextSeq, seq };
    const due = nextSeq + this.#due(from).length;
    if (seq > due + POOL_GAP_MAX) return { code: "seq-gap", nextSeq: due, seq };
    if (replaced !== null) return null;
    if (waiting.size >= POOL_PER_ACCOUNT_MAX)
      return { code: "too-many-pending", limit: POOL_PER_ACCOUNT_MAX };
    if (seq > due && this.#heldCount() >= POOL_HELD_COUNT_MAX) return { code: "seq-gap", nextSeq: due, seq };
    if (transaction.type !== "stamped-anchor") return null;
    const ownFree = [...waiting.values()].filter((entry) => isFree(entry.transaction)).length;
    // The one that is due is let in beyond that when others wait behind it: without it none of them can be mined.
    const isMissing = seq === due && waiting.size > due - nextSeq;
    if (ownFree >= POOL_FREE_PER_ACCOUNT_MAX + (isMissing ? 1 : 0)) {
      return { code: "free-share-full", limit: POOL_FREE_PER_ACCOUNT_MAX };
    }
    return this.#free >= POOL_FREE_COUNT_MAX ? { code: "free-share-full", limit: POOL_FREE_COUNT_MAX } : null;
  }

  #checkFee(
    transaction: SignedTransaction,
    byteCount: number,
    replaced: SignedTransaction | null,
    nowMs: number,
  ): AdmissionFault | null {
    const { fee } = transaction;
    if (replaced !== null) {
      const minimum = replacementMinimum(replaced, byteCount);
      if (fee < minimum) return { code: "replacement-underpaid", fee, minimum };
    }
    const minimum = feeMinimum(byteCount, this.#floor.perByte(nowMs));
    return !isFree(transaction) && fee < minimum ? { code: "fee-below-minimum", fee, minimum } : null;
  }

  #checkBalance(
    transaction: SignedTransaction,
    { balance }: Account,
    waiting: ReadonlyMap<number, PoolEntry>,
    replaced: SignedTransaction | null,
  ): AdmissionFault | null {
    let needed = this.#costOf(transaction) - (replaced === null ? 0 : this.#costOf(replaced));
    for (const entry of waiting.values()) needed += this.#costOf(entry.transaction);
    // Sums stay exact: each part is at most the balance, which is at most 2^53 - 1, or the newcomer's own cost.
    return needed > balance ? { code: "balance-below-pending", balance, needed } : null;
  }

  #costOf(transaction: SignedTransaction): number {
    return costOfTransaction(transaction, this.#network.params.names);
  }

  #heldCount(): number {
    let held = 0;
    for (const [account, { entries }] of this.#byAccount) held += entries.size - this.#due(account).length;
    return held;
  }

  #add(entry: PoolEntry): void {
    const { from, seq } = entry.transaction;
    const waiting = this.#byAccount.get(from) ?? { entries: new Map<number, PoolEntry>() };
    waiting.entries.set(seq, entry);
    this.#byAccount.set(from, waiting);
    this.#byId.set(entry.id, entry);
    this.#bytes += entry.bytes.length;
    if (isFree(entry.transaction)) this.#free += 1;
  }

  #remove(entry: PoolEntry): void {
    const { from, seq } = entry.transaction;
    const waiting = this.#byAccount.get(from);
    waiting?.entries.delete(seq);
    if (waiting?.entries.size === 0) this.#byAccount.delete(from);
    this.#byId.delete(entry.id);
    this.#bytes -= entry.bytes.length;
    if (isFree(entry.transaction)) this.#free -= 1;
  }

  /** While above the bounds, the account whose last transaction pays least per byte loses that one. */
  #evict(nowMs: number): TxId[] {
    const evicted: TxId[] = [];
    while (this.#byId.size > this.#bounds.countMax || this.#bytes > this.#bounds.bytesMax) {
      let lowest: PoolEntry | null = null;
      for (const { entries } of this.#byAccount.values()) {
        const tail = tailOf(entries);
        if (tail === null) continue;
        if (lowest === null || feeRateOf(tail.transaction) < feeRateOf(lowest.transaction)) lowest = tail;
      }
      if (lowest === null) break;
      this.#remove(lowest);
      this.#floor.raise(feeRateOf(lowest.transaction), nowMs);
      evicted.push(lowest.id);
    }
    return evicted;
  }
}

function tailOf(entries: ReadonlyMap<number, PoolEntry>): PoolEntry | null {
  let tail: PoolEntry | null = null;
  for (const entry of entries.values()) {
    if (tail === null || entry.transaction.seq > tail.transaction.seq) tail = entry;
  }
  return tail;
}

/** Queues by the fee rate of their last element, highest first; among equals the one pushed first. */
class RateQueue {
  readonly #items: { readonly rate: number; readonly order: number; readonly queue: SignedTransaction[] }[] =
    [];
  #pushed = 0;

  push(queue: SignedTransaction[]): void {
    const head = queue.at(-1);
    if (head === undefined) return;
    this.#pushed += 1;
    const item = { rate: feeRateOf(head), order: this.#pushed, queue };
    let low = 0;
    let high = this.#items.length;
    // Ascending by rate, so that the best is taken off the end.
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#items[middle];
      const before =
        other !== undefined &&
        (other.rate < item.rate || (other.rate === item.rate && other.order > item.order));
      if (before) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, item);
  }

  pop(): SignedTransaction[] | null {
    return this.#items.pop()?.queue ?? null;
  }
}
