/** The best chain, its pool and the wallet. */
export { type ChainDependencies, type ChainOptions, openChain } from "./chain.ts";
export type * from "./checkpoint-store.ts";
export {
  type CheckpointStatus,
  type Checkpoints,
  type CheckpointsDependencies,
  finalBlocksOf,
  openCheckpoints,
} from "./checkpoints.ts";
export type { HistoryStore } from "./history-check.ts";
export { KEEP_BLOCKS_MIN } from "./limits.ts";
export type { NameStore, OwnName } from "./name-store.ts";
export {
  type NameFault,
  type NameLookup,
  type Names,
  type OwnNameState,
  type OwnNameView,
  openNames,
} from "./names.ts";
export { checkLedger, type Disagreement, type LedgerCheck, type LedgerCheckOptions } from "./self-check.ts";
export type { SnapshotStore } from "./snapshot-store.ts";
export type { BlockStore } from "./store.ts";
export type * from "./types.ts";
export { openWallet, type WalletDependencies } from "./wallet.ts";
