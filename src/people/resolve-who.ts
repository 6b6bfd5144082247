/**
 * Owns how a text typed by the user is understood as a peer. Pure.
 *
 * In this order, the first that anybody answers to: the whole peer id; a petname; the name that a contact claims; that
 * a stranger claims, or the beginning of a petname or of a contact's claim; the beginning of a stranger's; of a peer id.
 * Within one of these steps nobody is guessed: two who answer are told. So no stranger catches what is meant for a
 * contact by taking the contact's name, or what the user types for short of it.
 */
import type { PeerId } from "#base/brand.ts";
import { nameKey } from "#base/display-name.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { CANDIDATES_SHOWN_MAX } from "./limits.ts";

export interface Candidate {
  readonly peer: PeerId;
  readonly petname: string | null;
  readonly claimedName: string | null;
  /** A contact, or verified: chosen by the user. */
  readonly isChosen: boolean;
}

export type WhoFault =
  | { readonly code: "nobody" }
  /** Several answer to this; nobody is guessed. */
  | { readonly code: "ambiguous"; readonly candidates: readonly Candidate[] };

type Matches = (candidate: Candidate) => boolean;

/** Every Ed25519 peer id begins with the same eight characters: fewer than one more says nothing. */
const PEER_ID_CHARACTERS_MIN = 9;

function stepsFor(text: string): readonly Matches[] {
  const key = nameKey(text);
  const is = (name: string | null) => name !== null && nameKey(name) === key;
  const begins = (name: string | null) => name !== null && key !== "" && nameKey(name).startsWith(key);
  // Somebody with a petname is known by that one: a claim of theirs must not catch what is meant for others.
  const claims = (isChosen: boolean, matches: (name: string | null) => boolean) => (candidate: Candidate) =>
    candidate.petname === null && candidate.isChosen === isChosen && matches(candidate.claimedName);
  return [
    ({ peer }) => peer === text,
    ({ petname }) => is(petname),
    claims(true, is),
    (candidate) =>
      claims(false, is)(candidate) || begins(candidate.petname) || claims(true, begins)(candidate),
    claims(false, begins),
    ({ peer }) => text.length >= PEER_ID_CHARACTERS_MIN && peer.startsWith(text),
  ];
}

export function resolveWho(text: string, candidates: readonly Candidate[]): Result<PeerId, WhoFault> {
  for (const matches of stepsFor(text)) {
    const found = candidates.filter(matches);
    const [only] = found;
    if (only === undefined) continue;
    if (found.length === 1) return ok(only.peer);
    return fail({ code: "ambiguous", candidates: found.slice(0, CANDIDATES_SHOWN_MAX) });
  }
  return fail({ code: "nobody" });
}
