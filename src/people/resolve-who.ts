/** Owns how a text typed by the user is understood as a peer. Pure. */
import type { PeerId } from "#base/brand.ts";

export interface Candidate {
  readonly peer: PeerId;
  readonly petname: string | null;
  readonly claimedName: string | null;
}

export type WhoFault =
  | { readonly code: "nobody" }
  /** Several answer to this; nobody is guessed. */
  | { readonly code: "ambiguous"; readonly candidates: readonly Candidate[] };
