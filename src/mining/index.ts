/** The search for blocks. */

export { openMiner } from "./miner.ts";
export type * from "./types.ts";
