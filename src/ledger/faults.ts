/**
 * Owns every reason for which the rules refuse a header, a block or a transaction: closed unions, small values,
 * ids in place of objects. What a fault means for whoever sent it is judged elsewhere.
 */
import type { AccountId, BlockId } from "#base/brand.ts";

/** Of the transaction by itself: no state can make it valid at this height. */
export type TransactionFormFault =
  /** Not canonical, or of small order: anyone could sign for it. */
  | { readonly code: "key-inadmissible"; readonly field: "from" | "to" | "key" | "owner" }
  /** Zero, above the largest amount, or above it together with the fee; for names, the price. */
  | { readonly code: "amount-out-of-range"; readonly amount: number; readonly fee: number }
  /** `validUntil` lies below the height it would stand at. */
  | { readonly code: "expired"; readonly validUntil: number; readonly height: number }
  /** `validUntil` lies further above the height than the network allows. */
  | { readonly code: "valid-too-long"; readonly validUntil: number; readonly latest: number }
  | { readonly code: "name-malformed" }
  | { readonly code: "stamp-too-weak"; readonly neededBits: number }
  | { readonly code: "signature-invalid" };

/** Of the transaction against the state: may change with the next block. */
export type TransactionStateFault =
  | { readonly code: "seq-wrong"; readonly nextSeq: number; readonly seq: number }
  | { readonly code: "balance-too-low"; readonly balance: number; readonly needed: number }
  /** This account's same commitment stands already. */
  | { readonly code: "commitment-repeated"; readonly height: number }
  /** This account made no such commitment, or so long ago that it is forgotten. */
  | { readonly code: "commitment-unknown" }
  | { readonly code: "claim-too-early"; readonly earliest: number; readonly height: number }
  /** Through a commitment that is not later than this one. */
  | { readonly code: "name-taken"; readonly owner: AccountId }
  /** Nobody holds it, so there is nothing to change. */
  | { readonly code: "name-unknown" }
  | { readonly code: "name-of-another"; readonly owner: AccountId }
  /** Its life is over: it can be renewed, and nothing else. */
  | { readonly code: "name-expired"; readonly endedAt: number };

export type TransactionFault = TransactionFormFault | TransactionStateFault;

/** Of a header against its parent. All but `time-too-far-ahead` hold for ever and on every peer. */
export type HeaderFault =
  | { readonly code: "version-unknown"; readonly version: number }
  | { readonly code: "previous-wrong"; readonly previous: BlockId }
  | { readonly code: "height-wrong"; readonly height: number; readonly expected: number }
  /** Less than the minimum gap after its parent. */
  | { readonly code: "time-too-early"; readonly time: number; readonly earliest: number }
  /** Ahead of this computer's clock; either clock may be the wrong one, and waiting may mend it. */
  | { readonly code: "time-too-far-ahead"; readonly time: number; readonly aheadSeconds: number }
  | { readonly code: "bits-wrong"; readonly bits: number; readonly expected: number }
  | { readonly code: "lag-wrong"; readonly lag: number; readonly expected: number }
  | { readonly code: "chain-work-wrong"; readonly chainWork: bigint; readonly expected: bigint }
  | { readonly code: "history-root-wrong" }
  /** The id does not meet the target that the header itself states. */
  | { readonly code: "work-too-low" };

/** Of a block by itself, whatever the state. */
export type BodyFault =
  | { readonly code: "block-too-big"; readonly bytes: number; readonly limit: number }
  | { readonly code: "coinbase-missing" }
  | { readonly code: "coinbase-misplaced"; readonly index: number }
  | { readonly code: "coinbase-height-wrong"; readonly height: number; readonly expected: number }
  | { readonly code: "miner-key-inadmissible" }
  /** The body is not the one that the header commits to: says nothing against the header. */
  | { readonly code: "tx-root-wrong" }
  | { readonly code: "too-many-signatures"; readonly count: number; readonly limit: number }
  | { readonly code: "transaction-repeated"; readonly index: number }
  | { readonly code: "free-share-exceeded"; readonly limit: number }
  | { readonly code: "free-share-of-account-exceeded"; readonly account: AccountId; readonly limit: number }
  | { readonly code: "claims-of-account-exceeded"; readonly account: AccountId; readonly limit: number }
  | { readonly code: "transaction-invalid"; readonly index: number; readonly fault: TransactionFormFault };

/** Of a block against the state its parent left. */
export type ApplyFault =
  | {
      readonly code: "transaction-inapplicable";
      readonly index: number;
      readonly fault: TransactionStateFault;
    }
  | { readonly code: "state-root-wrong" };

export type BlockFault = HeaderFault | BodyFault | ApplyFault;

/** Why a genesis was refused. `cause` is one sentence for people, with the place in it. */
export interface GenesisFault {
  readonly code:
    | "not-json"
    | "too-big"
    | "key-unknown"
    | "key-repeated"
    | "key-missing"
    | "type-wrong"
    | "out-of-range"
    | "contradiction";
  readonly cause: string;
}
