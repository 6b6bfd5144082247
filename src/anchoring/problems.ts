/** Owns why a receipt is not in the ledger yet, in words. */
import { type Problem, problem } from "#base/result.ts";

export const GATHERING: Problem = problem(
  "anchor-gathering",
  "Receipts are gathered for a moment, so that one record in the ledger serves many.",
  "Nothing is to be done: it is recorded within seconds.",
);

export const SUBMITTING: Problem = problem(
  "anchor-submitting",
  "The record for the ledger is being made.",
  "Nothing is to be done: without coins it takes some seconds of computing.",
);

export const WAITS_FOR_BLOCK: Problem = problem(
  "anchor-waits-for-block",
  "The record waits to be taken up into a block.",
  "It is taken up when somebody mines; switch mining on here if nobody else does.",
);

export const EXPECTED_FROM_SENDER: Problem = problem(
  "anchor-expected-from-sender",
  "The sender records this receipt and has not yet told where.",
  "Nothing is to be done: if no word comes, it is recorded from here.",
);

export const NAMED_BY_SENDER: Problem = problem(
  "anchor-not-seen",
  "The sender named a record that this computer's ledger does not show yet.",
  "Nothing is to be done: if it does not appear, the receipt is recorded from here.",
);

export const BLOCK_AWAITED: Problem = problem(
  "anchor-block-awaited",
  "The ledger is being fetched again and has not come to the block that records this receipt.",
  "Nothing is to be done: the proof is kept, and shows as soon as the block is there.",
);

export const AGAIN: Problem = problem(
  "anchor-again",
  "The ledger dropped the record when its chain was reorganised, or the record expired.",
  "Nothing is to be done: it is recorded again.",
);

export const CLOSING: Problem = problem(
  "anchor-closing",
  "Waybill is being closed.",
  "Start it again: what waits is kept.",
);

export const RECEIPT_UNKNOWN: Problem = problem(
  "receipt-unknown",
  "There is no receipt for this delivery yet.",
  "Wait until the delivery is receipted, or check its id.",
);
