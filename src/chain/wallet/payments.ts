/**
 * Owns the word on payments of ours that were not made: their time was over before a block held them, or another
 * transaction of the account took their place, be it after a reorganisation. Each is followed from when it first waits
 * until it lies deep in the chain, over restarts; whether it was made follows from the chain alone, at any time. What a
 * feature makes anew by itself (anchors, registrations of names) is not followed.
 */
import type { AccountId, TxId } from "#base/brand.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { decodeTransaction, type NameUpdate, type SignedTransaction, type Transfer } from "#ledger/index.ts";
import type { Log } from "#ports/log.ts";
import { PAYMENT_SETTLED_BLOCKS, PAYMENTS_FOLLOWED_MAX } from "../limits.ts";
import type { StoreFault } from "../store.ts";
import type { Chain, ChainEvent, PoolEntry } from "../types.ts";
import type { PaymentStore } from "./payment-store.ts";

/** What only its signer can make again. */
type Followed = Transfer | NameUpdate;

export interface EndedPayment {
  readonly id: TxId;
  readonly transaction: Followed;
  readonly bytes: Uint8Array;
  /** No block that this peer knows holds it, and none can: after its last height, or with its `seq` used by another. */
  readonly reason: "expired" | "displaced";
}

export interface Payments {
  /** Oldest first; until dismissed. */
  ended(): readonly EndedPayment[];
  /** Its signer knows. Durable on ok. */
  dismiss(id: TxId): Result<undefined, StoreFault | { readonly code: "payment-unknown" }>;
  subscribe(listener: (event: { readonly type: "EndedChanged" }) => void): Unsubscribe;
  close: Unsubscribe;
}

export interface PaymentsDependencies {
  readonly chain: Pick<Chain, "tip" | "account" | "anchorState" | "pendingOf" | "uncoveredOf" | "subscribe">;
  readonly account: AccountId;
  readonly store: PaymentStore;
  readonly log: Log;
}

export function openPayments(dependencies: PaymentsDependencies): Payments {
  return new FollowedPayments(dependencies);
}

interface Following {
  readonly transaction: Followed;
  readonly bytes: Uint8Array;
  /** Of its block on the best chain; `null` when it was in none when last looked at. */
  height: number | null;
  ended: EndedPayment["reason"] | null;
}

class FollowedPayments implements Payments {
  readonly #dependencies: PaymentsDependencies;
  readonly #events: Emitter<{ readonly type: "EndedChanged" }>;
  /** Oldest first. */
  readonly #followed = new Map<TxId, Following>();
  readonly close: Unsubscribe;

  constructor(dependencies: PaymentsDependencies) {
    const { chain, store, log, account } = dependencies;
    this.#dependencies = dependencies;
    this.#events = new Emitter((error) => log.fault("a listener of payments failed", error));
    for (const { id, bytes } of store.list()) {
      const decoded = decodeTransaction(bytes);
      if (decoded.ok && isFollowed(decoded.value)) this.#remember(id, decoded.value, bytes);
      else store.remove(id);
    }
    this.#look(true);
    this.close = chain.subscribe((event) => {
      if (event.type === "PoolChanged")
        this.#follow(event.added.filter(({ transaction }) => transaction.from === account));
      else if (event.type === "TipChanged") this.#look(mayHaveLeft(event));
    });
  }

  ended(): readonly EndedPayment[] {
    const all: EndedPayment[] = [];
    for (const [id, { transaction, bytes, ended: reason }] of this.#followed) {
      if (reason !== null) all.push({ id, transaction, bytes, reason });
    }
    return all;
  }

  dismiss(id: TxId): ReturnType<Payments["dismiss"]> {
    if ((this.#followed.get(id)?.ended ?? null) === null) return fail({ code: "payment-unknown" });
    const removed = this.#dependencies.store.remove(id);
    if (!removed.ok) return removed;
    this.#followed.delete(id);
    this.#events.emit({ type: "EndedChanged" });
    return ok();
  }

  subscribe(listener: (event: { readonly type: "EndedChanged" }) => void): Unsubscribe {
    return this.#events.subscribe(listener);
  }

  /** @param again whether those that stood in a block may stand in none now. */
  #look(again: boolean): void {
    const { chain, account } = this.#dependencies;
    this.#follow([...chain.pendingOf(account), ...chain.uncoveredOf(account)]);
    const { height } = chain.tip();
    let isChanged = false;
    for (const [id, each] of this.#followed) {
      if (again || each.height === null) each.height = this.#heightOf(id);
      const ended = each.height === null ? this.#endOf(id, each.transaction) : null;
      isChanged ||= ended !== each.ended;
      each.ended = ended;
      if (each.height !== null && height - each.height >= PAYMENT_SETTLED_BLOCKS) this.#forget(id);
    }
    if (isChanged) this.#events.emit({ type: "EndedChanged" });
  }

  #heightOf(id: TxId): number | null {
    const state = this.#dependencies.chain.anchorState(id);
    return state.state === "anchored" ? state.height : null;
  }

  /** `null` while a block may still take it up, or may hold it where this peer has not looked yet. */
  #endOf(id: TxId, { from, seq, validUntil }: Followed): EndedPayment["reason"] | null {
    const { chain } = this.#dependencies;
    if (chain.anchorState(id).state !== "gone") return null;
    if (chain.account(from).nextSeq > seq) return "displaced";
    return chain.tip().height >= validUntil ? "expired" : null;
  }

  #follow(entries: readonly PoolEntry[]): void {
    const { store, log } = this.#dependencies;
    for (const { id, transaction, bytes } of entries) {
      if (this.#followed.has(id) || !isFollowed(transaction) || !this.#makeRoom()) continue;
      const kept = store.put({ id, bytes });
      // In memory all the same: it is tried again at the next start, where it waits still.
      if (!kept.ok) log.warn("a payment could not be noted", { code: kept.fault.code });
      this.#remember(id, transaction, bytes);
    }
  }

  /** The oldest that stands in a block goes first, then the oldest that ended. */
  #makeRoom(): boolean {
    if (this.#followed.size < PAYMENTS_FOLLOWED_MAX) return true;
    const entries = [...this.#followed];
    const goes = entries.find(([, { height }]) => height !== null) ?? entries.find(([, { ended }]) => ended);
    if (goes === undefined) return false;
    this.#forget(goes[0]);
    return true;
  }

  #remember(id: TxId, transaction: Followed, bytes: Uint8Array): void {
    this.#followed.set(id, { transaction, bytes, height: null, ended: null });
  }

  #forget(id: TxId): void {
    this.#followed.delete(id);
    this.#dependencies.store.remove(id);
  }
}

function isFollowed(transaction: {
  readonly type: SignedTransaction["type"] | "coinbase";
}): transaction is Followed {
  return transaction.type === "transfer" || transaction.type === "name-update";
}

/** A move without blocks is that of a ledger which began anew. */
function mayHaveLeft({ connected, disconnected }: Extract<ChainEvent, { type: "TipChanged" }>): boolean {
  return disconnected.length > 0 || connected.length === 0;
}
