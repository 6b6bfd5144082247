/** The best chain, its pool and the wallet. */

export { openChain } from "./chain.ts";
export type { BlockStore } from "./store.ts";
export type * from "./types.ts";
export { openWallet } from "./wallet.ts";
