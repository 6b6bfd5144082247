/**
 * What checkpoints need kept: how far this peer has signed, the newest final block, cosignatures on their way to a
 * quorum, and evidence. Interface only; implementations are in `storage/`, held to `test/contract/checkpoints.ts`.
 * Notes are texts as `ledger/checkpoint.ts` writes them; the store does not read them.
 *
 * Writing calls are durable when they return ok, and have changed nothing when they return a fault.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import type { Written } from "../store.ts";

/** The highest block that this peer's key is known to have signed. */
export interface SigningMark {
  readonly height: number;
  readonly blockId: BlockId;
}

/** A note with one cosignature. */
export interface CosignatureRow {
  readonly signer: AccountId;
  readonly height: number;
  readonly note: string;
}

export interface EvidenceRow {
  readonly signer: AccountId;
  readonly text: string;
}

/** All of one moment. */
export interface CheckpointRecord {
  readonly mark: SigningMark | null;
  /** The newest complete note whose block is on our best chain. */
  readonly final: string | null;
  /** A complete note above that, whose block is not there yet. */
  readonly sought: string | null;
  readonly cosignatures: readonly CosignatureRow[];
  readonly evidence: readonly EvidenceRow[];
}

/** What is left out stays as it is. One atomic step. */
export interface CheckpointChange {
  readonly final?: string;
  readonly sought?: string | null;
  /** One row for each signer and height: a second one takes the place of the first. */
  readonly put?: readonly CosignatureRow[];
  readonly remove?: readonly Pick<CosignatureRow, "signer" | "height">[];
  /** One for each signer: the first stays. */
  readonly evidence?: readonly EvidenceRow[];
}

/** Of one network: a data folder belongs to one. */
export interface CheckpointStore {
  read(): CheckpointRecord;
  /** Never lowers it: a mark that is not above the one kept is a fault of ours, and throws. */
  setMark(mark: SigningMark): Written;
  write(change: CheckpointChange): Written;
}
