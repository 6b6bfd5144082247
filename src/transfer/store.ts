/**
 * What transfer asks of a store. Implementations: `storage/memory/transfers.ts`, `storage/disk/transfers.ts`; both
 * pass `test/contract/transfers.ts`. Pieces and journals are not here but in files (`journal.ts`).
 *
 * Calls are synchronous, and every write is durable when it returns. A write that fails throws and has changed
 * nothing.
 */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import type { Completion, Dispatch } from "#receipts/index.ts";
import type { IncomingPhase, OutgoingPhase } from "./phases.ts";
import type { ManifestSummary, SkippedSource, TransferHistoryQuery } from "./types.ts";

/** Where one top-level entry of an outgoing delivery is read from. */
export interface Source {
  /** First part of the manifest paths. */
  readonly name: string;
  /** Absolute path on this computer. */
  readonly path: string;
}

/** Where one top-level entry of an incoming delivery goes. */
export interface Placement {
  /** Safe name in the partial folder. */
  readonly from: string;
  /** Absolute path of its final place. */
  readonly to: string;
}

/** What the other side still has to be told, until it has answered. */
export type PendingNotice = "completed" | "declined" | "cancelled" | "failed";

interface Common extends ManifestSummary {
  readonly deliveryId: DeliveryId;
  readonly peer: PeerId;
  readonly createdMs: number;
  readonly dispatch: Dispatch;
  readonly completion: Completion | null;
  /** Why it ended; `null` while it has not, and when it was receipted. */
  readonly reason: Problem | null;
  readonly notice: PendingNotice | null;
  /** Verified bytes that were there when the last session began; 0 as long as none was resumed. */
  readonly resumedFromBytes: number;
}

export interface OutgoingFields extends Common {
  readonly direction: "out";
  readonly phase: OutgoingPhase;
  readonly sources: readonly Source[];
  readonly skipped: readonly SkippedSource[];
}

export interface IncomingFields extends Common {
  readonly direction: "in";
  readonly phase: IncomingPhase;
  /** The folder that the user chose, or `null` for the usual one. */
  readonly folder: string | null;
  /** The plan, from `placing` on. */
  readonly placements: readonly Placement[];
}

export type NewTransfer = OutgoingFields | IncomingFields;
export type StoredTransfer = NewTransfer & {
  /** One growing series over messages and transfers. */
  readonly order: number;
};

/** What may change after a transfer was added. */
export interface TransferChange {
  readonly phase?: OutgoingPhase | IncomingPhase;
  readonly completion?: Completion;
  readonly reason?: Problem | null;
  readonly notice?: PendingNotice | null;
  readonly folder?: string | null;
  readonly placements?: readonly Placement[];
  readonly resumedFromBytes?: number;
}

export interface TransferStore {
  /** @param manifest encoded. */
  add(transfer: NewTransfer, manifest: Uint8Array): StoredTransfer;
  /** One commit. @throws when there is no such transfer. */
  change(id: DeliveryId, change: TransferChange): StoredTransfer;
  get(id: DeliveryId): StoredTransfer | null;
  manifest(id: DeliveryId): Uint8Array | null;
  /** Newest first. */
  history(query: TransferHistoryQuery): readonly StoredTransfer[];
  /** Not ended, or with something to tell the other side; oldest first. */
  unfinished(): readonly StoredTransfer[];
  peers(): readonly PeerId[];
  countIncoming(peer: PeerId, afterOrder: number): number;
  /** Receipted and not yet taken, oldest first. */
  untaken(limit: number): readonly StoredTransfer[];
  /** Idempotent. */
  markTaken(id: DeliveryId): void;
}
