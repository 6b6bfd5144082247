/** Owns contacts: petnames, the contact flag, blocked peers, when somebody was first and last seen. */
import type { PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { PeopleStore, Person } from "./store.ts";

export interface PersonChange {
  /** Null takes the petname away. */
  readonly petname?: string | null;
  readonly contact?: boolean;
  readonly blocked?: boolean;
}

export interface PeopleEvent {
  readonly type: "person";
  readonly person: Person;
}

export interface People {
  get(peer: PeerId): Person | null;
  /** Everybody ever met or decided about; first met first. */
  list(): readonly Person[];
  /** Refuses a petname that the name rules forbid, or that another person already bears. */
  update(peer: PeerId, change: PersonChange): Result<Person, Problem>;
  /** Notes that a peer is or was there, and what it calls itself. Written at most once a minute for each peer. */
  seen(peer: PeerId, claimedName: string | null): void;
  isContact(peer: PeerId): boolean;
  isBlocked(peer: PeerId): boolean;
  subscribe(listener: (event: PeopleEvent) => void): Unsubscribe;
}

export interface PeopleDependencies {
  readonly store: PeopleStore;
  readonly clock: Clock;
}
