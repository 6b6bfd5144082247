/**
 * Owns the estimate of how likely a block is still taken back by a miner who works against it in secret: M. Rosenfeld,
 * "Analysis of hashrate-based double-spending" (2012), section 4. An estimate: it assumes that the share of the work is
 * known and stays, which nobody can promise.
 */

/**
 * @param confirmations 1 when the block is the tip.
 * @param share of all work that the strongest rival does, 0 to 1. @returns 0 to 1.
 */
export function reversalProbability(confirmations: number, share: number): number {
  if (share <= 0) return 0;
  if (share >= 0.5) return 1;
  if (confirmations <= 0) return 1;
  const honest = 1 - share;
  // The chance of m blocks of the rival while the honest ones find n, times the chance to catch up from there.
  let term = honest ** confirmations;
  let kept = 0;
  for (let found = 0; found <= confirmations; found++) {
    const catchesUp = (share / honest) ** (confirmations - found);
    kept += term * (1 - catchesUp);
    term *= (share * (confirmations + found)) / (found + 1);
  }
  return Math.min(1, Math.max(0, 1 - kept));
}
