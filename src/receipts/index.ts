/**
 * Receipts: what sender and receiver sign about a delivery, what their signatures cover, and the `.waybill` file that
 * carries the proof. Pure: no clock, no chance, no disk, no network.
 */
export * from "./codec.ts";
export * from "./content.ts";
export * from "./limits.ts";
export * from "./sign.ts";
export type * from "./types.ts";
export {
  type ContentRefusal,
  GRADE_WORDS,
  type Grade,
  type Verdict,
  type WaybillRefusal,
} from "./verdict.ts";
export * from "./verify-content.ts";
export * from "./verify-waybill.ts";
export * from "./waybill.ts";
