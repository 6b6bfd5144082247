/** The search for blocks. */
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
