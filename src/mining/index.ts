/** The search for blocks. */

export { MINE_AFTER_COUNT_MAX, MINE_AFTER_SECONDS_MAX, MINING_THREADS_MAX } from "./limits.ts";
export { openMiner } from "./miner.ts";
export {
  type NonceSearch,
  openInProcessSearch,
  type SearchEffort,
  type SearchJob,
  searchNonce,
} from "./search.ts";
export { startSearchThread } from "./thread.ts";
export { openThreadSearch } from "./thread-search.ts";
export type * from "./types.ts";
export { DEFAULT_MINING, MINING_MODES } from "./types.ts";
