/**
 * Owns the way of receipts into the ledger: takes them durably, follows the transactions that carry their batches
 * through blocks and reorganisations, says where each stands, and makes `.waybill` files. Batches are made by
 * `batcher.ts`, proofs passed on by `handover.ts`. Knows the ledger by one slice, and never signs anything itself.
 */
import { assert } from "#base/assert.ts";
import type { DeliveryId, TxId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { Emitter } from "#base/emitter.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import { peerOfAccount } from "#crypto/peer-id.ts";
import { decodeTransaction } from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import {
  type AnchorProof,
  decodeBatchProof,
  decodeManifest,
  decodeReceipt,
  encodeReceipt,
  encodeWaybill,
  type Receipt,
} from "#receipts/index.ts";
import { type Batcher, openBatcher } from "./batcher.ts";
import { type Handovers, openHandovers } from "./handover.ts";
import {
  ANNOUNCED_CONFIRMATIONS,
  BATCH_RECEIPTS_MAX,
  BATCH_WAIT_MS,
  PROOF_WAIT_MS,
  SETTLED_CONFIRMATIONS,
  SETTLED_LOOKED_AT_MAX,
  SWEEP_PERIOD_MS,
} from "./limits.ts";
import {
  AGAIN,
  EXPECTED_FROM_SENDER,
  GATHERING,
  NAMED_BY_SENDER,
  RECEIPT_UNKNOWN,
  SUBMITTING,
  WAITS_FOR_BLOCK,
} from "./problems.ts";
import type { BatchRecord, ReceiptRecord, ReceiptStore } from "./store.ts";
import type { Anchoring, AnchoringEvent, AnchorLedger, AnchorStatus, LedgerInclusion } from "./types.ts";

export interface AnchoringOptions {
  /** 32 bytes. */
  readonly chainId: Uint8Array;
  /** Receipts after which a batch waits no longer; at most `BATCH_RECEIPTS_MAX`, which is the default. */
  readonly batchReceiptsMax?: number;
  /** How long the first receipt of a batch waits for company. Default `BATCH_WAIT_MS`. */
  readonly batchWaitMs?: number;
}

export interface AnchoringDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly network: Pick<Network, "self" | "handle" | "open" | "connected" | "subscribe" | "judge">;
  readonly store: ReceiptStore;
  readonly ledger: AnchorLedger;
}

/** All that waits in the store is taken up again when this returns. The store is the caller's to close, afterwards. */
export function openAnchoring(options: AnchoringOptions, dependencies: AnchoringDependencies): Anchoring {
  return new AnchoringFeature(options, dependencies);
}

class AnchoringFeature implements Anchoring {
  readonly #chainId: Uint8Array;
  readonly #dependencies: AnchoringDependencies;
  readonly #events: Emitter<AnchoringEvent>;
  readonly #batcher: Batcher;
  readonly #handovers: Handovers;
  readonly #stops: readonly (() => void)[];
  /** What was last announced of each batch that is followed. */
  readonly #announced = new Map<string, string>();
  /** Batches of ours whose transaction was dropped in this run: tells people why they wait again. */
  readonly #dropped = new Set<string>();
  #closed = false;

  constructor(options: AnchoringOptions, dependencies: AnchoringDependencies) {
    const { clock, log, store, ledger } = dependencies;
    this.#chainId = options.chainId;
    this.#dependencies = dependencies;
    this.#events = new Emitter((error) => log.fault("a listener to anchoring failed", error));
    this.#batcher = openBatcher(
      {
        receiptsMax: options.batchReceiptsMax ?? BATCH_RECEIPTS_MAX,
        waitMs: options.batchWaitMs ?? BATCH_WAIT_MS,
      },
      { ...dependencies, onBatchChanged: (root) => this.#batchChanged(root) },
    );
    this.#handovers = openHandovers({ ...dependencies, onTaken: (id) => this.#proofTaken(id) });
    this.#reopenDropped(store, ledger);
    const timer = clock.every(SWEEP_PERIOD_MS, () => this.#sweep());
    const unfollow = ledger.onTip(() => {
      this.#batcher.retryNow();
      this.#sweep();
    });
    this.#stops = [() => timer.cancel(), unfollow];
    this.#sweep();
  }

  /** A batch that was settled in an earlier run may have been undone by a deep reorganisation since. */
  #reopenDropped(store: ReceiptStore, ledger: AnchorLedger): void {
    for (const { root, txId } of store.settledBatches(SETTLED_LOOKED_AT_MAX)) {
      if (txId !== null && ledger.anchorState(txId).state !== "anchored") store.setSettled(root, false);
    }
  }

  add(receipt: Receipt, manifest: Uint8Array | null): void {
    const { body } = receipt.dispatch;
    const { clock, network, store } = this.#dependencies;
    const [sender, receiver] = [peerOfAccount(body.sender), peerOfAccount(body.receiver)];
    const isSender = sender === network.self;
    assert(isSender || receiver === network.self, "only receipts of our own deliveries are kept");
    const added = store.add({
      deliveryId: body.deliveryId,
      role: isSender ? "sender" : "receiver",
      peer: isSender ? receiver : sender,
      receipt: encodeReceipt(receipt),
      manifest,
      addedMs: clock.nowMs(),
    });
    if (!added) return;
    this.#tell(body.deliveryId);
    this.#batcher.pump();
  }

  anchor(id: DeliveryId): AnchorStatus | null {
    const record = this.#dependencies.store.get(id);
    return record === null ? null : this.#statusOf(record);
  }

  subscribe(listener: (event: AnchoringEvent) => void) {
    return this.#events.subscribe(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop();
    await Promise.all([this.#batcher.close(), this.#handovers.close()]);
  }

  // Where a receipt stands ----------------------------------------------------------------------------------

  #statusOf(record: ReceiptRecord): AnchorStatus {
    const batch = record.root === null ? null : this.#dependencies.store.batch(record.root);
    if (batch === null) {
      return waiting(record.role === "sender" ? GATHERING : EXPECTED_FROM_SENDER);
    }
    return this.#batchStatus(batch);
  }

  #batchStatus(batch: BatchRecord): AnchorStatus {
    if (batch.txId === null) {
      const usual = this.#dropped.has(batch.root) ? AGAIN : SUBMITTING;
      return waiting(this.#batcher.problem() ?? usual);
    }
    const { txId } = batch;
    const state = this.#dependencies.ledger.anchorState(txId);
    switch (state.state) {
      case "gone":
        return waiting(batch.own ? AGAIN : NAMED_BY_SENDER);
      case "pending":
        return { state: "pending", txId, reason: WAITS_FOR_BLOCK };
      case "anchored":
        return {
          state: "anchored",
          txId,
          blockId: state.blockId,
          height: state.height,
          blockTimeMs: state.blockTime * 1000,
          confirmations: state.confirmations,
        };
    }
  }

  // Following -----------------------------------------------------------------------------------------------

  /** Looks at all that waits. A fault of ours in it (a full disk) must not end the process: it is tried again. */
  #sweep(): void {
    if (this.#closed) return;
    try {
      for (const batch of this.#dependencies.store.openBatches()) this.#follow(batch);
      this.#handovers.sweep();
    } catch (error) {
      this.#dependencies.log.fault("receipts could not be followed; it is tried again", error);
    }
    this.#batcher.pump();
  }

  #follow(batch: BatchRecord): void {
    const { store, ledger } = this.#dependencies;
    if (batch.txId === null) return;
    const state = ledger.anchorState(batch.txId);
    if (state.state === "gone") this.#onGone(batch);
    else if (state.state === "anchored") this.#onAnchored(batch, batch.txId, state.confirmations);
    if (store.batch(batch.root) !== null) this.#announce(batch.root);
  }

  #onGone(batch: BatchRecord): void {
    const { store, clock } = this.#dependencies;
    if (batch.own) {
      this.#dropped.add(batch.root);
      store.setTransaction(batch.root, null);
      return;
    }
    const waitedMs = clock.nowMs() - batch.createdMs;
    if (waitedMs > PROOF_WAIT_MS) this.#drop(batch);
  }

  #onAnchored(batch: BatchRecord, txId: TxId, confirmations: number): void {
    const { store, ledger, log } = this.#dependencies;
    this.#dropped.delete(batch.root);
    const inclusion = batch.own ? null : ledger.inclusion(txId);
    if (inclusion !== null && !recordsRoot(inclusion, batch.root)) {
      log.debug("a sender named a transaction that does not record the batch", { txId });
      this.#drop(batch);
      return;
    }
    if (confirmations >= SETTLED_CONFIRMATIONS) {
      store.setSettled(batch.root, true);
      this.#announced.delete(batch.root);
    }
  }

  /** A batch of others that came to nothing: its receipts wait again, and are anchored from here when overdue. */
  #drop(batch: BatchRecord): void {
    const { store } = this.#dependencies;
    const deliveries = store.deliveries(batch.root);
    store.dropBatch(batch.root);
    this.#announced.delete(batch.root);
    for (const id of deliveries) this.#tell(id);
  }

  #batchChanged(root: string): void {
    this.#announce(root);
    this.#handovers.sweep();
  }

  #proofTaken(id: DeliveryId): void {
    const root = this.#dependencies.store.get(id)?.root ?? null;
    // Others of the batch may have been announced before this one was in it.
    if (root !== null) this.#announced.delete(root);
    this.#sweep();
  }

  /** Tells of every receipt in a batch, when what there is to tell has changed. */
  #announce(root: string): void {
    const { store } = this.#dependencies;
    const batch = store.batch(root);
    if (batch === null || batch.settled) return;
    const status = this.#batchStatus(batch);
    const key = announcedKey(status);
    if (this.#announced.get(root) === key) return;
    this.#announced.set(root, key);
    for (const deliveryId of store.deliveries(root)) {
      this.#events.emit({ type: "AnchorChanged", deliveryId, anchor: status });
    }
  }

  #tell(deliveryId: DeliveryId): void {
    const anchor = this.anchor(deliveryId);
    if (anchor !== null) this.#events.emit({ type: "AnchorChanged", deliveryId, anchor });
  }

  // The proof file ------------------------------------------------------------------------------------------

  waybill(id: DeliveryId): Result<Uint8Array, Problem> {
    const { store } = this.#dependencies;
    const record = store.get(id);
    if (record === null) return fail(RECEIPT_UNKNOWN);
    const receipt = decodeReceipt(record.receipt);
    if (!receipt.ok) throw new Error(`a stored receipt does not decode: ${receipt.fault.what}`);
    const manifestBytes = store.manifest(id);
    const manifest = manifestBytes === null ? null : decodeManifest(manifestBytes);
    if (manifest !== null && !manifest.ok)
      throw new Error(`a stored manifest does not decode: ${manifest.fault.what}`);
    return ok(
      encodeWaybill({
        receipt: receipt.value,
        manifest: manifest === null ? null : manifest.value,
        anchor: this.#anchorProof(record),
      }),
    );
  }

  #anchorProof({ root, proof }: ReceiptRecord): AnchorProof | null {
    const { store, ledger } = this.#dependencies;
    const batch = root === null ? null : store.batch(root);
    if (batch === null || batch.txId === null || proof === null) return null;
    const inclusion = ledger.inclusion(batch.txId);
    if (inclusion === null || !recordsRoot(inclusion, batch.root)) return null;
    const batchProof = decodeBatchProof(proof);
    if (!batchProof.ok) throw new Error(`a stored proof does not decode: ${batchProof.fault.what}`);
    const { index, count, path } = inclusion;
    return {
      chainId: this.#chainId,
      batch: batchProof.value,
      transaction: inclusion.transactionBytes,
      inBlock: { index, count, path },
      header: inclusion.headerBytes,
    };
  }
}

function waiting(reason: Problem): AnchorStatus {
  return { state: "waiting", reason };
}

/** Equal for two statuses that need not be told apart. */
function announcedKey(status: AnchorStatus): string {
  switch (status.state) {
    case "waiting":
      return `waiting ${status.reason.code} ${status.reason.cause}`;
    case "pending":
      return `pending ${status.txId}`;
    case "anchored":
      return `anchored ${status.txId} ${status.blockId} ${Math.min(status.confirmations, ANNOUNCED_CONFIRMATIONS)}`;
  }
}

/** A sender may name any transaction: only one that records the batch's root counts. */
function recordsRoot(inclusion: LedgerInclusion, root: string): boolean {
  const transaction = decodeTransaction(inclusion.transactionBytes);
  if (!transaction.ok) return false;
  const { type } = transaction.value;
  return (type === "anchor" || type === "stamped-anchor") && toHex(transaction.value.root) === root;
}
