/**
 * Owns what a fault says about whoever sent it: the only place where a fault becomes a judgement on a peer. What is
 * provably wrong from the bytes alone is rejected; what may be our own doing (our clock, our state, our disk, our
 * policy) is ignored. What nobody foresaw never gets here: that is a fault of ours, and costs the sender nothing.
 */
import type { DecodeFault } from "#base/bytes.ts";
import type { Judgement } from "#ports/network.ts";
import type { InboundBlockFault, SubmitFault } from "./types.ts";

type Blame = Exclude<Judgement, "accept">;

export const BLOCK_STANDING = {
  malformed: "reject",
  // Perhaps of a newer Waybill than ours.
  "version-unknown": "ignore",
  "previous-wrong": "reject",
  "height-wrong": "reject",
  "time-too-early": "reject",
  // Either clock may be the wrong one.
  "time-too-far-ahead": "ignore",
  "bits-wrong": "reject",
  "lag-wrong": "reject",
  "chain-work-wrong": "reject",
  "history-root-wrong": "reject",
  "work-too-low": "reject",
  "block-too-big": "reject",
  "coinbase-missing": "reject",
  "coinbase-misplaced": "reject",
  "coinbase-height-wrong": "reject",
  "miner-key-inadmissible": "reject",
  // Whoever sends a body passes it on only after checking it against its header.
  "tx-root-wrong": "reject",
  "too-many-signatures": "reject",
  "transaction-repeated": "reject",
  "free-share-exceeded": "reject",
  "free-share-of-account-exceeded": "reject",
  "claims-of-account-exceeded": "reject",
  "transaction-invalid": "reject",
  "transaction-inapplicable": "reject",
  "state-root-wrong": "reject",
  "branch-invalid": "reject",
  // Ours to fetch; says nothing of the sender.
  "parent-unknown": "ignore",
  "branch-too-low": "ignore",
  // The sender may not have heard of the signatures yet.
  "outside-final": "ignore",
  busy: "ignore",
  unavailable: "ignore",
} as const satisfies Record<InboundBlockFault["code"], Blame>;

/**
 * Of a block announced by its header and short ids. It is passed on when its header is sound, before anybody has the
 * block: only the announcement itself can be held against whoever sends it, never what stands under it.
 */
export const ANNOUNCEMENT_STANDING = {
  ...BLOCK_STANDING,
  "branch-invalid": "ignore",
} as const satisfies Record<InboundBlockFault["code"], Blame>;

export const TRANSACTION_STANDING = {
  malformed: "reject",
  "key-inadmissible": "reject",
  "amount-out-of-range": "reject",
  "name-malformed": "reject",
  "stamp-too-weak": "reject",
  "signature-invalid": "reject",
  // The sender's tip may be another than ours.
  expired: "ignore",
  "valid-too-long": "ignore",
  "seq-wrong": "ignore",
  "balance-too-low": "ignore",
  "commitment-repeated": "ignore",
  "commitment-unknown": "ignore",
  "claim-too-early": "ignore",
  "name-taken": "ignore",
  "name-unknown": "ignore",
  "name-of-another": "ignore",
  "name-expired": "ignore",
  "balance-below-pending": "ignore",
  // Policy: the sender's may differ.
  "too-many-pending": "ignore",
  "seq-gap": "ignore",
  "fee-below-minimum": "ignore",
  "replacement-underpaid": "ignore",
  "replacement-weaker": "ignore",
  "free-share-full": "ignore",
  "pool-full": "ignore",
  unavailable: "ignore",
} as const satisfies Record<SubmitFault["code"] | DecodeFault["code"], Blame>;
