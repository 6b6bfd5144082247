/**
 * Owns the transactions that wait: one for each (account, seq), in bounds of number and bytes. Takes transactions
 * whose form, stamp and signature were checked before; knows no blocks, no peers and no disk. What it does for one
 * transaction or one account never takes longer because others wait, but for the logarithm of a heap. It is long,
 * since whatever bounds those who wait stands in one place.
 */
import type { AccountId, TxId } from "#base/brand.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { costOfTransaction } from "#ledger/names.ts";
import type { Network } from "#ledger/params.ts";
import { stampStrength } from "#ledger/stamp.ts";
import type { Account, SignedTransaction } from "#ledger/types.ts";
import {
  POOL_BYTES_MAX,
  POOL_COUNT_MAX,
  POOL_FEE_PER_BYTE_MIN,
  POOL_FREE_COUNT_MAX,
  POOL_FREE_PER_ACCOUNT_MAX,
  POOL_GAP_MAX,
  POOL_HELD_COUNT_MAX,
  POOL_PER_ACCOUNT_MAX,
} from "../limits.ts";
import type { PolicyFault, PoolEntry } from "../types.ts";
import { Heap } from "./heap.ts";
import { FeeFloor, feeMinimum, feeRateOf, isFree, replacementMinimum } from "./policy.ts";
import { compareWorth, PoolAccount, type Waiting } from "./pool-account.ts";
import { PoolTails } from "./pool-tails.ts";

/** What the sender's account allows now, which the rules name in the same words. */
type AccountFault = { readonly code: "seq-wrong"; readonly nextSeq: number; readonly seq: number };
export type AdmissionFault = PolicyFault | AccountFault;

/** Replaced and evicted. */
export interface Admission {
  readonly removed: readonly TxId[];
}

/** What a new tip made impossible. */
export interface Outdated {
  readonly removed: readonly TxId[];
  /** Of these, what nothing is wrong with but that the balance does not cover it now. */
  readonly uncovered: readonly PoolEntry[];
}

/** How much may wait of all accounts together. */
export interface PoolBounds {
  readonly countMax: number;
  readonly bytesMax: number;
  readonly freeCountMax: number;
  /** Behind a gap. */
  readonly heldCountMax: number;
}

/** The least fee: as a full pool raised it by now, or the least that is ever taken. */
export type FeeAsked = "now" | "ever";

/** The rules by which transactions are weighed. */
export type PoolNetwork = Pick<Network, "params" | "chainId">;

const BOUNDS: PoolBounds = {
  countMax: POOL_COUNT_MAX,
  bytesMax: POOL_BYTES_MAX,
  freeCountMax: POOL_FREE_COUNT_MAX,
  heldCountMax: POOL_HELD_COUNT_MAX,
};

export class Pool {
  readonly #accountOf: (id: AccountId) => Account;
  readonly #network: PoolNetwork;
  readonly #bounds: PoolBounds;
  readonly #own: AccountId | null;
  readonly #floor = new FeeFloor();
  /** In order of arrival. */
  readonly #byId = new Map<TxId, Waiting>();
  readonly #byAccount = new Map<AccountId, PoolAccount>();
  /** By the last height at which they may stand in a block. */
  readonly #byExpiry = new Map<number, Set<Waiting>>();
  readonly #tails = new PoolTails();
  readonly #freeTails = new PoolTails();
  #arrivals = 0;
  #bytes = 0;
  #free = 0;
  #held = 0;

  /**
   * @param accountOf the account at the tip.
   * @param own account of this peer: what waits of it was acknowledged, and makes room for nobody else's.
   */
  constructor(
    accountOf: (id: AccountId) => Account,
    network: PoolNetwork,
    bounds: Partial<PoolBounds> = {},
    own: AccountId | null = null,
  ) {
    this.#own = own;
    this.#accountOf = accountOf;
    this.#network = network;
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  get bounds(): PoolBounds {
    return this.#bounds;
  }

  get size(): number {
    return this.#byId.size;
  }

  get byteCount(): number {
    return this.#bytes;
  }

  /** Free anchors, and those behind a gap, of all accounts. */
  get counts(): { readonly free: number; readonly held: number } {
    return { free: this.#free, held: this.#held };
  }

  has(id: TxId): boolean {
    return this.#byId.has(id);
  }

  get(id: TxId): PoolEntry | null {
    return this.#byId.get(id)?.entry ?? null;
  }

  /** In order of arrival. */
  entries(): readonly PoolEntry[] {
    return Array.from(this.#byId.values(), ({ entry }) => entry);
  }

  /** By seq. */
  of(account: AccountId): readonly PoolEntry[] {
    return (
      this.#byAccount
        .get(account)
        ?.all()
        .map(({ entry }) => entry) ?? []
    );
  }

  feePerByte(nowMs: number): number {
    return this.#floor.perByte(nowMs);
  }

  /** Whether a transaction would be taken: all that is cheap, so that it can stand before the signature. */
  check(
    transaction: SignedTransaction,
    byteCount: number,
    nowMs: number,
    asked: FeeAsked = "now",
  ): Result<undefined, AdmissionFault> {
    const account = this.#look(transaction.from);
    const replaced = account.at(transaction.seq);
    const fault =
      this.#checkPlace(transaction, account, replaced) ??
      this.#checkFee(transaction, byteCount, replaced, asked === "now" ? this.#floor.perByte(nowMs) : 0) ??
      this.#checkBalance(transaction, account, replaced);
    return fault === null ? ok() : fail(fault);
  }

  /** @param entry of checked form and signature, and not in the pool. */
  admit(entry: PoolEntry, nowMs: number, asked: FeeAsked = "now"): Result<Admission, AdmissionFault> {
    const { transaction, bytes } = entry;
    const checked = this.check(transaction, bytes.length, nowMs, asked);
    if (!checked.ok) return checked;
    const replaced = this.#byAccount.get(transaction.from)?.at(transaction.seq) ?? null;
    if (replaced !== null) this.#remove(replaced);
    const newcomer = this.#weigh(entry);
    this.#add(newcomer);
    const evicted = this.#evict(nowMs);
    if (!evicted.includes(newcomer)) {
      const removed = replaced === null ? evicted : [replaced, ...evicted];
      return ok({ removed: removed.map((each) => each.entry.id) });
    }
    // The newcomer itself was worth least. Whoever went for it comes back: nothing was gained by anyone.
    if (replaced !== null) this.#add(replaced);
    for (const each of evicted) if (each !== newcomer) this.#add(each);
    return fail({ code: "pool-full" });
  }

  /** @returns whether it was there. */
  remove(id: TxId): boolean {
    const waiting = this.#byId.get(id);
    if (waiting === undefined) return false;
    this.#remove(waiting);
    return true;
  }

  /**
   * Lets go what a new tip has made impossible: used seqs, ended lives, balances that no longer cover.
   * @param height of the next block.
   * @param touched accounts that may have changed with the tip; all that have something waiting when absent.
   */
  revalidate(height: number, touched: Iterable<AccountId> = [...this.#byAccount.keys()]): Outdated {
    const removed: Waiting[] = [];
    const uncovered: Waiting[] = [];
    for (const [validUntil, waiting] of this.#byExpiry) if (validUntil < height) removed.push(...waiting);
    for (const waiting of removed) this.#remove(waiting);
    for (const id of touched) {
      const account = this.#byAccount.get(id);
      if (account === undefined) continue;
      const { balance, nextSeq } = this.#look(id).account;
      let left = balance;
      for (const waiting of [...account.all()]) {
        const isUsed = waiting.entry.transaction.seq < nextSeq;
        if (!isUsed && waiting.cost <= left) {
          left -= waiting.cost;
          continue;
        }
        this.#remove(waiting);
        removed.push(waiting);
        if (!isUsed) uncovered.push(waiting);
      }
    }
    return {
      removed: removed.map(({ entry }) => entry.id),
      uncovered: uncovered.map(({ entry }) => entry),
    };
  }

  /**
   * Lets go what waits behind gaps, as far as it is more than would be let in: when one of an account was let go, all
   * behind it cannot be mined any more, and would keep others out for as long as they live.
   */
  boundHeld(): readonly TxId[] {
    const removed: TxId[] = [];
    for (const most of [POOL_GAP_MAX, 0]) {
      if (this.#held <= this.#bounds.heldCountMax) break;
      for (const account of this.#byAccount.values()) {
        if (account.id === this.#own) continue;
        while (this.#held > this.#bounds.heldCountMax && account.heldCount > most && account.tail !== null) {
          removed.push(account.tail.entry.id);
          this.#remove(account.tail);
        }
      }
    }
    return removed;
  }

  /**
   * In the order in which a miner would take them: highest fee per byte first, but each account's by seq, from
   * the one that is due. What stands behind a gap is left out. As many free anchors as a block has room for go first,
   * strongest stamp first: they are few, and else a full pool would leave none. One at a time, for as long as there is
   * room: what cannot be taken up now, and all that its author sent behind it, takes nobody's place.
   */
  *mineable(): Generator<SignedTransaction, undefined> {
    const byWorth = (a: Waiting[], b: Waiting[]): number => (a[0] && b[0] ? compareWorth(b[0], a[0]) : 0);
    const [runs, freeRuns] = [new Heap(byWorth), new Heap(byWorth)];
    const { perBlock, perAccountPerBlock } = this.#network.params.freeAnchors;
    const freeOf = new Map<AccountId, number>();
    const into = (run: Waiting[]): void => {
      const [head] = run;
      if (head === undefined) return;
      const { transaction } = head.entry;
      if (!isFree(transaction)) runs.push(run);
      // Beyond its share of this block an account stands still, and so do those whose turn it would take.
      else if ((freeOf.get(transaction.from) ?? 0) < perAccountPerBlock) freeRuns.push(run);
    };
    for (const account of this.#byAccount.values()) into([...account.due()]);
    for (let free = 0; runs.size + freeRuns.size > 0; ) {
      const isFreeTurn = freeRuns.size > 0 && (free < perBlock || runs.size === 0);
      const [head, ...rest] = (isFreeTurn ? freeRuns : runs).pop() ?? [];
      if (head === undefined) return;
      const { transaction } = head.entry;
      if (isFreeTurn) {
        free += 1;
        freeOf.set(transaction.from, (freeOf.get(transaction.from) ?? 0) + 1);
      }
      yield transaction;
      into(rest);
    }
  }

  /** The account as it stands at the tip now. */
  #look(id: AccountId): PoolAccount {
    const account = this.#accountOf(id);
    const known = this.#byAccount.get(id);
    if (known === undefined) return new PoolAccount(id, account);
    this.#held -= known.heldCount;
    known.refresh(account);
    this.#held += known.heldCount;
    return known;
  }

  #weigh(entry: PoolEntry): Waiting {
    const { transaction } = entry;
    this.#arrivals += 1;
    return {
      entry,
      arrival: this.#arrivals,
      cost: this.#costOf(transaction),
      rate: feeRateOf(transaction),
      strength: this.#strengthOf(transaction),
    };
  }

  #costOf(transaction: SignedTransaction): number {
    return costOfTransaction(transaction, this.#network.params.names);
  }

  #strengthOf(transaction: SignedTransaction): number {
    if (transaction.type !== "stamped-anchor") return Number.POSITIVE_INFINITY;
    return stampStrength(transaction, this.#network.chainId);
  }

  #checkPlace(
    transaction: SignedTransaction,
    account: PoolAccount,
    replaced: Waiting | null,
  ): AdmissionFault | null {
    const { seq } = transaction;
    const { nextSeq } = account.account;
    const { nextDue } = account;
    if (seq < nextSeq) return { code: "seq-wrong", nextSeq, seq };
    if (seq > nextDue + POOL_GAP_MAX) return { code: "seq-gap", nextSeq: nextDue, seq };
    if (replaced !== null) return null;
    if (account.size >= POOL_PER_ACCOUNT_MAX)
      return { code: "too-many-pending", limit: POOL_PER_ACCOUNT_MAX };
    if (seq > nextDue && this.#held >= this.#bounds.heldCountMax) {
      return { code: "seq-gap", nextSeq: nextDue, seq };
    }
    return isFree(transaction) ? this.#checkFree(transaction, account) : null;
  }

  #checkFree(transaction: SignedTransaction, account: PoolAccount): AdmissionFault | null {
    const { perBlock, perAccountPerBlock } = this.#network.params.freeAnchors;
    // Where no block takes any, one would wait for nothing, and all behind it.
    if (Math.min(perBlock, perAccountPerBlock) === 0) return { code: "free-share-full", limit: 0 };
    // The one that is due is let in beyond that when others wait behind it: without it none of them can be mined.
    const isMissing = transaction.seq === account.nextDue && account.heldCount > 0;
    if (account.freeCount >= POOL_FREE_PER_ACCOUNT_MAX + (isMissing ? 1 : 0)) {
      return { code: "free-share-full", limit: POOL_FREE_PER_ACCOUNT_MAX };
    }
    const limit = this.#bounds.freeCountMax;
    if (this.#free < limit) return null;
    const weakest = this.#freeTails.least();
    const isStronger = weakest !== null && this.#strengthOf(transaction) > weakest.strength;
    return isStronger ? null : { code: "free-share-full", limit };
  }

  #checkFee(
    transaction: SignedTransaction,
    byteCount: number,
    replaced: Waiting | null,
    floorPerByte: number,
  ): AdmissionFault | null {
    const { fee } = transaction;
    if (replaced !== null && isFree(transaction) && isFree(replaced.entry.transaction)) {
      const [strength, minimum] = [this.#strengthOf(transaction), replaced.strength + 1];
      return strength < minimum ? { code: "replacement-weaker", strength, minimum } : null;
    }
    if (replaced !== null) {
      const minimum = replacementMinimum(replaced.entry.transaction, byteCount);
      if (fee < minimum) return { code: "replacement-underpaid", fee, minimum };
    }
    const minimum = feeMinimum(byteCount, Math.max(POOL_FEE_PER_BYTE_MIN, floorPerByte));
    return !isFree(transaction) && fee < minimum ? { code: "fee-below-minimum", fee, minimum } : null;
  }

  #checkBalance(
    transaction: SignedTransaction,
    account: PoolAccount,
    replaced: Waiting | null,
  ): AdmissionFault | null {
    const { balance } = account.account;
    const needed = this.#costOf(transaction) - (replaced?.cost ?? 0) + account.costOfAll();
    return needed > balance ? { code: "balance-below-pending", balance, needed } : null;
  }

  #add(waiting: Waiting): void {
    const { transaction, id, bytes } = waiting.entry;
    const account =
      this.#byAccount.get(transaction.from) ??
      new PoolAccount(transaction.from, this.#accountOf(transaction.from));
    this.#byAccount.set(transaction.from, account);
    this.#change(account, () => account.add(waiting));
    this.#byId.set(id, waiting);
    const expiring = this.#byExpiry.get(transaction.validUntil) ?? new Set();
    this.#byExpiry.set(transaction.validUntil, expiring.add(waiting));
    this.#bytes += bytes.length;
    if (isFree(transaction)) this.#free += 1;
  }

  #remove(waiting: Waiting): void {
    const { transaction, id, bytes } = waiting.entry;
    const account = this.#byAccount.get(transaction.from);
    if (account !== undefined) {
      this.#change(account, () => account.remove(waiting));
      if (account.size === 0) this.#byAccount.delete(transaction.from);
    }
    this.#byId.delete(id);
    const expiring = this.#byExpiry.get(transaction.validUntil);
    expiring?.delete(waiting);
    if (expiring?.size === 0) this.#byExpiry.delete(transaction.validUntil);
    this.#bytes -= bytes.length;
    if (isFree(transaction)) this.#free -= 1;
  }

  #change(account: PoolAccount, change: () => void): void {
    const { tail } = account;
    this.#held -= account.heldCount;
    change();
    this.#held += account.heldCount;
    if (account.tail === tail || account.tail === null || account.id === this.#own) return;
    this.#tails.note(account);
    if (isFree(account.tail.entry.transaction)) this.#freeTails.note(account);
  }

  /** While above the bounds, the account whose last transaction is worth least loses that one. */
  #evict(nowMs: number): Waiting[] {
    const { countMax, bytesMax, freeCountMax } = this.#bounds;
    const evicted: Waiting[] = [];
    const letGo = (least: Waiting): void => {
      this.#remove(least);
      evicted.push(least);
    };
    // Beyond the one that a gap let in: its account's other ones are weighed like all.
    for (
      let least = this.#freeTails.least();
      this.#free > freeCountMax && least !== null;
      least = this.#freeTails.least()
    ) {
      letGo(least);
    }
    while (this.#byId.size > countMax || this.#bytes > bytesMax) {
      const least = this.#tails.least();
      if (least === null) break;
      letGo(least);
      this.#floor.raise(least.rate, nowMs);
    }
    return evicted;
  }
}
