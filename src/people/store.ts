/** Owns what people ask of a store: what the user has decided about peers. Types only. */
import type { PeerId } from "#base/brand.ts";

export interface Person {
  readonly peer: PeerId;
  /** What the user calls this person; null when no name was given. */
  readonly petname: string | null;
  /** Chosen by the user. */
  readonly contact: boolean;
  readonly blocked: boolean;
  /** The name the peer claimed when last heard, kept for when it is away. */
  readonly claimedName: string | null;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

/** Synchronous: each call is durable when it returns. */
export interface PeopleStore {
  list(): readonly Person[];
  /** Adds, or replaces the row of the same peer. */
  put(person: Person): void;
  remove(peer: PeerId): void;
}
