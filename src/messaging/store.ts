/**
 * What messaging asks of a store. Implementations: `storage/memory/messages.ts`, `storage/disk/messages.ts`; both
 * pass `test/contract/messages.ts`.
 *
 * Calls are synchronous, and every write is durable when it returns: only so can "committed before acknowledged"
 * be read off the code. A write that fails throws and has changed nothing.
 */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import type { Completion } from "#receipts/index.ts";
import type { Message, MessageHistoryQuery } from "./types.ts";

/** A message before the store gives it its `order`. */
export type NewMessage = Omit<Message, "order">;

/** Counters of one conversation; both begin at 1. */
export interface Numbers {
  /** The number of our next message to the peer. */
  readonly nextOut: number;
  /** The number expected from the peer. */
  readonly nextIn: number;
}

export interface MessageStore {
  numbers(peer: PeerId): Numbers;
  /** Adds an outgoing message. */
  addOutgoing(message: NewMessage): Message;
  /** Adds a message that came, and expects `nextIn` from then on, in one commit. */
  addIncoming(message: NewMessage, nextIn: number): Message;
  /** Keeps the receiver's signature of an outgoing message and goes on to `nextOut`, in one commit. */
  complete(id: DeliveryId, completion: Completion, nextOut: number): Message;
  /** Ends an outgoing message without delivery. */
  fail(id: DeliveryId, reason: Problem): Message;
  /** Continues with another number, because the peer expects it. */
  setNextOut(peer: PeerId, nextOut: number): void;
  get(id: DeliveryId): Message | null;
  /** Newest first. */
  history(query: MessageHistoryQuery): readonly Message[];
  /** Outgoing and queued, oldest first. */
  outbox(peer: PeerId, limit: number): readonly Message[];
  outboxLength(peer: PeerId): number;
  /** Peers for whom something is queued. */
  outboxPeers(): readonly PeerId[];
  peers(): readonly PeerId[];
  countIncoming(peer: PeerId, afterOrder: number): number;
  /** Receipted and not yet taken, oldest first. */
  untaken(limit: number): readonly Message[];
  /** Idempotent. */
  markTaken(id: DeliveryId): void;
}
