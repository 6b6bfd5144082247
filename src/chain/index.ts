/** The best chain, its pool and the wallet. */
export { type ChainDependencies, type ChainOptions, openChain } from "./chain.ts";
export type * from "./checkpoints/checkpoint-store.ts";
export {
  type CheckpointStatus,
  type Checkpoints,
  type CheckpointsDependencies,
  finalBlocksOf,
  openCheckpoints,
} from "./checkpoints/checkpoints.ts";
export { KEEP_BLOCKS_MIN } from "./limits.ts";
export { checkLedger, type Disagreement, type LedgerCheck, type LedgerCheckOptions } from "./self-check.ts";
export type { SnapshotStore } from "./snapshots/snapshot-store.ts";
export type { BlockStore } from "./store.ts";
export type { HistoryStore } from "./sync/history-check.ts";
export type * from "./types.ts";
export type { NameStore, OwnName } from "./wallet/name-store.ts";
export {
  type NameFault,
  type NameLookup,
  type Names,
  type OwnNameState,
  type OwnNameView,
  openNames,
} from "./wallet/names.ts";
export type { KeptPayment, PaymentStore } from "./wallet/payment-store.ts";
export { type EndedPayment, openPayments, type Payments } from "./wallet/payments.ts";
export { openWallet, type WalletDependencies } from "./wallet/wallet.ts";
