/**
 * Owns who looks like whom: by which names the user knows people, and whether a stranger bears one of them. Pure.
 */
import type { PeerId } from "#base/brand.ts";
import { utf8 } from "#base/bytes.ts";
import { DISPLAY_NAME_BYTES_MAX, isDisplayName, nameKey } from "#base/display-name.ts";
import { type Problem, problem } from "#base/result.ts";
import { OLD_KEY_NAMES_TRIED } from "./limits.ts";
import type { Person } from "./store.ts";

/** Whether the user has decided something about this peer: then it is no stranger, and is not forgotten. */
export function isChosen(person: Person): boolean {
  const { apartFrom, blocked, contact, petname, verified } = person;
  return contact || blocked || petname !== null || verified !== null || apartFrom.length > 0;
}

/** Whether the user chose this peer as somebody to deal with. */
function isTrusted(person: Person): boolean {
  return !person.blocked && (person.contact || person.petname !== null || person.verified !== null);
}

/** By which names the user knows this peer: the one given, and that of a contact's own; compared as {@link nameKey}. */
function namesBorneBy(person: Person): readonly string[] {
  if (!isTrusted(person)) return [];
  const isKnownByClaim = person.contact || person.verified !== null;
  const names = [person.petname, isKnownByClaim ? person.claimedName : null];
  return [...new Set(names.flatMap((name) => (name === null ? [] : [nameKey(name)])))];
}

/** Who bears each of the names by which the user knows people. */
export type Bearers = ReadonlyMap<string, readonly PeerId[]>;

export function bearersAmong(people: Iterable<Person>): Bearers {
  const bearers = new Map<string, PeerId[]>();
  for (const person of people) {
    for (const name of namesBorneBy(person)) {
      bearers.set(name, [...(bearers.get(name) ?? []), person.peer]);
    }
  }
  return bearers;
}

/** Whether a peer bears after a change the names that it bore before. */
export function bearsTheSame(before: Person | undefined, after: Person): boolean {
  const [were, are] = [before === undefined ? [] : namesBorneBy(before), namesBorneBy(after)];
  return were.length === are.length && were.every((name) => are.includes(name));
}

/** Whom a stranger claims to be; null when nobody known bears the name, or the user keeps them apart. */
export function likenessOf(stranger: Person, bearers: Bearers): PeerId | null {
  if (stranger.claimedName === null || isTrusted(stranger) || stranger.blocked) return null;
  const alike = bearers.get(nameKey(stranger.claimedName)) ?? [];
  return alike.find((peer) => peer !== stranger.peer && !stranger.apartFrom.includes(peer)) ?? null;
}

/** Whom a peer looks like, as long as that asks for a decision: to block it is one. */
export function looksLike(person: Person | null | undefined): PeerId | null {
  return person?.blocked === false ? (person.standIn?.of ?? null) : null;
}

/** A name for a key that another took the place of; null when all tried are borne by somebody. */
export function oldKeyName(name: string, isFree: (name: string) => boolean): string | null {
  for (let number = 1; number <= OLD_KEY_NAMES_TRIED; number++) {
    const suffix = number === 1 ? " (old key)" : ` (old key ${number})`;
    let base = name;
    while (utf8(base + suffix).length > DISPLAY_NAME_BYTES_MAX) base = [...base].slice(0, -1).join("");
    const candidate = base.trim() + suffix;
    if (isDisplayName(candidate) && isFree(candidate)) return candidate;
  }
  return null;
}

/** Why nothing is sent to a stand-in. */
export function keyChanged(name: string, how: "name" | "address"): Problem {
  const seen =
    how === "name"
      ? `This peer bears the name of "${name}", whom you know, but has another key`
      : `This peer answers where "${name}" answered before, but has another key`;
  return problem(
    "key-changed",
    `${seen}: a new computer of the same person, or somebody else.`,
    "Compare the words of the key with the person, then accept the key or keep the two apart. Until then nothing is sent.",
  );
}
