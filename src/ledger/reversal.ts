/**
 * Owns the estimate of how likely a block is still taken back by a miner who works against it in secret: M. Rosenfeld,
 * "Analysis of hashrate-based double-spending" (2012), section 4. An estimate: it assumes that the share of the work is
 * known and stays, which nobody can promise.
 */
import { CONFIRMATIONS_COUNTED_MAX } from "./limits.ts";

/** Smaller than anything that is told to people. */
const NEGLIGIBLE = 1e-15;

/**
 * @param confirmations 1 when the block is the tip.
 * @param share of all work that the strongest rival does, 0 to 1. @returns 0 to 1.
 */
export function reversalProbability(confirmations: number, share: number): number {
  if (share <= 0) return 0;
  if (share >= 0.5) return 1;
  if (confirmations <= 0) return 1;
  const honest = 1 - share;
  const counted = Math.min(confirmations, CONFIRMATIONS_COUNTED_MAX);
  // An upper bound of the estimate (Chernoff).
  if ((4 * honest * share) ** counted < NEGLIGIBLE) return 0;
  // The chance of m blocks of the rival while the honest ones find n, times the chance to catch up from there. As
  // logarithms: the terms of a long way are below the least number that there is, and their sum is not.
  let logTerm = counted * Math.log(honest);
  let kept = 0;
  for (let found = 0; found <= counted; found++) {
    const catchesUp = (share / honest) ** (counted - found);
    kept += Math.exp(logTerm) * (1 - catchesUp);
    logTerm += Math.log((share * (counted + found)) / (found + 1));
  }
  return Math.min(1, Math.max(0, 1 - kept));
}
