/**
 * Transfer: files and folders from one peer to another, resumed until they are whole. Owns manifests on the way,
 * pieces, journals, where files are saved, and the receipts of deliveries. Does not know people, messages or the
 * ledger. Wire and disk formats: spec/transfer.md.
 */
export { openTransfers, type TransferDependencies, type TransferOptions } from "./shell.ts";
export type { NewTransfer, StoredTransfer, TransferStore } from "./store.ts";
export type {
  ManifestSummary,
  OfferDecision,
  SkippedSource,
  Transfer,
  TransferEvent,
  TransferFile,
  TransferHistoryQuery,
  TransferProgress,
  Transfers,
  TransferState,
} from "./types.ts";
