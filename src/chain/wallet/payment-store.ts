/**
 * What is kept of payments that this account signed, until they are past doubt or their signer has read what became of
 * them. Interface only; implementations are in `storage/`, held to `test/contract/payments.ts`.
 */
import type { TxId } from "#base/brand.ts";
import type { Written } from "../store.ts";

export interface KeptPayment {
  readonly id: TxId;
  /** The transaction, encoded. */
  readonly bytes: Uint8Array;
}

/** Of one network and one account: a data folder has one account. */
export interface PaymentStore {
  /** Oldest first. */
  list(): readonly KeptPayment[];
  /** Durable on ok. One that is there already stays in its place. */
  put(payment: KeptPayment): Written;
  /** Durable on ok; an unknown one is no fault. */
  remove(id: TxId): Written;
}
