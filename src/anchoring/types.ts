/** Owns what the rest of the program sees of anchoring: where a receipt stands, and the feature's face. Types only. */
import type { BlockId, DeliveryId, TxId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Receipt } from "#receipts/index.ts";

/** Where a receipt stands on its way into the ledger. May go back from `anchored`: a chain can reorganise. */
export type AnchorStatus =
  /** No transaction yet: gathered into a batch, or expected from the sender. */
  | { readonly state: "waiting"; readonly reason: Problem }
  /** The transaction waits for a block. */
  | { readonly state: "pending"; readonly txId: TxId; readonly reason: Problem }
  | {
      readonly state: "anchored";
      readonly txId: TxId;
      readonly blockId: BlockId;
      readonly height: number;
      readonly blockTimeMs: number;
      /** 1 when its block is the tip. */
      readonly confirmations: number;
    };

export type AnchoringEvent = {
  /** Told after what it says is durable. Confirmations that merely grow are told at 1 to 6 only. */
  readonly type: "AnchorChanged";
  readonly deliveryId: DeliveryId;
  readonly anchor: AnchorStatus;
};

/** Where a transaction stands, whoever sent it. The chain's own type fits. */
export type LedgerState =
  | { readonly state: "pending" }
  | {
      readonly state: "anchored";
      readonly height: number;
      readonly blockId: BlockId;
      /** Seconds since the Unix epoch. */
      readonly blockTime: number;
      readonly confirmations: number;
    }
  /** Neither waits nor stands on the best chain. */
  | { readonly state: "gone" };

/** A transaction in its block. The chain's own type fits. */
export interface LedgerInclusion {
  readonly headerBytes: Uint8Array;
  readonly transactionBytes: Uint8Array;
  readonly index: number;
  readonly count: number;
  readonly path: readonly Uint8Array[];
}

/** The slice of chain and wallet that anchoring needs. */
export interface AnchorLedger {
  /** Puts a root into the pool as a transaction of ours; durable when it resolves. */
  anchor(root: Uint8Array): Promise<Result<TxId, Problem>>;
  /** Of any transaction, ours or a stranger's. */
  anchorState(id: TxId): LedgerState;
  /** Of any transaction; `null` while it stands in no block of the best chain, or its block is not kept in full. */
  inclusion(id: TxId): LedgerInclusion | null;
  /** 1 for the tip, 0 when the block is not on the best chain. */
  confirmationsOf(id: BlockId): number;
  /** Of the tip. */
  height(): number;
  /** Called after each change of the tip is durable. */
  onTip(listener: () => void): Unsubscribe;
}

export interface Anchoring {
  /**
   * Takes charge of a completed receipt, ours to anchor or to be told of. Durable when it returns; idempotent by
   * delivery. @param manifest encoded; `null` for a message.
   * @throws when it could not be made durable.
   */
  add(receipt: Receipt, manifest: Uint8Array | null): void;
  /** `null` when there is no such receipt. */
  anchor(id: DeliveryId): AnchorStatus | null;
  /** The `.waybill` file: with the anchor when the receipt is anchored now, else with both signatures alone. */
  waybill(id: DeliveryId): Result<Uint8Array, Problem>;
  subscribe(listener: (event: AnchoringEvent) => void): Unsubscribe;
  /** Stops timers and streams, waits for running work. What waits stays in the store. */
  close(): Promise<void>;
}
