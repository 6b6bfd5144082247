/**
 * Owns the one door into the pool: for our own transactions, for gossip, for what peers had waiting, and for what a
 * reorganisation gave back. Checks in the order of their cost, the signature last. Our own are on disk before we say so.
 * What a reorganisation left without cover stays beside the pool. What of this is on disk, `pool-saving.ts` sees to. It is
 * long, since all ways into the pool stand in one place.
 */
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import { type DecodeFault, equalBytes } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import type { SignatureChecker } from "#crypto/signature-checker.ts";
import {
  type Block,
  bytesOfId,
  checkTransactionTerms,
  decodeBlock,
  decodeTransaction,
  encodeTransaction,
  isSignatureValid,
  isSigned,
  type SignedTransaction,
  signingPreimage,
  type Transaction,
  txIdOf,
} from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { BestChain } from "../best-chain.ts";
import type { Holding } from "../holding.ts";
import { SCARCE_AGE_MS, SIGNATURES_AT_ONCE, UNCOVERED_COUNT_MAX } from "../limits.ts";
import type { BlockStore } from "../store.ts";
import type { Move, MovedBlock } from "../trail.ts";
import type { HeldBack, HeldBackReason, PoolEntry, SubmitFault } from "../types.ts";
import { isFree } from "./policy.ts";
import { type FeeAsked, Pool, type PoolBounds } from "./pool.ts";
import { lostNames, nameRefusal, noteSubjects } from "./pool-names.ts";
import { PoolSaving } from "./pool-saving.ts";
import { UncoveredTransactions } from "./uncovered-transactions.ts";

/** What changed in the pool by one step. */
export interface PoolChange {
  readonly added: readonly PoolEntry[];
  readonly removed: readonly TxId[];
}

export interface TransactionDoorDependencies {
  /** Account of this peer: what it signed makes room for nobody else's. None when absent. */
  readonly own?: AccountId;
  readonly best: BestChain;
  readonly store: BlockStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly signatures: Pick<SignatureChecker, "check">;
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
  readonly #uncovered: UncoveredTransactions;
  readonly #saving: PoolSaving;
  /** The tip that the pool has followed to: while the chain changes branch, another than the chain's. */
  #followed: BlockId;
  #closed = false;

  constructor(dependencies: TransactionDoorDependencies, bounds?: Partial<PoolBounds>) {
    this.#dependencies = dependencies;
    const { best, own = null } = dependencies;
    this.#saving = new PoolSaving(dependencies);
    this.#uncovered = new UncoveredTransactions(own);
    this.#pool = new Pool((id) => best.state.account(id), best.network, bounds, own);
    this.#followed = best.tip.id;
  }

  get pool(): Pool {
    return this.#pool;
  }

  /** What waits of this account for a balance that covers it, by `seq`. */
  uncoveredOf(account: AccountId): readonly PoolEntry[] {
    return this.#uncovered.of(account);
  }

  /** The same, each with why. */
  heldBackOf(account: AccountId): readonly HeldBack[] {
    return this.#uncovered.of(account).map((entry) => ({ ...entry, why: this.#whyHeldBack(entry) }));
  }

  #whyHeldBack({ transaction, bytes }: PoolEntry): HeldBackReason {
    const { best, clock } = this.#dependencies;
    const height = best.tip.header.height + 1;
    const checked = this.#pool.check(transaction, bytes.length, clock.nowMs());
    const fault =
      checkTransactionTerms(transaction, best.network, height) ?? (checked.ok ? null : checked.fault);
    return fault === null ? "room" : (HELD_BACK_BY[fault.code] ?? "order");
  }

  holdings(): readonly Holding[] {
    const { size, byteCount, counts, bounds } = this.#pool;
    return [
      { what: "waiting transactions", count: size, limit: bounds.countMax },
      { what: "bytes of waiting transactions", count: byteCount, limit: bounds.bytesMax },
      { what: "free anchors", count: counts.free, limit: bounds.freeCountMax },
      { what: "transactions behind a gap", count: counts.held, limit: bounds.heldCountMax },
      // Others' and, aside, our own.
      {
        what: "transactions kept beside the pool",
        count: this.#uncovered.size,
        limit: 2 * UNCOVERED_COUNT_MAX,
      },
      ...this.#saving.holdings(),
    ];
  }

  /** Reads back what waited when this node last ran; what became invalid or damaged meanwhile is dropped. */
  async restore(): Promise<void> {
    const waiting: PoolEntry[] = [];
    for (const { id, bytes, receivedMs } of this.#saving.readBack()) {
      const decoded = decodeTransaction(bytes);
      const transaction = decoded.ok && isSigned(decoded.value) ? decoded.value : null;
      if (transaction === null || txIdOf(transaction) !== id) this.#saving.drop([id]);
      else waiting.push({ id, transaction, bytes, receivedMs });
    }
    // What is damaged goes first: a block that was undone may bring it sound.
    const sound = await this.#signedWell(waiting);
    const undone = this.#dependencies.store.undone();
    // Block by block, since there may be thousands of full ones.
    for (const id of undone) {
      for (const entry of await this.#signedWell(this.#givenBack(id))) this.#restoreOne(entry);
    }
    // Not in order of arrival: what a reorganisation gave back came in behind what needs it.
    sound.sort((a, b) => a.transaction.seq - b.transaction.seq);
    for (const entry of sound) this.#restoreOne(entry);
    this.#coverAgain(this.#uncovered.bySeq(), new NetChange());
    this.#saving.settle(undone);
    this.#followed = this.#dependencies.best.tip.id;
  }

  /** The others are dropped. */
  async #signedWell(entries: readonly PoolEntry[]): Promise<PoolEntry[]> {
    const sound: PoolEntry[] = [];
    for (let from = 0; from < entries.length; from += SIGNATURES_AT_ONCE) {
      const slice = entries.slice(from, from + SIGNATURES_AT_ONCE);
      const verdicts = await this.#areSigned(slice);
      sound.push(...slice.filter((_, at) => verdicts[at] === true));
      this.#saving.drop(slice.filter((_, at) => verdicts[at] !== true).map(({ id }) => id));
    }
    return sound;
  }

  /** What waits again because this block was undone, when a death came before that was seen to. */
  #givenBack(id: BlockId): readonly PoolEntry[] {
    const bytes = this.#dependencies.store.body(id);
    const block = bytes === null ? null : decodeBlock(bytes);
    if (block?.ok !== true) return [];
    const { header, transactions } = block.value;
    return transactions.filter(isSigned).map((each) => entryOf(each, header.time * 1000));
  }

  async #areSigned(entries: readonly PoolEntry[]): Promise<readonly boolean[]> {
    const { best, signatures } = this.#dependencies;
    const { chainId } = best.network;
    const items = entries.map(({ transaction }) => ({
      publicKey: bytesOfId(transaction.from),
      message: signingPreimage(transaction, chainId),
      signature: transaction.signature,
    }));
    return signatures.check(items);
  }

  #restoreOne(entry: PoolEntry): void {
    const { id, transaction, receivedMs } = entry;
    const taken = this.#take(transaction, receivedMs, "verified");
    // Of a block that was undone, and on disk besides: it waits already.
    if (taken.ok && (taken.value.isNew || this.#pool.has(id))) return;
    if (!taken.ok && PASSING.has(taken.fault.code)) this.#keepUncovered(entry);
    else this.#saving.drop([id]);
  }

  /**
   * Ours: durable before it is answered. Not while the chain changes branch: what an undone block gives back in a moment
   * may have the same `seq`, and one of the two would be lost.
   */
  submitOwn(transaction: SignedTransaction): Answer {
    if (this.#closed) return fail({ code: "unavailable", cause: "this peer is closing" });
    if (this.#followed !== this.#dependencies.best.tip.id) {
      return fail({ code: "unavailable", cause: "it is changing branch" });
    }
    const replaced = this.#pool
      .of(transaction.from)
      .find(({ transaction: { seq } }) => seq === transaction.seq);
    const taken = this.#take(transaction, this.#dependencies.clock.nowMs());
    if (!taken.ok || !taken.value.isNew) return taken;
    const unsaved = this.#saving.save();
    if (unsaved !== null) {
      this.#pool.remove(taken.value.id);
      this.#saving.drop([taken.value.id]);
      // It was acknowledged, and still stands on disk.
      if (replaced !== undefined) this.#take(replaced.transaction, replaced.receivedMs, "verified");
      return fail({ code: "unavailable", cause: unsaved });
    }
    this.#announce(taken.value, transaction);
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
    if (taken.ok && taken.value.isNew) this.#announce(taken.value, decoded.value);
    return taken;
  }

  /** Whether this very transaction, signature included, was checked when it came in. */
  isVerified(transaction: SignedTransaction): boolean {
    const entry = this.#pool.get(txIdOf(transaction));
    if (entry?.transaction === transaction) return true;
    return entry !== null && equalBytes(entry.bytes, encodeTransaction(transaction));
  }

  /** Whether others can hardly have it yet: it came in here a moment ago, or never waited here. */
  isScarce(transaction: Transaction): boolean {
    if (!isSigned(transaction)) return true;
    const entry = this.#pool.get(txIdOf(transaction));
    return entry === null || this.#dependencies.clock.nowMs() - entry.receivedMs < SCARCE_AGE_MS;
  }

  /**
   * The tip moved: what was taken up or became impossible goes, what blocks gave back comes in again. To be done before
   * it moves on.
   * @param pause awaited between the blocks of a long way, so that others get their turn: what they bring is judged by
   *   the new tip.
   */
  async chainMoved({ connected, disconnected }: Move, pause: () => Promise<void>): Promise<void> {
    const height = this.#dependencies.best.tip.header.height + 1;
    const isLong = connected.length + disconnected.length > 1;
    const change = new NetChange();
    const touched = new Set<AccountId>();
    const names = new Set<string>();
    for (const block of connected) {
      // Names of transactions are hashes: a million of them for nothing is time.
      const ids = this.#pool.size === 0 ? [] : signedIds(block);
      for (const id of ids) if (this.#pool.remove(id)) change.removed(id);
      this.#noteTouched(block, touched);
      noteSubjects(block, names);
      if (isLong) await pause();
    }
    for (const block of disconnected) {
      this.#noteTouched(block, touched);
      if (isLong) await pause();
    }
    const outdated = this.#pool.revalidate(height, touched);
    for (const id of outdated.removed) change.removed(id);
    for (const entry of outdated.uncovered) this.#keepUncovered(entry);
    // Oldest first: an account's transactions depend on each other in this order.
    for (const block of disconnected.reversed()) {
      this.#takeBack(block, change);
      if (isLong) await pause();
    }
    this.#saving.settle(disconnected.refs.map(({ id }) => id));
    this.#saving.unsettle(connected.refs.map(({ id }) => id));
    this.#coverAgain(this.#uncovered.bySeq(), change);
    this.#letLostNamesGo(names, height, change);
    for (const id of this.#pool.boundHeld()) change.removed(id);
    this.#saving.drop(change.removedIds().filter((id) => !this.#uncovered.has(id)));
    this.#followed = this.#dependencies.best.tip.id;
    this.#tell(change);
  }

  /** Until that is on disk, its block stays listed as undone. */
  #takeBack(block: Pick<Block, "header" | "transactions">, change: NetChange): void {
    const { store } = this.#dependencies;
    const receivedMs = this.#dependencies.clock.nowMs();
    for (const transaction of block.transactions) {
      if (!isSigned(transaction)) continue;
      const id = txIdOf(transaction);
      // As most are, when the branches have the same transactions.
      if (store.place(id) !== null) {
        this.#saving.drop([id]);
        continue;
      }
      const taken = this.#takeAgain(transaction, receivedMs, change);
      if (taken.ok && taken.value.isNew) change.took(taken.value);
      else if (!taken.ok && PASSING.has(taken.fault.code)) {
        this.#keepUncovered(entryOf(transaction, receivedMs));
      } else if (!this.#pool.has(id)) this.#saving.drop([id]);
    }
  }

  /** @param moved names and commitments that the connected blocks changed. */
  #letLostNamesGo(moved: ReadonlySet<string>, height: number, change: NetChange): void {
    const { state, network } = this.#dependencies.best;
    for (const { id } of lostNames(this.#pool.entries(), moved, state, height, network.params)) {
      this.#pool.remove(id);
      change.removed(id);
    }
  }

  #keepUncovered(entry: PoolEntry): void {
    this.#saving.keep(entry);
    const gone = this.#uncovered.keep(entry);
    if (gone !== null) this.#saving.drop([gone]);
  }

  /** What lost its cover comes in again once it has it, and goes for good with its `seq` or its life. */
  #coverAgain(entries: readonly PoolEntry[], change: NetChange): void {
    const { best, store } = this.#dependencies;
    const height = best.tip.header.height + 1;
    for (const { id, transaction, receivedMs } of entries) {
      const { nextSeq } = best.state.account(transaction.from);
      const isOver = transaction.seq < nextSeq || transaction.validUntil < height || store.place(id) !== null;
      const taken = isOver ? null : this.#takeAgain(transaction, receivedMs, change);
      if (taken !== null && !taken.ok) continue;
      this.#uncovered.forget(id);
      if (taken === null) this.#saving.drop([id]);
      else change.took(taken.value);
    }
  }

  /** Accounts whose balance or `seq` a block may have changed. */
  #noteTouched({ header, transactions }: MovedBlock, touched: Set<AccountId>): void {
    const { best, store } = this.#dependencies;
    for (const transaction of transactions) {
      touched.add(transaction.type === "coinbase" ? transaction.miner : transaction.from);
      if (transaction.type === "transfer") touched.add(transaction.to);
    }
    // A block pays the miner of one long before it; undoing it takes that back.
    const paid = store.bestAt(header.height - best.network.params.payoutDelayBlocks)?.miner;
    if (paid !== undefined && paid !== null) touched.add(paid);
  }

  /**
   * The store began anew, or took a state over, and the tip with it: what waits is looked at again, and written again.
   * {@link chainMoved} follows: until what was left is given back, nothing of ours may take its place.
   */
  storeRenewed(): void {
    const before = this.#pool.entries();
    const outdated = this.#pool.revalidate(this.#dependencies.best.tip.header.height + 1);
    for (const entry of outdated.uncovered) this.#keepUncovered(entry);
    const removed = before.filter(({ id }) => !this.#pool.has(id)).map(({ id }) => id);
    this.#saving.drop(removed.filter((id) => !this.#uncovered.has(id)));
    this.#saving.keepAnew([...this.#pool.entries(), ...this.#uncovered.bySeq()]);
    if (removed.length > 0) this.#dependencies.onChange({ added: [], removed });
  }

  close(): void {
    this.#closed = true;
    this.#saving.close();
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
    const { params } = best.network;
    const terms = checkTransactionTerms(transaction, best.network, height);
    if (terms !== null) return fail(terms);
    const entry = { id, transaction, bytes: encodeTransaction(transaction), receivedMs };
    // Ours that waited before is acknowledged: what others have made the least fee since is not asked of it.
    const isOursAgain = signature === "verified" && transaction.from === this.#dependencies.own;
    const asked: FeeAsked = isOursAgain ? "ever" : "now";
    const welcome = this.#pool.check(transaction, entry.bytes.length, clock.nowMs(), asked);
    if (!welcome.ok) return welcome;
    const lost = signature === "verified" ? null : nameRefusal(transaction, best.state, height, params);
    if (lost !== null) return fail(lost);
    if (signature === "unverified" && !isSignatureValid(transaction, best.network.chainId)) {
      return fail({ code: "signature-invalid" });
    }
    const admitted = this.#pool.admit(entry, clock.nowMs(), asked);
    if (!admitted.ok) return admitted;
    this.#saving.keep(entry);
    const { removed } = admitted.value;
    this.#saving.drop(removed);
    this.#uncovered.forget(id);
    return ok({ id, isNew: true, removed });
  }

  /**
   * As {@link #take}, of what waited before: where its account has as many waiting as may, or as many free ones, the last
   * of them steps aside, because those behind a gap can never be mined.
   */
  #takeAgain(transaction: SignedTransaction, receivedMs: number, change: NetChange): Answer {
    const taken = this.#take(transaction, receivedMs, "verified");
    if (taken.ok || !CROWDED.has(taken.fault.code)) return taken;
    const isOfFree = taken.fault.code === "free-share-full";
    const last = this.#pool.of(transaction.from).findLast((each) => !isOfFree || isFree(each.transaction));
    if (last === undefined || last.transaction.seq < transaction.seq) return taken;
    this.#pool.remove(last.id);
    change.removed(last.id);
    this.#keepUncovered(last);
    return this.#take(transaction, receivedMs, "verified");
  }

  /** What stood behind this one may come in with it: the next block may be long in coming. */
  #announce(taken: Taken, { from }: SignedTransaction): void {
    const change = new NetChange();
    change.took(taken);
    this.#coverAgain(this.#uncovered.of(from), change);
    this.#tell(change);
  }

  #tell(change: NetChange): void {
    if (change.size === 0) return;
    const added = change.addedIds().map((id) => this.#pool.get(id));
    this.#dependencies.onChange({
      added: added.filter((entry) => entry !== null),
      removed: change.removedIds(),
    });
  }
}

/** Why a transaction that was taken once is not taken now, and may be again when the tip has moved. */
const PASSING = new Set<SubmitFault["code"]>([
  "balance-below-pending",
  "free-share-full",
  "seq-gap",
  "too-many-pending",
  "valid-too-long",
]);
/** Of these, where another of the same account can make room. */
const CROWDED = new Set<SubmitFault["code"]>(["too-many-pending", "free-share-full"]);

/** What the reasons for which something waits beside the pool are for people; others have to do with its `seq`. */
const HELD_BACK_BY: Readonly<Partial<Record<SubmitFault["code"], HeldBackReason>>> = {
  "balance-below-pending": "cover",
  "too-many-pending": "room",
  "free-share-full": "room",
  "pool-full": "room",
  "fee-below-minimum": "room",
  "valid-too-long": "tip",
};

/** What changed in the pool by one step, however often something came and went in it. */
class NetChange {
  readonly #added = new Set<TxId>();
  readonly #removed = new Set<TxId>();

  get size(): number {
    return this.#added.size + this.#removed.size;
  }

  removed(id: TxId): void {
    if (!this.#added.delete(id)) this.#removed.add(id);
  }

  took({ id, isNew, removed }: Taken): void {
    if (isNew && !this.#removed.delete(id)) this.#added.add(id);
    for (const each of removed) this.removed(each);
  }

  addedIds(): TxId[] {
    return [...this.#added];
  }

  removedIds(): TxId[] {
    return [...this.#removed];
  }
}

function entryOf(transaction: SignedTransaction, receivedMs: number): PoolEntry {
  return { id: txIdOf(transaction), transaction, bytes: encodeTransaction(transaction), receivedMs };
}

function signedIds(block: Block): TxId[] {
  return block.transactions.filter(isSigned).map(txIdOf);
}
