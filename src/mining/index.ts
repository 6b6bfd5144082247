/** The search for blocks. */
export { openMiner } from "./miner.ts";
export {
  type NonceSearch,
  openInProcessSearch,
  openThreadSearch,
  type SearchJob,
  searchNonce,
} from "./search.ts";
export { startSearchThread } from "./thread.ts";
export type * from "./types.ts";
