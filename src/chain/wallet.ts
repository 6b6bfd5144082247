/**
 * Owns this peer's own account: payments and anchors in its name, one `seq` after the other. Makes and signs
 * transactions, hands them to the chain's door like anybody's, and tells them again while nobody takes them up.
 * Holds no state of its own that matters: all of it follows from chain and pool.
 */
import type { AccountId, TxId } from "#base/brand.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { fail, type Result } from "#base/result.ts";
import { TaskQueue } from "#base/task-queue.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import {
  ANCHOR_BYTES,
  costOfTransaction,
  type SignedTransaction,
  type StampedAnchor,
  searchStamp,
  signTransaction,
  stampPrefix,
  TRANSFER_BYTES,
} from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { REBROADCAST_BLOCKS, STAMP_SLICE_HASHES, WALLET_LIFE_BLOCKS, WALLET_QUEUE_MAX } from "./limits.ts";
import { feeMinimum } from "./policy.ts";
import type { AnchorState, Chain, Wallet, WalletEvent, WalletFault } from "./types.ts";

export interface WalletDependencies {
  readonly chain: Pick<
    Chain,
    | "network"
    | "tip"
    | "account"
    | "pendingOf"
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
  readonly #events: Emitter<WalletEvent>;
  readonly #unsubscribe: Unsubscribe;
  /** One at a time: each next `seq` depends on the one before. */
  readonly #making = new TaskQueue(WALLET_QUEUE_MAX);
  /** Height at which each of our waiting transactions was last told. */
  readonly #toldAt = new Map<TxId, number>();
  #lastSeen = "";
  #isFilling = false;
  #closed = false;

  constructor(dependencies: WalletDependencies) {
    this.#dependencies = dependencies;
    this.account = dependencies.keypair.account;
    this.#events = new Emitter((error) => dependencies.log.fault("a listener of the wallet failed", error));
    this.#lastSeen = this.#summary();
    this.#unsubscribe = dependencies.chain.subscribe((event) => {
      if (event.type === "TipChanged") {
        this.#tellAgainWhatWaits(event.tip.height);
        this.#fillGaps();
      }
      if (event.type === "TipChanged" || event.type === "PoolChanged") this.#look();
    });
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

  anchor(root: Uint8Array): Promise<Result<TxId, WalletFault>> {
    return this.#make(() => this.#anchorNow(root));
  }

  anchorState(id: TxId): AnchorState {
    return this.#dependencies.chain.anchorState(id);
  }

  subscribe(listener: (event: WalletEvent) => void): Unsubscribe {
    return this.#events.subscribe(listener);
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

  async #anchorNow(root: Uint8Array): Promise<Result<TxId, WalletFault>> {
    const { chain, keypair } = this.#dependencies;
    const fee = this.#feeOf(ANCHOR_BYTES);
    if (fee > this.spendable()) return this.#anchorFree(root);
    const body = { type: "anchor", ...this.#head(), fee, root } as const;
    return chain.submit(signTransaction(body, chain.network.chainId, keypair));
  }

  async #anchorFree(root: Uint8Array): Promise<Result<TxId, WalletFault>> {
    const { chain, keypair } = this.#dependencies;
    const { chainId } = chain.network;
    const subject = { ...this.#head(), root };
    const stamp = await this.#searchStamp(subject);
    if (stamp === null) return fail({ code: "closed" });
    const body = { type: "stamped-anchor", ...subject, fee: 0, stamp } as const;
    return chain.submit(signTransaction(body, chainId, keypair));
  }

  /** Some thousand hashes at a time, so that the node goes on meanwhile. `null` when the wallet is closed. */
  async #searchStamp(subject: Pick<StampedAnchor, keyof Head | "root">): Promise<bigint | null> {
    const { chain, clock, random } = this.#dependencies;
    const { chainId, params } = chain.network;
    const prefix = stampPrefix(subject, chainId);
    // Any place to begin does; below 2^32, so that counting up from it never ends.
    let from = BigInt(random.below(2 ** 32));
    while (!this.#closed) {
      const stamp = searchStamp(prefix, params.freeAnchors.stampBits, from, STAMP_SLICE_HASHES);
      if (stamp !== null) return stamp;
      from += BigInt(STAMP_SLICE_HASHES);
      await new Promise<void>((resolve) => clock.after(1, resolve));
    }
    return null;
  }

  /** The lowest `seq` that is free: behind what waits, or in a gap that an expired one left. */
  #head(): Head {
    const { chain } = this.#dependencies;
    const taken = new Set(this.#pending().map((transaction) => transaction.seq));
    let { nextSeq: seq } = chain.account(this.account);
    while (taken.has(seq)) seq += 1;
    const life = Math.min(WALLET_LIFE_BLOCKS, chain.network.params.validUntilMaxBlocks);
    return { from: this.account, seq, validUntil: chain.tip().height + life };
  }

  /**
   * A payment that lost its cover in a reorganisation leaves its `seq` free, and all behind it would wait until we
   * next did anything. An anchor of nothing takes the place.
   */
  #fillGaps(): void {
    if (this.#closed || this.#isFilling || !this.#hasGap()) return;
    this.#isFilling = true;
    const filled = this.#make(async () =>
      this.#hasGap() ? this.#anchorNow(NOTHING) : fail({ code: "closed" }),
    );
    filled
      .finally(() => {
        this.#isFilling = false;
      })
      .then((made) => (made.ok ? this.#fillGaps() : undefined))
      .catch((error: unknown) => this.#dependencies.log.fault("a gap could not be filled", error));
  }

  #hasGap(): boolean {
    const waiting = this.#pending();
    const last = waiting.at(-1);
    const due = this.#dependencies.chain.account(this.account).nextSeq;
    return last !== undefined && last.seq >= due + waiting.length;
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
      const toldAt = this.#toldAt.get(id) ?? height;
      const isDue = height - toldAt >= REBROADCAST_BLOCKS;
      if (isDue) chain.tellAgain(id);
      this.#toldAt.set(id, isDue ? height : toldAt);
    }
    for (const id of this.#toldAt.keys()) if (!waiting.has(id)) this.#toldAt.delete(id);
  }

  #look(): void {
    const summary = this.#summary();
    if (summary === this.#lastSeen) return;
    this.#lastSeen = summary;
    this.#events.emit({ type: "WalletChanged" });
  }

  /** Differs whenever something a person would see does. */
  #summary(): string {
    const pending = this.#dependencies.chain.pendingOf(this.account).map((entry) => entry.id);
    return [this.balance(), ...pending].join(" ");
  }
}
