/** Owns the search one nonce at a time, for computers whose WebAssembly knows no SIMD. */
import { headerAt, meetsTarget, prepare, targetAt } from "./job.ts";

export { headerAt, targetAt };

/**
 * Tries `count` nonces whose lower half is `low` and whose upper half counts up from `high`.
 * Gives how far `high` had counted when the first was found, or -1.
 */
export function search(low: u32, high: u32, count: i32): i32 {
  prepare(low);
  for (let tried = 0; tried < count; tried++) {
    if (meetsTarget(high + tried)) return tried;
  }
  return -1;
}
