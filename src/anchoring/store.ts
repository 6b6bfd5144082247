/** Owns what anchoring asks of a store. Synchronous: each call is durable, and whole or not at all, when it returns. */
import type { DeliveryId, PeerId, TxId } from "#base/brand.ts";

/** `sender`: ours to anchor. `receiver`: the sender anchors it and tells us. */
export type ReceiptRole = "sender" | "receiver";

export interface ReceiptRecord {
  readonly deliveryId: DeliveryId;
  readonly role: ReceiptRole;
  /** The other side. */
  readonly peer: PeerId;
  /** Encoded. */
  readonly receipt: Uint8Array;
  readonly addedMs: number;
  /** The batch it is in; both are `null` while it is in none. */
  readonly root: string | null;
  /** Encoded, as `encodeBatchProof` does. */
  readonly proof: Uint8Array | null;
}

export type NewReceipt = Omit<ReceiptRecord, "root" | "proof"> & { readonly manifest: Uint8Array | null };

export interface BatchRecord {
  /** 64 hex digits. */
  readonly root: string;
  /** False when a sender told us of it. */
  readonly own: boolean;
  /** `null` while no transaction for it is known. */
  readonly txId: TxId | null;
  /** When it was gathered, or when we were told of it. */
  readonly createdMs: number;
  /** Followed no longer. */
  readonly settled: boolean;
}

export interface BatchMember {
  readonly deliveryId: DeliveryId;
  readonly proof: Uint8Array;
}

/** A proof that the receiver has not acknowledged. */
export interface Handover {
  readonly deliveryId: DeliveryId;
  readonly peer: PeerId;
}

export interface ReceiptStore {
  /** False, changing nothing, when the delivery is there already. */
  add(receipt: NewReceipt): boolean;
  get(id: DeliveryId): ReceiptRecord | null;
  manifest(id: DeliveryId): Uint8Array | null;
  /** Receipts in no batch, oldest first: of senders those added by now, of receivers those added by `addedMsMax`. */
  unbatched(query: {
    readonly role: ReceiptRole;
    readonly addedMsMax: number;
    readonly limit: number;
  }): readonly ReceiptRecord[];
  /** A batch of ours, without a transaction. Members that are in a batch already are a fault of ours. */
  createBatch(root: string, createdMs: number, members: readonly BatchMember[]): void;
  batch(root: string): BatchRecord | null;
  /** All that are not settled, oldest first. */
  openBatches(): readonly BatchRecord[];
  /** Newest first. */
  settledBatches(limit: number): readonly BatchRecord[];
  /**
   * Records which transaction carries a batch; with one, a batch of ours queues a handover for each member of which
   * we are the sender.
   */
  setTransaction(root: string, txId: TxId | null): void;
  setSettled(root: string, settled: boolean): void;
  deliveries(root: string): readonly DeliveryId[];
  /** Puts a receipt into a sender's batch, which is created or gets its new transaction. */
  takeProof(taken: {
    readonly deliveryId: DeliveryId;
    readonly root: string;
    readonly txId: TxId;
    readonly proof: Uint8Array;
    readonly nowMs: number;
  }): void;
  /** As `encodeInclusion` made it; `null` when none is kept. @param chain id of the network, 64 hex digits. */
  keptProof(root: string, chain: string): Uint8Array | null;
  /** In the place of an earlier one of the same network. The batch must be there. */
  keepProof(root: string, chain: string, proof: Uint8Array): void;
  /** Forgets a batch, and the proofs kept of it; its receipts are in none again. */
  dropBatch(root: string): void;
  /** Oldest first. */
  handovers(peer: PeerId, limit: number): readonly Handover[];
  peersWithHandovers(): readonly PeerId[];
  /** Unless the batch has another transaction by now, which the peer must be told of as well. */
  handedOver(id: DeliveryId, txId: TxId): void;
}
