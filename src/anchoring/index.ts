/** Receipts on their way into the ledger: batches, transactions, proofs, and their passing on to the receiver. */
export { type AnchoringDependencies, type AnchoringOptions, openAnchoring } from "./anchoring.ts";
export type * from "./store.ts";
export type * from "./types.ts";
