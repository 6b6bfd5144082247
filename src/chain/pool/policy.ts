/**
 * Owns what this node takes into its pool and what it lets go first. Policy, not rule: nodes may differ here and
 * still agree on every block. Pure.
 */
import { transactionBytes } from "#ledger/codec.ts";
import type { SignedTransaction } from "#ledger/types.ts";
import { POOL_FEE_FLOOR_HALF_LIFE_MS, POOL_FEE_PER_BYTE_MIN, REPLACEMENT_STEP_EIGHTHS } from "../limits.ts";

export function isFree(transaction: SignedTransaction): boolean {
  return transaction.type === "stamped-anchor";
}

/** Smallest units per byte; a free anchor, paid by its stamp, stands with those that pay the least allowed. */
export function feeRateOf(transaction: SignedTransaction): number {
  return isFree(transaction) ? POOL_FEE_PER_BYTE_MIN : transaction.fee / transactionBytes(transaction);
}

/** The least fee taken for a transaction of this size. */
export function feeMinimum(byteCount: number, perByte: number): number {
  return Math.ceil(byteCount * perByte);
}

/** The least fee at which a transaction takes the place of one that waits with the same (account, seq). */
export function replacementMinimum(replaced: SignedTransaction, byteCount: number): number {
  const raised = Math.ceil((replaced.fee * (8 + REPLACEMENT_STEP_EIGHTHS)) / 8);
  return raised + feeMinimum(byteCount, POOL_FEE_PER_BYTE_MIN);
}

/** The least fee per byte right now: raised when a full pool lets something go, then halving back. */
export class FeeFloor {
  #raised = 0;
  #sinceMs = 0;

  perByte(nowMs: number): number {
    const halvings = Math.max(0, nowMs - this.#sinceMs) / POOL_FEE_FLOOR_HALF_LIFE_MS;
    return Math.max(POOL_FEE_PER_BYTE_MIN, this.#raised * 2 ** -halvings);
  }

  /** @param evictedPerByte what the best of those let go had paid. */
  raise(evictedPerByte: number, nowMs: number): void {
    const above = evictedPerByte + POOL_FEE_PER_BYTE_MIN;
    if (above <= this.perByte(nowMs)) return;
    this.#raised = above;
    this.#sinceMs = nowMs;
  }
}
