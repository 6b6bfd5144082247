/** Owns what the rest of the program sees of messaging: records, events and the feature's face. Types only. */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Completion, Dispatch, Receipt } from "#receipts/index.ts";

/**
 * queued: in the outbox, the other side has not signed for it. receipted: this side keeps both signatures.
 * failed: the other side will never take it; `reason` says why.
 */
export type MessageState = "queued" | "receipted" | "failed";

export interface Message {
  readonly deliveryId: DeliveryId;
  /** The other side. */
  readonly peer: PeerId;
  readonly direction: "in" | "out";
  /** Place in the history, one growing series over messages and transfers of all peers. Given by the store. */
  readonly order: number;
  readonly text: string;
  readonly state: MessageState;
  /** Why it waits or failed; `null` exactly when receipted. */
  readonly reason: Problem | null;
  /** By this computer's clock: when it was written (out) or committed here (in). */
  readonly createdMs: number;
  readonly dispatch: Dispatch;
  /** Receiver's signature; `null` until this side has it. */
  readonly completion: Completion | null;
}

export type MessagingEvent =
  /** A message is new, or its state or reason changed; told after the commit. */
  | { readonly type: "changed"; readonly message: Message }
  /** Both signatures are kept here. Told on both sides, after the commit. */
  | {
      readonly type: "receipt-completed";
      readonly receipt: Receipt;
      readonly deliveryId: DeliveryId;
      readonly peer: PeerId;
    };

export interface MessageHistoryQuery {
  readonly peer?: PeerId;
  /** An `order`, exclusive. */
  readonly before?: number;
  readonly limit: number;
}

export interface Messaging {
  subscribe(listener: (event: MessagingEvent) => void): Unsubscribe;
  /** Commits the message to the outbox before it resolves; sending goes on by itself. */
  say(peer: PeerId, text: string): Promise<Result<Message, Problem>>;
  /** Newest first. */
  history(query: MessageHistoryQuery): readonly Message[];
  get(id: DeliveryId): Message | null;
  /** Everybody with whom at least one message was exchanged. */
  peers(): readonly PeerId[];
  /** Messages that came from `peer` with an `order` above `afterOrder`. */
  countIncoming(peer: PeerId, afterOrder: number): number;
  /**
   * Receipts not yet marked by {@link receiptTaken}, oldest first. With it a crash between commit and event
   * loses none: whoever anchors reads this at its start.
   */
  untakenReceipts(limit: number): readonly Receipt[];
  /** Idempotent; call once the receipt is durable elsewhere. */
  receiptTaken(id: DeliveryId): void;
  /** Tries everything that waits for `peer` now; e.g. after it was unblocked. */
  retry(peer: PeerId): void;
  /** Stops timers and streams, awaits running work. What waits stays in the store. */
  close(): Promise<void>;
}
