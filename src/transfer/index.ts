/**
 * Transfer: files and folders from one peer to another, resumed until they are whole. Owns manifests on the way,
 * pieces, journals, where files are saved, and the receipts of deliveries. Does not know people, messages or the
 * ledger. Wire and disk formats: spec/transfer.md.
 */
export type { Disk, DiskEntry, DiskFile } from "./disk.ts";
export { nodeDisk } from "./node-disk.ts";
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
  TransferState,
  Transfers,
} from "./types.ts";
