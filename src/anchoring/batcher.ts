/**
 * Owns the way of our own batches into the pool: gathers receipts, commits the batch with its salts, and only then
 * asks the ledger for a transaction. A crash at any step leaves a batch that is taken up again at the next start; at
 * worst one root is recorded twice.
 */
import { fromHex, toHex } from "#base/bytes.ts";
import type { Problem } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import { decodeReceipt, encodeBatchProof, type Receipt } from "#receipts/index.ts";
import { buildBatch } from "./batch.ts";
import { ANCHOR_RETRY_MS, BATCH_RECEIPTS_MAX, BATCHES_PENDING_MAX, PROOF_WAIT_MS } from "./limits.ts";
import { CLOSING } from "./problems.ts";
import type { BatchRecord, ReceiptRecord, ReceiptStore } from "./store.ts";
import type { AnchorLedger } from "./types.ts";

export interface BatcherDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: ReceiptStore;
  readonly ledger: Pick<AnchorLedger, "anchor" | "anchorState">;
  /** Where a batch stands has changed, durably. */
  readonly onBatchChanged: (root: string) => void;
}

export interface BatcherOptions {
  /** Receipts that are not kept waiting for further ones. */
  readonly receiptsMax: number;
  /** How long the first receipt waits for company. */
  readonly waitMs: number;
}

export interface Batcher {
  /** Does what is due now, and wakes up by itself for what is due later. */
  pump(): void;
  /** The next attempt need not wait: something changed that may have been in its way. */
  retryNow(): void;
  /** Why the ledger did not take the last transaction; `null` when it did. */
  problem(): Problem | null;
  close(): Promise<void>;
}

export function openBatcher(options: BatcherOptions, dependencies: BatcherDependencies): Batcher {
  return new LedgerBatcher(options, dependencies);
}

class LedgerBatcher implements Batcher {
  readonly #options: BatcherOptions;
  readonly #dependencies: BatcherDependencies;
  readonly #closing = Promise.withResolvers<void>();
  #closed = false;
  #running: Promise<void> | null = null;
  /** Asked for while it ran: then it runs once more. */
  #again = false;
  #timer: Timer | null = null;
  #problem: Problem | null = null;
  /** Monotonic time before which the ledger is not asked again. */
  #notBeforeMs = 0;

  constructor(options: BatcherOptions, dependencies: BatcherDependencies) {
    this.#options = { ...options, receiptsMax: Math.min(options.receiptsMax, BATCH_RECEIPTS_MAX) };
    this.#dependencies = dependencies;
  }

  pump(): void {
    if (this.#closed) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#again = false;
    const { log } = this.#dependencies;
    this.#running = this.#work()
      .catch((error: unknown) =>
        log.fault("a batch of receipts could not be recorded; it is tried again", error),
      )
      .finally(() => {
        this.#running = null;
        if (this.#again) this.pump();
      });
  }

  retryNow(): void {
    this.#notBeforeMs = 0;
  }

  problem(): Problem | null {
    return this.#problem;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    this.#timer?.cancel();
    await this.#running;
  }

  #wakeAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#dependencies.clock.after(delayMs, () => {
      this.#timer = null;
      this.pump();
    });
  }

  async #work(): Promise<void> {
    const { clock, store, ledger, onBatchChanged } = this.#dependencies;
    while (!this.#closed) {
      const own = store.openBatches().filter((batch) => batch.own);
      const unsent = own.find((batch) => batch.txId === null);
      if (unsent !== undefined) {
        const waitMs = this.#notBeforeMs - clock.monotonicMs();
        if (waitMs > 0) return this.#wakeAfter(waitMs);
        if (!(await this.#submit(unsent))) this.#notBeforeMs = clock.monotonicMs() + ANCHOR_RETRY_MS;
        continue;
      }
      const pending = own.filter(
        (batch) => batch.txId !== null && ledger.anchorState(batch.txId).state === "pending",
      );
      if (pending.length >= BATCHES_PENDING_MAX) return;
      const root = this.#gather();
      if (root === null) return;
      onBatchChanged(root);
    }
  }

  /** False when the ledger did not take it. */
  async #submit(batch: BatchRecord): Promise<boolean> {
    const { store, ledger, onBatchChanged } = this.#dependencies;
    const root = fromHex(batch.root);
    if (root === null) throw new Error(`a stored root is not hex: ${batch.root}`);
    const outcome = await Promise.race([
      ledger.anchor(root),
      this.#closing.promise.then(() => ({ ok: false, fault: CLOSING }) as const),
    ]);
    if (this.#closed) return false;
    this.#problem = outcome.ok ? null : outcome.fault;
    if (outcome.ok) store.setTransaction(batch.root, outcome.value);
    onBatchChanged(batch.root);
    return outcome.ok;
  }

  /** The root of a new batch; `null` when none is due, and then a timer is set for the one that will be. */
  #gather(): string | null {
    const { clock, store } = this.#dependencies;
    const { receiptsMax, waitMs } = this.#options;
    const due = dueReceipts(store, clock.nowMs(), receiptsMax);
    const [first] = due;
    if (first === undefined) return null;
    const ageMs = clock.nowMs() - first.addedMs;
    // A clock that was set back must not make a receipt wait for it to catch up.
    if (due.length < receiptsMax && ageMs >= 0 && ageMs < waitMs) {
      this.#wakeAfter(waitMs - ageMs);
      return null;
    }
    return createBatch(due, this.#dependencies);
  }
}

/** Ours, and those of others whose sender has said nothing for too long; oldest first within each. */
function dueReceipts(store: ReceiptStore, nowMs: number, limit: number): readonly ReceiptRecord[] {
  const overdue = store.unbatched({ role: "receiver", addedMsMax: nowMs - PROOF_WAIT_MS, limit });
  const ours = store.unbatched({ role: "sender", addedMsMax: Number.MAX_SAFE_INTEGER, limit });
  return [...overdue, ...ours].slice(0, limit);
}

function receiptOf(record: ReceiptRecord): Receipt {
  const decoded = decodeReceipt(record.receipt);
  if (!decoded.ok) throw new Error(`a stored receipt does not decode: ${decoded.fault.what}`);
  return decoded.value;
}

/** The salts are durable before anything leaves: without them the root would stand for nothing. */
function createBatch(
  records: readonly ReceiptRecord[],
  { store, random, clock }: BatcherDependencies,
): string {
  const { root, proofs } = buildBatch(records.map(receiptOf), random);
  const members = records.flatMap(({ deliveryId }, at) => {
    const proof = proofs[at];
    return proof === undefined ? [] : [{ deliveryId, proof: encodeBatchProof(proof) }];
  });
  store.createBatch(toHex(root), clock.nowMs(), members);
  return toHex(root);
}
