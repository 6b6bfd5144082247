/** Owns contacts: petnames, the contact flag, blocked peers, when somebody was first and last seen. */
import type { PeerId } from "#base/brand.ts";
import { cleanDisplayName, nameKey } from "#base/display-name.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { PEOPLE_MAX, SEEN_WRITE_PERIOD_MS } from "./limits.ts";
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
  readonly log: Log;
}

export function openPeople({ store, clock, log }: PeopleDependencies): People {
  const people = new Map<PeerId, Person>(store.list().map((person) => [person.peer, person]));
  const events = new Emitter<PeopleEvent>((error) => log.fault("a listener of people failed", error));

  function keep(person: Person): Person {
    store.put(person);
    // Somebody known stays in its place; somebody new comes last.
    people.set(person.peer, person);
    events.emit({ type: "person", person });
    return person;
  }

  function known(peer: PeerId): Person {
    const nowMs = clock.nowMs();
    return (
      people.get(peer) ?? {
        peer,
        petname: null,
        contact: false,
        blocked: false,
        claimedName: null,
        firstSeenMs: nowMs,
        lastSeenMs: nowMs,
      }
    );
  }

  const makeRoom = () => makeRoomIn(people, store);

  return {
    get: (peer) => people.get(peer) ?? null,
    list: () => [...people.values()],
    isContact: (peer) => people.get(peer)?.contact ?? false,
    isBlocked: (peer) => people.get(peer)?.blocked ?? false,
    subscribe: (listener) => events.subscribe(listener),

    update(peer, change) {
      const petname = petnameOf(peer, change.petname, people.values());
      if (!petname.ok) return petname;
      if (!people.has(peer) && !makeRoom()) return fail(TOO_MANY);
      const { contact, blocked } = change;
      return ok(
        keep({
          ...known(peer),
          ...(petname.value === undefined ? {} : { petname: petname.value }),
          ...(contact === undefined ? {} : { contact }),
          ...(blocked === undefined ? {} : { blocked }),
        }),
      );
    },

    seen(peer, claimedName) {
      const person = people.get(peer);
      const nowMs = clock.nowMs();
      const named = claimedName !== null && claimedName !== person?.claimedName;
      const stale = person === undefined || Math.abs(nowMs - person.lastSeenMs) >= SEEN_WRITE_PERIOD_MS;
      if (!named && !stale) return;
      if (person === undefined && !makeRoom()) return;
      const before = known(peer);
      keep({ ...before, claimedName: claimedName ?? before.claimedName, lastSeenMs: nowMs });
    },
  };
}

/** Strangers who were merely seen make room; nobody about whom the user decided something ever does. */
function makeRoomIn(people: Map<PeerId, Person>, store: PeopleStore): boolean {
  if (people.size < PEOPLE_MAX) return true;
  const passing = [...people.values()].filter((person) => !isChosen(person));
  const oldest = passing.reduce<Person | null>(
    (least, person) => (least === null || person.lastSeenMs < least.lastSeenMs ? person : least),
    null,
  );
  if (oldest === null) return false;
  store.remove(oldest.peer);
  people.delete(oldest.peer);
  return true;
}

const TOO_MANY = problem(
  "people-full",
  `${PEOPLE_MAX} contacts and blocked peers are kept already.`,
  "Let go of some of them first.",
);

function isChosen(person: Person): boolean {
  return person.contact || person.blocked || person.petname !== null;
}

/** The petname as it will be kept; `undefined` when none was given. */
function petnameOf(
  peer: PeerId,
  text: string | null | undefined,
  people: Iterable<Person>,
): Result<string | null | undefined, Problem> {
  if (text === null || text === undefined) return ok(text);
  const petname = cleanDisplayName(text);
  if (petname === null) {
    return fail(
      problem(
        "name-refused",
        "The name is empty or holds characters that do not show.",
        "Choose another name.",
      ),
    );
  }
  const key = nameKey(petname);
  for (const other of people) {
    if (other.peer !== peer && other.petname !== null && nameKey(other.petname) === key) {
      return fail(
        problem(
          "name-taken",
          `You call somebody else "${other.petname}" already.`,
          "Choose a name that you will not mix up with it.",
        ),
      );
    }
  }
  return ok(petname);
}
