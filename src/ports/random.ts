/** Chance as a dependency, so that a simulation can be replayed from its seed. */

export interface Random {
  /** Cryptographic in production; seeded in simulations. */
  bytes(count: number): Uint8Array;
  /** Uniform integer in `[0, bound)`; `bound` from 1 to 2^32. */
  below(bound: number): number;
}
