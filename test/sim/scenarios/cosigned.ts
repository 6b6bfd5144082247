/** Owns what scenarios with co-signed checkpoints have in common: their pace, and how far finality may lie behind. */

export const EVERY_BLOCKS = 4;
/** The blocks on top of a signed one, what comes until the next is due, and two that are just under way. */
export const BEHIND_FINAL_BLOCKS_MAX = 6 + EVERY_BLOCKS + 2;
/** Fewer leave no room for all who sign, attack or come new. */
export const NODES_MIN = 8;
/** Twice the usual pace: what signers wait for is counted in blocks, or in the future that a date may have. */
export const PACE = {
  targetSpacingSeconds: 5,
  tauSeconds: 200,
  minGapSeconds: 1,
  maxFutureSeconds: 30,
  easeAfterSeconds: 20,
} as const;
