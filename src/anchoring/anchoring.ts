/**
 * Owns the way of receipts into the ledger: takes them durably, follows the transactions that carry their batches
 * through blocks and reorganisations, says where each stands, and makes `.waybill` files. Batches are made by
 * `batcher.ts`, proofs kept by `proofs.ts` and passed on by `handover.ts`. Knows the ledger by one slice, and never
 * signs anything itself.
 */
import { assert } from "#base/assert.ts";
import type { DeliveryId } from "#base/brand.ts";
import { Emitter } from "#base/emitter.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import { peerOfAccount } from "#crypto/peer-id.ts";
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
  SETTLED_LOOK_PERIOD_MS,
  SETTLED_LOOKED_AT_MAX,
  SWEEP_PERIOD_MS,
} from "./limits.ts";
import {
  AGAIN,
  BLOCK_AWAITED,
  EXPECTED_FROM_SENDER,
  GATHERING,
  NAMED_BY_SENDER,
  RECEIPT_UNKNOWN,
  SUBMITTING,
  WAITS_FOR_BLOCK,
} from "./problems.ts";
import { BatchProofs, type BatchState } from "./proofs.ts";
import type { BatchRecord, ReceiptRecord, ReceiptStore } from "./store.ts";
import type { Anchoring, AnchoringEvent, AnchorLedger, AnchorStatus } from "./types.ts";

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
  readonly #proofs: BatchProofs;
  readonly #stops: readonly (() => void)[];
  /** What was last announced of each batch that is followed. */
  readonly #announced = new Map<string, string>();
  /** Batches of ours whose transaction was dropped in this run: tells people why they wait again. */
  readonly #dropped = new Set<string>();
  #closed = false;

  constructor(options: AnchoringOptions, dependencies: AnchoringDependencies) {
    const { clock, log, ledger } = dependencies;
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
    this.#proofs = new BatchProofs(options.chainId, dependencies);
    this.#handovers = openHandovers({
      ...dependencies,
      isProven: (batch) => this.#proofs.isKept(batch),
      onTaken: (id) => this.#proofTaken(id),
    });
    this.#reopenMoved();
    const timers = [
      clock.every(SWEEP_PERIOD_MS, () => this.#sweep()),
      clock.every(SETTLED_LOOK_PERIOD_MS, () => this.#reopenMoved()),
    ];
    const unfollow = ledger.onTip(() => {
      this.#batcher.retryNow();
      this.#sweep();
    });
    this.#stops = [...timers.map((timer) => () => timer.cancel()), unfollow];
    this.#sweep();
  }

  /** A batch that was settled may have been undone, or moved to another block, by a deep reorganisation since. */
  #reopenMoved(): void {
    const { store, log } = this.#dependencies;
    try {
      for (const batch of store.settledBatches(SETTLED_LOOKED_AT_MAX)) {
        if (!this.#proofs.isKept(batch)) store.setSettled(batch.root, false);
      }
    } catch (error) {
      log.fault("settled receipts could not be looked at; it is tried again", error);
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
    const state = this.#proofs.stateOf(batch);
    if (batch.txId === null && state.state === "gone") {
      const usual = this.#dropped.has(batch.root) ? AGAIN : SUBMITTING;
      return waiting(this.#batcher.problem() ?? usual);
    }
    switch (state.state) {
      case "gone":
        return waiting(batch.own ? AGAIN : NAMED_BY_SENDER);
      case "unreached":
        return { state: "pending", txId: state.txId, reason: BLOCK_AWAITED };
      case "pending":
        return { state: "pending", txId: state.txId, reason: WAITS_FOR_BLOCK };
      case "anchored":
        return {
          state: "anchored",
          txId: state.txId,
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
    this.#proofs.beginSweep();
    try {
      for (const batch of this.#dependencies.store.openBatches()) this.#follow(batch);
      this.#handovers.sweep();
    } catch (error) {
      this.#dependencies.log.fault("receipts could not be followed; it is tried again", error);
    }
    this.#batcher.pump();
  }

  #follow(batch: BatchRecord): void {
    const { store } = this.#dependencies;
    if (batch.txId === null) return;
    const state = this.#proofs.stateOf(batch);
    if (state.state === "gone") this.#onGone(batch);
    else if (state.state === "anchored") this.#onAnchored(batch, state);
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

  #onAnchored(batch: BatchRecord, state: Extract<BatchState, { state: "anchored" }>): void {
    const { store, log } = this.#dependencies;
    this.#dropped.delete(batch.root);
    const keeping = this.#proofs.keep(batch, state);
    const isDeep = state.confirmations >= SETTLED_CONFIRMATIONS;
    if (keeping === "elsewhere" && !batch.own) {
      log.debug("a sender named a transaction that does not record the batch", { txId: state.txId });
      this.#drop(batch);
    } else if (keeping === "lost" && isDeep) {
      // Recorded where nobody can be shown it: a block just damaged is fetched again before it is so deep.
      if (batch.own) this.#onGone(batch);
      else this.#drop(batch);
    } else if (keeping === "kept" && isDeep) {
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
    const { store } = this.#dependencies;
    const batch = root === null ? null : store.batch(root);
    const inclusion = batch === null ? null : this.#proofs.inclusionOf(batch);
    if (inclusion === null || proof === null) return null;
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
