/**
 * Owns the one door into the pool: for our own transactions, for gossip, for what peers had waiting, and for what a
 * reorganisation gave back. Checks in the order of their cost, the signature last. Keeps the pool on disk too: our
 * own before we say so, others' in groups.
 */
import type { TxId } from "#base/brand.ts";
import { type DecodeFault, equalBytes } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import {
  type Block,
  checkTransactionTerms,
  decodeTransaction,
  encodeTransaction,
  isSignatureValid,
  isSigned,
  type SignedTransaction,
  type Transaction,
  txIdOf,
} from "#ledger/index.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { BestChain } from "./best-chain.ts";
import { POOL_SAVE_DELAY_MS, SCARCE_AGE_MS } from "./limits.ts";
import { Pool, type PoolBounds } from "./pool.ts";
import type { BlockStore, PoolRow } from "./store.ts";
import type { Move } from "./trail.ts";
import type { PoolEntry, SubmitFault } from "./types.ts";

/** What changed in the pool by one step. */
export interface PoolChange {
  readonly added: readonly PoolEntry[];
  readonly removed: readonly TxId[];
}

export interface TransactionDoorDependencies {
  readonly best: BestChain;
  readonly store: BlockStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (change: PoolChange) => void;
}

/** What became of a transaction: `new` is worth telling others. */
export interface Taken {
  readonly id: TxId;
  readonly isNew: boolean;
  /** Replaced by it, or let go to make room. */
  readonly removed: readonly TxId[];
}

type Answer = Result<Taken, SubmitFault>;

export class TransactionDoor {
  readonly #dependencies: TransactionDoorDependencies;
  readonly #pool: Pool;
  readonly #unsaved = new Map<TxId, PoolRow>();
  readonly #dropped = new Set<TxId>();
  #saving: Timer | null = null;
  #closed = false;

  constructor(dependencies: TransactionDoorDependencies, bounds?: PoolBounds) {
    this.#dependencies = dependencies;
    this.#pool = new Pool((id) => dependencies.best.state.account(id), dependencies.best.network, bounds);
  }

  get pool(): Pool {
    return this.#pool;
  }

  /** Reads back what waited when this node last ran; what became invalid meanwhile is dropped. */
  restore(): void {
    const waiting: { readonly row: PoolRow; readonly transaction: SignedTransaction }[] = [];
    for (const row of this.#dependencies.store.pool()) {
      const decoded = decodeTransaction(row.bytes);
      if (decoded.ok && isSigned(decoded.value)) waiting.push({ row, transaction: decoded.value });
      else this.#drop([row.id]);
    }
    // Not in order of arrival: what a reorganisation gave back came in behind what needs it.
    waiting.sort((a, b) => a.transaction.seq - b.transaction.seq);
    for (const { row, transaction } of waiting) {
      const taken = this.#take(transaction, row.receivedMs);
      if (taken.ok && taken.value.isNew) this.#unsaved.delete(row.id);
      else this.#drop([row.id]);
    }
    this.#saveSoon();
  }

  /** Ours: durable before it is answered. */
  submitOwn(transaction: SignedTransaction): Answer {
    if (this.#closed) return fail({ code: "unavailable", cause: "this peer is closing" });
    const taken = this.#take(transaction, this.#dependencies.clock.nowMs());
    if (!taken.ok || !taken.value.isNew) return taken;
    const saved = this.#save();
    if (saved !== null) {
      this.#pool.remove(taken.value.id);
      this.#drop([taken.value.id]);
      return fail({ code: "unavailable", cause: saved });
    }
    this.#announce(taken.value);
    return ok(taken.value);
  }

  /** A peer's. */
  submitBytes(bytes: Uint8Array): Result<Taken, SubmitFault | DecodeFault> {
    if (this.#closed) return fail({ code: "unavailable", cause: "this peer is closing" });
    const decoded = decodeTransaction(bytes);
    if (!decoded.ok) return decoded;
    if (!isSigned(decoded.value))
      return fail({ code: "malformed", what: "a coinbase stands in blocks only", at: 0 });
    const taken = this.#take(decoded.value, this.#dependencies.clock.nowMs());
    if (taken.ok && taken.value.isNew) this.#announce(taken.value);
    return taken;
  }

  /** Whether this very transaction, signature included, was checked when it came in. */
  isVerified(transaction: SignedTransaction): boolean {
    const entry = this.#pool.get(txIdOf(transaction));
    return entry !== null && equalBytes(entry.bytes, encodeTransaction(transaction));
  }

  /** Whether others can hardly have it yet: it came in here a moment ago, or never waited here. */
  isScarce(transaction: Transaction): boolean {
    if (!isSigned(transaction)) return true;
    const entry = this.#pool.get(txIdOf(transaction));
    return entry === null || this.#dependencies.clock.nowMs() - entry.receivedMs < SCARCE_AGE_MS;
  }

  /** The tip moved: what was taken up or became impossible goes, what blocks gave back comes in again. */
  chainMoved({ connected, disconnected }: Move): void {
    const height = this.#dependencies.best.tip.header.height + 1;
    const before = new Set(this.#pool.entries().map((entry) => entry.id));
    for (const block of connected) for (const id of signedIds(block)) this.#pool.remove(id);
    this.#pool.revalidate(height);
    const nowMs = this.#dependencies.clock.nowMs();
    // Oldest first: an account's transactions depend on each other in this order.
    for (const block of [...disconnected].reverse()) {
      for (const transaction of block.transactions) {
        if (!isSigned(transaction)) continue;
        this.#take(transaction, nowMs, "verified");
        const id = txIdOf(transaction);
        // Undoing its block put it into the pool on disk.
        if (!this.#pool.has(id)) this.#drop([id]);
      }
    }
    const added = this.#pool.entries().filter((entry) => !before.has(entry.id));
    const removed = [...before].filter((id) => !this.#pool.has(id));
    this.#drop(removed);
    this.#saveSoon();
    if (added.length + removed.length > 0) this.#dependencies.onChange({ added, removed });
  }

  close(): void {
    this.#closed = true;
    this.#saving?.cancel();
    this.#save();
  }

  /** @param signature verified already when a block brought it: undoing many full blocks must not hold the thread. */
  #take(
    transaction: SignedTransaction,
    receivedMs: number,
    signature: "verified" | "unverified" = "unverified",
  ): Answer {
    const { best, store, clock } = this.#dependencies;
    const id = txIdOf(transaction);
    if (this.#pool.has(id) || store.place(id) !== null) return ok({ id, isNew: false, removed: [] });
    const height = best.tip.header.height + 1;
    const terms = checkTransactionTerms(transaction, best.network, height);
    if (terms !== null) return fail(terms);
    const bytes = encodeTransaction(transaction);
    const welcome = this.#pool.check(transaction, bytes.length, clock.nowMs());
    if (!welcome.ok) return welcome;
    if (signature === "unverified" && !isSignatureValid(transaction, best.network.chainId)) {
      return fail({ code: "signature-invalid" });
    }
    const admitted = this.#pool.admit({ id, transaction, bytes, receivedMs }, clock.nowMs());
    if (!admitted.ok) return admitted;
    this.#dropped.delete(id);
    this.#unsaved.set(id, { id, bytes, receivedMs });
    const { removed } = admitted.value;
    this.#drop(removed);
    this.#saveSoon();
    return ok({ id, isNew: true, removed });
  }

  #announce({ id, removed }: Taken): void {
    const entry = this.#pool.get(id);
    if (entry !== null) this.#dependencies.onChange({ added: [entry], removed });
  }

  #drop(ids: readonly TxId[]): void {
    for (const id of ids) {
      this.#unsaved.delete(id);
      this.#dropped.add(id);
    }
  }

  #saveSoon(): void {
    if (this.#closed || this.#unsaved.size + this.#dropped.size === 0) return;
    this.#saving ??= this.#dependencies.clock.after(POOL_SAVE_DELAY_MS, () => {
      this.#saving = null;
      if (this.#save() !== null) this.#saveSoon();
    });
  }

  /** `null` when all is on disk, else why not. */
  #save(): string | null {
    if (this.#unsaved.size + this.#dropped.size === 0) return null;
    const written = this.#dependencies.store.changePool([...this.#unsaved.values()], [...this.#dropped]);
    if (!written.ok) return written.fault.cause;
    this.#unsaved.clear();
    this.#dropped.clear();
    return null;
  }
}

function signedIds(block: Block): TxId[] {
  return block.transactions.filter(isSigned).map(txIdOf);
}
