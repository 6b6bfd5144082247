/**
 * Owns this peer's own account: payments and anchors in its name, one `seq` after the other. Makes and signs
 * transactions, hands them to the chain's door like anybody's, and tells them again while nobody takes them up.
 * Holds no state of its own that matters: all of it follows from chain and pool.
 */
import type { AccountId, TxId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { TaskQueue } from "#base/task-queue.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import {
  ANCHOR_BYTES,
  costOfTransaction,
  type SignedTransaction,
  type StampedAnchor,
  type StampSubject,
  signTransaction,
  stampStrength,
  TRANSFER_BYTES,
  transactionBytes,
} from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import {
  POOL_GAP_MAX,
  REBROADCAST_BLOCKS,
  STAMP_RAISE_BITS_MAX,
  STAMP_RAISE_BLOCKS,
  UNCOVERED_PATIENCE_BLOCKS,
  WALLET_LIFE_BLOCKS,
  WALLET_QUEUE_MAX,
} from "../limits.ts";
import { feeMinimum } from "../pool/policy.ts";
import type { AnchorState, Chain, HeldBack, NameRecording, Wallet, WalletFault } from "../types.ts";
import { findStamp, strengthNeeded } from "./stamping.ts";

export interface WalletDependencies {
  readonly chain: Pick<
    Chain,
    | "network"
    | "tip"
    | "blockAt"
    | "account"
    | "pendingOf"
    | "uncoveredOf"
    | "heldBackOf"
    | "anchorState"
    | "submit"
    | "feePerByte"
    | "tellAgain"
    | "subscribe"
  >;
  readonly keypair: Keypair;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function openWallet(dependencies: WalletDependencies): Wallet {
  return new ChainWallet(dependencies);
}

/** In the place of a signature that is still to come: only its size matters. */
const UNSIGNED = new Uint8Array(64);
/** Root of an anchor that records nothing. */
const NOTHING = new Uint8Array(32);

/** What every transaction of ours begins with. */
interface Head {
  readonly from: AccountId;
  readonly seq: number;
  readonly validUntil: number;
}

class ChainWallet implements Wallet {
  readonly account: AccountId;
  readonly #dependencies: WalletDependencies;
  readonly #unsubscribe: Unsubscribe;
  /** One at a time: each next `seq` depends on the one before. */
  readonly #making = new TaskQueue(WALLET_QUEUE_MAX);
  /** Heights at which each of our waiting transactions was first seen waiting, and last told. */
  readonly #waits = new Map<TxId, { readonly sinceHeight: number; readonly toldHeight: number }>();
  /** Height at which each of ours was first seen without cover. */
  readonly #uncoveredSince = new Map<TxId, number>();
  #isFilling = false;
  #isRaising = false;
  #closed = false;

  constructor(dependencies: WalletDependencies) {
    this.#dependencies = dependencies;
    this.account = dependencies.keypair.account;
    this.#unsubscribe = dependencies.chain.subscribe((event) => {
      if (event.type === "TipChanged" || event.type === "PoolChanged") this.#followUncovered();
      if (event.type === "TipChanged") {
        this.#tellAgainWhatWaits(event.tip.height);
        this.#fillGaps();
        this.#raiseStamp(event.tip.height);
      }
    });
    this.#followUncovered();
    this.#fillGaps();
  }

  balance(): number {
    return this.#dependencies.chain.account(this.account).balance;
  }

  spendable(): number {
    const { names } = this.#dependencies.chain.network.params;
    const pending = this.#pending().reduce((sum, tx) => sum + costOfTransaction(tx, names), 0);
    return Math.max(0, this.balance() - pending);
  }

  pay(to: AccountId, amount: number, fee?: number): Promise<Result<TxId, WalletFault>> {
    return this.#make(async () => {
      if (!Number.isSafeInteger(amount) || amount < 1) return fail({ code: "amount-invalid", amount });
      const paid = fee ?? this.#feeOf(TRANSFER_BYTES);
      if (!Number.isSafeInteger(paid) || paid < 0) return fail({ code: "amount-invalid", amount: paid });
      const [spendable, needed] = [this.spendable(), amount + paid];
      if (needed > spendable) return fail({ code: "balance-too-low", spendable, needed });
      const { chain, keypair } = this.#dependencies;
      const body = { type: "transfer", ...this.#head(), fee: paid, to, amount } as const;
      return chain.submit(signTransaction(body, chain.network.chainId, keypair));
    });
  }

  uncovered(): readonly HeldBack[] {
    return this.#dependencies.chain.heldBackOf(this.account);
  }

  recordName(record: NameRecording): Promise<Result<TxId, WalletFault>> {
    return this.#make(async () => {
      const { chain, keypair } = this.#dependencies;
      const unpaid = { ...record, ...this.#head(), fee: 0, signature: UNSIGNED };
      const body = { ...unpaid, fee: this.#feeOf(transactionBytes(unpaid)) };
      const needed = costOfTransaction(body, chain.network.params.names);
      const spendable = this.spendable();
      if (needed > spendable) return fail({ code: "balance-too-low", spendable, needed });
      return chain.submit(signTransaction(body, chain.network.chainId, keypair));
    });
  }

  anchor(root: Uint8Array): Promise<Result<TxId, WalletFault>> {
    return this.#make(async () => {
      // Asked again after its stamp was made stronger, which gave it another id.
      const same = this.#dependencies.chain
        .pendingOf(this.account)
        .find(({ transaction }) => "root" in transaction && equalBytes(transaction.root, root));
      return same === undefined ? this.#anchorNow(root) : ok(same.id);
    });
  }

  anchorState(id: TxId): AnchorState {
    return this.#dependencies.chain.anchorState(id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    await this.#making.idle();
  }

  #make(work: () => Promise<Result<TxId, WalletFault>>): Promise<Result<TxId, WalletFault>> {
    const closed = fail({ code: "closed" } as const);
    const making = this.#closed ? null : this.#making.run(async () => (this.#closed ? closed : work()));
    if (making !== null) return making;
    return Promise.resolve(
      this.#closed ? closed : fail({ code: "unavailable", cause: "too much is being made" }),
    );
  }

  /** @param head of what it takes the place of; the next free place when absent. */
  async #anchorNow(root: Uint8Array, head: Head = this.#head()): Promise<Result<TxId, WalletFault>> {
    const { chain, keypair } = this.#dependencies;
    const fee = this.#feeOf(ANCHOR_BYTES);
    if (fee > this.spendable()) {
      const anchor = await this.#stamped({ ...head, root }, this.#strengthNeeded());
      return anchor === null ? fail({ code: "closed" }) : chain.submit(anchor);
    }
    const body = { type: "anchor", ...head, fee, root } as const;
    return chain.submit(signTransaction(body, chain.network.chainId, keypair));
  }

  #strengthNeeded(): number {
    const { chain } = this.#dependencies;
    return strengthNeeded(chain.blockAt(chain.tip().height), chain.network);
  }

  /** `null` when the wallet is closed, or `isWanted` no longer, before a stamp was found. */
  async #stamped(
    subject: StampSubject,
    bits: number,
    isWanted: () => boolean = () => true,
  ): Promise<StampedAnchor | null> {
    const { chain, keypair, clock, random } = this.#dependencies;
    const { chainId } = chain.network;
    const isEnded = () => this.#closed || !isWanted();
    const stamp = await findStamp(subject, { chainId, bits, clock, random, isEnded });
    if (stamp === null) return null;
    return signTransaction({ type: "stamped-anchor", ...subject, fee: 0, stamp }, chainId, keypair);
  }

  /** The lowest `seq` that is free: behind what waits, or in a gap that an expired one left. */
  #head(): Head {
    const uncovered = this.#dependencies.chain
      .uncoveredOf(this.account)
      .map(({ transaction }) => transaction.seq);
    return this.#headAt(this.#lowestFree(new Set(uncovered)));
  }

  #headAt(seq: number): Head {
    const { chain } = this.#dependencies;
    const life = Math.min(WALLET_LIFE_BLOCKS, chain.network.params.validUntilMaxBlocks);
    return { from: this.account, seq, validUntil: chain.tip().height + life };
  }

  #lowestFree(taken: Set<number>): number {
    for (const { seq } of this.#pending()) taken.add(seq);
    let { nextSeq: seq } = this.#dependencies.chain.account(this.account);
    while (taken.has(seq)) seq += 1;
    return seq;
  }

  /**
   * A payment that expired leaves its `seq` free, and all behind it would wait until we next did anything; one that
   * lost its cover keeps it for a while, in which it may be covered again. Then an anchor of nothing takes the place.
   */
  #fillGaps(): void {
    if (this.#closed || this.#isFilling || this.#gapToFill() === null) return;
    this.#isFilling = true;
    const filled = this.#make(async () => {
      const seq = this.#gapToFill();
      return seq === null ? fail({ code: "closed" }) : this.#anchorNow(NOTHING, this.#headAt(seq));
    });
    filled
      .finally(() => {
        this.#isFilling = false;
      })
      .then((made) => (made.ok ? this.#fillGaps() : undefined))
      .catch((error: unknown) => this.#dependencies.log.fault("a gap could not be filled", error));
  }

  /** The `seq` that all our others wait for; `null` when there is none, or it is not given up yet. */
  #gapToFill(): number | null {
    const { chain } = this.#dependencies;
    const gap = this.#lowestFree(new Set());
    const behind = this.#pending().filter(({ seq }) => seq > gap).length;
    if (behind === 0) return null;
    const uncovered = this.#dependencies.chain
      .uncoveredOf(this.account)
      .find(({ transaction }) => transaction.seq === gap);
    const since = uncovered === undefined ? null : (this.#uncoveredSince.get(uncovered.id) ?? null);
    const isPatient = since !== null && chain.tip().height - since < UNCOVERED_PATIENCE_BLOCKS;
    return isPatient && behind < POOL_GAP_MAX ? null : gap;
  }

  /** What was held back and waits again is told to peers again. */
  #followUncovered(): void {
    const { chain } = this.#dependencies;
    const uncovered = chain.uncoveredOf(this.account);
    for (const { id } of uncovered)
      if (!this.#uncoveredSince.has(id)) this.#uncoveredSince.set(id, chain.tip().height);
    for (const id of this.#uncoveredSince.keys()) {
      if (uncovered.some((entry) => entry.id === id)) continue;
      this.#uncoveredSince.delete(id);
      chain.tellAgain(id);
    }
  }

  /** A free anchor of ours that is due and was passed over: others' stamps are stronger. */
  #raiseStamp(height: number): void {
    const { chain, log } = this.#dependencies;
    const due = chain.account(this.account).nextSeq;
    const first = chain.pendingOf(this.account).find(({ transaction }) => transaction.seq === due);
    if (this.#isRaising || first?.transaction.type !== "stamped-anchor") return;
    const anchor = first.transaction;
    const { chainId, params } = chain.network;
    const strength = stampStrength(anchor, chainId);
    const since = this.#waits.get(first.id)?.sinceHeight ?? height;
    const isOverdue = height - since >= STAMP_RAISE_BLOCKS;
    const bits = Math.max(this.#strengthNeeded(), isOverdue ? strength + 1 : 0);
    if (bits <= strength || bits > params.freeAnchors.stampBits + STAMP_RAISE_BITS_MAX) return;
    this.#isRaising = true;
    this.#replaceStamp(first.id, anchor, bits)
      .finally(() => {
        this.#isRaising = false;
      })
      .catch((error: unknown) => log.fault("a stamp could not be made stronger", error));
  }

  /** Searches beside what is made meanwhile: the place is taken already. */
  async #replaceStamp(id: TxId, { from, seq, validUntil, root }: StampedAnchor, bits: number): Promise<void> {
    const { chain } = this.#dependencies;
    const stillWaits = () => chain.pendingOf(this.account).some((entry) => entry.id === id);
    const anchor = await this.#stamped({ from, seq, validUntil, root }, bits, stillWaits);
    if (anchor === null) return;
    await this.#make(async () => (stillWaits() ? chain.submit(anchor) : fail({ code: "closed" })));
  }

  #feeOf(byteCount: number): number {
    return feeMinimum(byteCount, this.#dependencies.chain.feePerByte());
  }

  #pending(): readonly SignedTransaction[] {
    return this.#dependencies.chain.pendingOf(this.account).map((entry) => entry.transaction);
  }

  #tellAgainWhatWaits(height: number): void {
    const { chain } = this.#dependencies;
    const waiting = new Set<TxId>();
    for (const { id } of chain.pendingOf(this.account)) {
      waiting.add(id);
      const known = this.#waits.get(id) ?? { sinceHeight: height, toldHeight: height };
      const isDue = height - known.toldHeight >= REBROADCAST_BLOCKS;
      if (isDue) chain.tellAgain(id);
      this.#waits.set(id, { ...known, toldHeight: isDue ? height : known.toldHeight });
    }
    for (const id of this.#waits.keys()) if (!waiting.has(id)) this.#waits.delete(id);
  }
}
