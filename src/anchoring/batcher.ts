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
  const { clock, log, store, ledger, onBatchChanged } = dependencies;
  const receiptsMax = Math.min(options.receiptsMax, BATCH_RECEIPTS_MAX);
  const closing = Promise.withResolvers<void>();
  let closed = false;
  let running: Promise<void> | null = null;
  let again = false;
  let timer: Timer | null = null;
  let problem: Problem | null = null;
  let notBeforeMs = 0;

  const wakeAfter = (delayMs: number): void => {
    timer?.cancel();
    timer = clock.after(delayMs, () => {
      timer = null;
      pump();
    });
  };

  /** False when the ledger did not take it. */
  const submit = async (batch: BatchRecord): Promise<boolean> => {
    const root = fromHex(batch.root);
    if (root === null) throw new Error(`a stored root is not hex: ${batch.root}`);
    const outcome = await Promise.race([
      ledger.anchor(root),
      closing.promise.then(() => ({ ok: false, fault: CLOSING }) as const),
    ]);
    if (closed) return false;
    problem = outcome.ok ? null : outcome.fault;
    if (outcome.ok) store.setTransaction(batch.root, outcome.value);
    onBatchChanged(batch.root);
    return outcome.ok;
  };

  /** Null when nothing is due; then a timer is set for what will be. */
  const gather = (): BatchRecord | null => {
    const due = dueReceipts(store, clock.nowMs(), receiptsMax);
    const [first] = due;
    if (first === undefined) return null;
    const ageMs = clock.nowMs() - first.addedMs;
    // A clock that was set back must not make a receipt wait for it to catch up.
    if (due.length < receiptsMax && ageMs >= 0 && ageMs < options.waitMs) {
      wakeAfter(options.waitMs - ageMs);
      return null;
    }
    return createBatch(due, dependencies);
  };

  const work = async (): Promise<void> => {
    while (!closed) {
      const unsent = ownOpen(store).find((batch) => batch.txId === null);
      if (unsent !== undefined) {
        const waitMs = notBeforeMs - clock.monotonicMs();
        if (waitMs > 0) return wakeAfter(waitMs);
        if (!(await submit(unsent))) {
          notBeforeMs = clock.monotonicMs() + ANCHOR_RETRY_MS;
          again = true;
          return;
        }
        continue;
      }
      const pending = ownOpen(store).filter(
        (batch) => batch.txId !== null && ledger.anchorState(batch.txId).state === "pending",
      );
      if (pending.length >= BATCHES_PENDING_MAX) return;
      const created = gather();
      if (created === null) return;
      onBatchChanged(created.root);
    }
  };

  const pump = (): void => {
    if (closed) return;
    if (running !== null) {
      again = true;
      return;
    }
    again = false;
    running = work()
      .catch((error: unknown) =>
        log.fault("a batch of receipts could not be recorded; it is tried again", error),
      )
      .finally(() => {
        running = null;
        if (again) pump();
      });
  };

  return {
    pump,
    retryNow() {
      notBeforeMs = 0;
    },
    problem: () => problem,
    async close() {
      closed = true;
      closing.resolve();
      timer?.cancel();
      await running;
    },
  };
}

function ownOpen(store: ReceiptStore): readonly BatchRecord[] {
  return store.openBatches().filter((batch) => batch.own);
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
): BatchRecord {
  const { root, proofs } = buildBatch(records.map(receiptOf), random);
  const members = records.flatMap(({ deliveryId }, at) => {
    const proof = proofs[at];
    return proof === undefined ? [] : [{ deliveryId, proof: encodeBatchProof(proof) }];
  });
  const rootHex = toHex(root);
  store.createBatch(rootHex, clock.nowMs(), members);
  return { root: rootHex, own: true, txId: null, createdMs: clock.nowMs(), settled: false };
}
