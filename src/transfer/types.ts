/** Owns what the rest of the program sees of transfers: records, events and the feature's face. Types only. */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Completion, Dispatch, Receipt } from "#receipts/index.ts";

/**
 * queued: waits for the other side, for a free place or for something `reason` names. offered: waits for somebody's
 * yes. sending: bytes move. receipted: this side keeps both signatures. declined, cancelled, failed: ended.
 */
export type TransferState =
  | "queued"
  | "offered"
  | "sending"
  | "receipted"
  | "declined"
  | "cancelled"
  | "failed";

export interface TransferProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Verified bytes that were already there when the last session began. */
  readonly resumedFromBytes: number;
  readonly bytesPerSecond: number;
}

/** What the user or policy judges an offer by. */
export interface ManifestSummary {
  readonly title: string;
  readonly fileCount: number;
  readonly bytes: number;
}

export interface Transfer extends ManifestSummary {
  readonly deliveryId: DeliveryId;
  /** The other side. */
  readonly peer: PeerId;
  readonly direction: "in" | "out";
  /** Place in the history, one growing series over messages and transfers of all peers. Given by the store. */
  readonly order: number;
  readonly state: TransferState;
  /** Why it waits, or why it ended without delivery; `null` while bytes move and once receipted. */
  readonly reason: Problem | null;
  readonly createdMs: number;
  readonly dispatch: Dispatch;
  readonly completion: Completion | null;
  readonly progress: TransferProgress;
  /** Incoming, once placed: the file or folder itself, or the folder that holds several. */
  readonly savedTo: string | null;
  /** Outgoing: what was left out of the folder and why (links, devices, empty folders), shortened. */
  readonly skipped: readonly SkippedSource[];
}

export interface SkippedSource {
  readonly path: string;
  readonly why: "symbolic-link" | "special-file" | "empty-folder";
}

export interface TransferFile {
  /** As the sender named it, `/` between parts. */
  readonly path: string;
  readonly bytes: number;
  /** BLAKE3, 32 bytes. */
  readonly digest: Uint8Array;
  /** Absolute path where it stands; incoming and placed only. Its last part may be a safer form of the name. */
  readonly savedTo: string | null;
}

export type TransferEvent =
  /** A transfer is new, or its state or reason changed; told after the commit. */
  | { readonly type: "changed"; readonly transfer: Transfer }
  /** Bytes moved. At most once each `PROGRESS_PERIOD_MS` a transfer. */
  | { readonly type: "progress"; readonly transfer: Transfer }
  /** Both signatures are kept here. Told on both sides, after the commit. */
  | {
      readonly type: "receipt-completed";
      readonly receipt: Receipt;
      readonly deliveryId: DeliveryId;
      readonly peer: PeerId;
    };

/** What is done with an offer; asked once for each offer when it comes. */
export type OfferDecision = "accept" | "ask" | "refuse";

export interface TransferHistoryQuery {
  readonly peer?: PeerId;
  /** An `order`, exclusive. */
  readonly before?: number;
  readonly limit: number;
}

export interface Transfers {
  subscribe(listener: (event: TransferEvent) => void): Unsubscribe;
  /**
   * Reads and hashes all sources, commits the offer, then resolves; sending goes on by itself.
   * @param paths absolute paths of files and folders.
   */
  send(peer: PeerId, paths: readonly string[]): Promise<Result<Transfer, Problem>>;
  /** @param folder absolute path of an existing folder to save under in place of the usual one. */
  accept(id: DeliveryId, folder?: string): Promise<Result<Transfer, Problem>>;
  /** Incoming and not yet accepted. */
  decline(id: DeliveryId): Promise<Result<Transfer, Problem>>;
  /** Either side, until it is receipted. The other side is told, now or when it is next reached. */
  cancel(id: DeliveryId): Promise<Result<Transfer, Problem>>;
  /** Newest first. */
  history(query: TransferHistoryQuery): readonly Transfer[];
  get(id: DeliveryId): Transfer | null;
  /** `null` when there is no such transfer. */
  files(id: DeliveryId): readonly TransferFile[] | null;
  /** Encoded manifest, for the proof file; `null` when there is no such transfer. */
  manifest(id: DeliveryId): Uint8Array | null;
  peers(): readonly PeerId[];
  /** Transfers that came from `peer` with an `order` above `afterOrder`. */
  countIncoming(peer: PeerId, afterOrder: number): number;
  /** Receipts not yet marked by {@link receiptTaken}, oldest first; see messaging. */
  untakenReceipts(limit: number): readonly Receipt[];
  receiptTaken(id: DeliveryId): void;
  /** Tries everything that waits for `peer` now. */
  retry(peer: PeerId): void;
  /** Stops timers and streams, awaits running work. What waits stays in the store and on disk. */
  close(): Promise<void>;
}
