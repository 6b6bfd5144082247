/** Owns what people ask of a store: what the user has decided about peers, and who looks like whom. Types only. */
import type { PeerId } from "#base/brand.ts";

/** How a key was shown to be a person's: by an invite that both sides proved, or by words compared by voice. */
export interface Verified {
  readonly how: "invite" | "phrase";
  readonly atMs: number;
}

/** A key that looks like somebody known and is not theirs. Stays until the user decides, whatever the peer does. */
export interface StandIn {
  /** Whom it looks like. */
  readonly of: PeerId;
  /** Claims that one's name, or answers at that one's address. */
  readonly how: "name" | "address";
  readonly sinceMs: number;
}

export interface Person {
  readonly peer: PeerId;
  /** What the user calls this person; null when no name was given. */
  readonly petname: string | null;
  /** Chosen by the user. */
  readonly contact: boolean;
  readonly blocked: boolean;
  /** The name the peer claimed when last heard, kept for when it is away. */
  readonly claimedName: string | null;
  readonly verified: Verified | null;
  /** Not null: nothing is sent to this peer. */
  readonly standIn: StandIn | null;
  /** Whom the user knows this to be somebody else than, though they look alike. */
  readonly apartFrom: readonly PeerId[];
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

/** Synchronous: each call is durable when it returns, and one that throws has changed nothing. */
export interface PeopleStore {
  list(): readonly Person[];
  /** Adds, or replaces the row of the same peer. */
  put(person: Person): void;
  /** As `put`, all or none. */
  putTogether(people: readonly Person[]): void;
  remove(peer: PeerId): void;
}
