/**
 * Owns contacts: petnames, the contact flag, who is verified or blocked, keys that look like somebody known, when
 * somebody was first and last seen.
 */
import type { PeerId } from "#base/brand.ts";
import { cleanDisplayName, nameKey } from "#base/display-name.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import {
  type Bearers,
  bearersAmong,
  bearsTheSame,
  isChosen,
  keyChanged,
  likenessOf,
  looksLike,
  oldKeyName,
} from "./likeness.ts";
import { APART_MAX, HEARD_STAND_INS_MAX, PEOPLE_MAX, SEEN_WRITE_PERIOD_MS } from "./limits.ts";
import type { PeopleStore, Person, StandIn, Verified } from "./store.ts";

export interface PersonChange {
  /** Null takes the petname away. */
  readonly petname?: string | null;
  readonly contact?: boolean;
  readonly blocked?: boolean;
  /** True: the phrase of the key was compared with the person. False takes it back, however it came about. */
  readonly verified?: boolean;
}

export interface PeopleEvent {
  readonly type: "person";
  readonly person: Person;
  /** Was blocked or held until this change, and is neither now: what waited may go. */
  readonly released: boolean;
}

export interface People {
  get(peer: PeerId): Person | null;
  /** Everybody ever met or decided about; first met first. */
  list(): readonly Person[];
  /** Refuses a petname that the name rules forbid, or that another person already bears. */
  update(peer: PeerId, change: PersonChange): Result<Person, Problem>;
  /**
   * Keeps a peer as a contact whose key is known to be theirs.
   *
   * @param alongside given what writes that; may write more in the same transaction. What it throws changes nothing.
   */
  verify(
    peer: PeerId,
    how: Verified["how"],
    alongside?: (write: () => void) => void,
  ): Result<Person, Problem>;
  /** Notes that a peer is or was there, and what it calls itself. Written at most once a minute for each peer. */
  seen(peer: PeerId, claimedName: string | null): void;
  /** Notes what a peer that is not here calls itself: kept only when somebody else is known by that name. */
  heardOf(peer: PeerId, claimedName: string): void;
  /** A stranger answers at an address where `of`, whom the user chose, answered before. */
  answeredAt(peer: PeerId, of: PeerId): void;
  /** Why nothing is sent to this peer; null when nothing stands against it. */
  holds(peer: PeerId): Problem | null;
  /** The key stands for the person it looks like: it takes over petname and contact, the old one keeps another name. */
  acceptKey(peer: PeerId): Result<Person, Problem>;
  /** The key is somebody else than the person it looks like: never asked again for these two. */
  keepApart(peer: PeerId): Result<Person, Problem>;
  /** Whether the user knows somebody else by the name that this peer claims. */
  isNamesake(peer: PeerId, claimedName: string): boolean;
  isContact(peer: PeerId): boolean;
  isBlocked(peer: PeerId): boolean;
  subscribe(listener: (event: PeopleEvent) => void): Unsubscribe;
}

export interface PeopleDependencies {
  readonly store: PeopleStore;
  readonly clock: Clock;
  readonly log: Log;
}

export function openPeople(dependencies: PeopleDependencies): People {
  return new KeptPeople(dependencies);
}

class KeptPeople implements People {
  readonly #store: PeopleStore;
  readonly #clock: Clock;
  readonly #people: Map<PeerId, Person>;
  readonly #events: Emitter<PeopleEvent>;
  /** Made anew when it is next asked for after somebody chosen has changed. */
  #bearers: Bearers | null = null;

  constructor({ store, clock, log }: PeopleDependencies) {
    this.#store = store;
    this.#clock = clock;
    this.#people = new Map(store.list().map((person) => [person.peer, person]));
    this.#events = new Emitter((error) => log.fault("a listener of people failed", error));
  }

  get(peer: PeerId): Person | null {
    return this.#people.get(peer) ?? null;
  }

  list(): readonly Person[] {
    return [...this.#people.values()];
  }

  isContact(peer: PeerId): boolean {
    return this.get(peer)?.contact ?? false;
  }

  isNamesake(peer: PeerId, claimedName: string): boolean {
    return (
      this.#bearersNow()
        .get(nameKey(claimedName))
        ?.some((bearer) => bearer !== peer) ?? false
    );
  }

  isBlocked(peer: PeerId): boolean {
    return this.get(peer)?.blocked ?? false;
  }

  subscribe(listener: (event: PeopleEvent) => void): Unsubscribe {
    return this.#events.subscribe(listener);
  }

  update(peer: PeerId, change: PersonChange): Result<Person, Problem> {
    const petname = petnameOf(peer, change.petname, this.#people.values());
    if (!petname.ok) return petname;
    if (!this.#hasRoomFor(peer)) return fail(TOO_MANY);
    const { contact, blocked, verified } = change;
    const before = this.#known(peer);
    return ok(
      this.#keep({
        ...before,
        ...(petname.value === undefined ? {} : { petname: petname.value }),
        ...(contact === undefined ? {} : { contact }),
        ...(blocked === undefined ? {} : { blocked }),
        ...(verified === false ? { verified: null } : {}),
        // Whose key was compared is nobody's stand-in.
        ...(verified === true
          ? { verified: before.verified ?? this.#verified("phrase"), standIn: null }
          : {}),
      }),
    );
  }

  verify(
    peer: PeerId,
    how: Verified["how"],
    alongside: (write: () => void) => void = (write) => write(),
  ): Result<Person, Problem> {
    if (!this.#hasRoomFor(peer)) return fail(TOO_MANY);
    const person: Person = {
      ...this.#known(peer),
      contact: true,
      blocked: false,
      verified: this.#verified(how),
      standIn: null,
    };
    alongside(() => this.#store.put(person));
    this.#kept(person);
    return ok(person);
  }

  seen(peer: PeerId, claimedName: string | null): void {
    const person = this.#people.get(peer);
    const nowMs = this.#clock.nowMs();
    const known = this.#known(peer);
    const named: Person = { ...known, claimedName: claimedName ?? known.claimedName };
    const seen: Person = { ...named, standIn: known.standIn ?? this.#likeness(named) };
    const isNews = seen.claimedName !== known.claimedName || seen.standIn !== known.standIn;
    const isStale = person === undefined || Math.abs(nowMs - person.lastSeenMs) >= SEEN_WRITE_PERIOD_MS;
    if (!isNews && !isStale) return;
    if (!this.#hasRoomFor(peer)) return;
    this.#keep({ ...seen, lastSeenMs: nowMs });
  }

  heardOf(peer: PeerId, claimedName: string): void {
    const named: Person = { ...this.#known(peer), claimedName };
    if (named.standIn !== null) return;
    const standIn = this.#likeness(named);
    if (standIn === null) return;
    const alike = this.list().filter((person) => person.standIn?.of === standIn.of).length;
    if (alike < HEARD_STAND_INS_MAX && this.#hasRoomFor(peer)) this.#keep({ ...named, standIn });
  }

  answeredAt(peer: PeerId, of: PeerId): void {
    const stranger = this.#known(peer);
    const before = this.get(of);
    if (before === null || !isChosen(before) || isChosen(stranger) || stranger.standIn !== null) return;
    if (!this.#hasRoomFor(peer)) return;
    this.#keep({ ...stranger, standIn: { of, how: "address", sinceMs: this.#clock.nowMs() } });
  }

  holds(peer: PeerId): Problem | null {
    const standIn = this.get(peer)?.standIn ?? null;
    return standIn === null ? null : keyChanged(this.#nameOf(standIn.of), standIn.how);
  }

  acceptKey(peer: PeerId): Result<Person, Problem> {
    const standIn = this.get(peer)?.standIn ?? null;
    if (standIn === null) return fail(NO_STAND_IN);
    const { of } = standIn;
    const old = this.#known(of);
    const name = old.petname ?? old.claimedName;
    const isFree = (text: string) => petnameOf(of, text, this.#people.values()).ok;
    const oldName = name === null ? null : oldKeyName(name, isFree);
    if (name !== null && oldName === null) return fail(NO_OLD_NAME);
    const before = this.#known(peer);
    const accepted: Person = {
      ...before,
      petname: old.petname ?? before.petname,
      contact: old.contact || before.contact,
      verified: null,
      standIn: null,
    };
    const replaced: Person = { ...old, petname: oldName, contact: false, verified: null };
    // What was seen and decided of others beside the old key stands for the new one: it is the same person.
    const others = this.list().flatMap((person) => (person.peer === peer ? [] : passedOn(person, of, peer)));
    const changed = [replaced, accepted, ...others];
    this.#store.putTogether(changed);
    for (const person of changed) this.#kept(person);
    return ok(accepted);
  }

  keepApart(peer: PeerId): Result<Person, Problem> {
    const person = this.#known(peer);
    if (person.standIn === null) return fail(NO_STAND_IN);
    const apartFrom = [...person.apartFrom, person.standIn.of].slice(-APART_MAX);
    const apart: Person = { ...person, apartFrom, standIn: null };
    // It may claim the name of yet another person.
    return ok(this.#keep({ ...apart, standIn: this.#likeness(apart) }));
  }

  #known(peer: PeerId): Person {
    const nowMs = this.#clock.nowMs();
    return this.#people.get(peer) ?? newPerson(peer, nowMs);
  }

  #verified(how: Verified["how"]): Verified {
    return { how, atMs: this.#clock.nowMs() };
  }

  #likeness(person: Person): StandIn | null {
    const of = likenessOf(person, this.#bearersNow());
    return of === null ? null : { of, how: "name", sinceMs: this.#clock.nowMs() };
  }

  #bearersNow(): Bearers {
    this.#bearers ??= bearersAmong(this.#people.values());
    return this.#bearers;
  }

  #nameOf(peer: PeerId): string {
    const person = this.get(peer);
    return person?.petname ?? person?.claimedName ?? peer;
  }

  #keep(person: Person): Person {
    this.#store.put(person);
    this.#kept(person);
    return person;
  }

  /** Somebody known stays in its place; somebody new comes last. */
  #kept(person: Person): void {
    const before = this.#people.get(person.peer);
    if (!bearsTheSame(before, person)) this.#bearers = null;
    this.#people.set(person.peer, person);
    const released = before !== undefined && isStopped(before) && !isStopped(person);
    this.#events.emit({ type: "person", person, released });
    const [of, wasOf] = [looksLike(person), looksLike(before)];
    if (of === wasOf) return;
    // Whom it looks like, or looked like, is shown with that.
    for (const alike of [of, wasOf]) {
      const known = alike === null ? null : this.get(alike);
      if (known !== null) this.#events.emit({ type: "person", person: known, released: false });
    }
  }

  /**
   * Strangers who were merely seen make room, those with the face of somebody known last; nobody about whom the user
   * decided something ever does.
   */
  #hasRoomFor(peer: PeerId): boolean {
    if (this.#people.has(peer) || this.#people.size < PEOPLE_MAX) return true;
    const passing = this.list().filter((person) => !isChosen(person));
    const rank = (person: Person) => (person.standIn === null ? 0 : 1);
    const [first] = passing.sort((a, b) => rank(a) - rank(b) || a.lastSeenMs - b.lastSeenMs);
    if (first === undefined) return false;
    this.#store.remove(first.peer);
    this.#people.delete(first.peer);
    return true;
  }
}

function newPerson(peer: PeerId, nowMs: number): Person {
  return {
    peer,
    petname: null,
    contact: false,
    blocked: false,
    claimedName: null,
    verified: null,
    standIn: null,
    apartFrom: [],
    firstSeenMs: nowMs,
    lastSeenMs: nowMs,
  };
}

function isStopped({ blocked, standIn }: Person): boolean {
  return blocked || standIn !== null;
}

/** A person after one key took the place of another; nothing where that changes nothing. */
function passedOn(person: Person, from: PeerId, to: PeerId): readonly Person[] {
  const { apartFrom, standIn } = person;
  const looksLikeIt = standIn?.of === from;
  if (!looksLikeIt && !apartFrom.includes(from)) return [];
  return [
    {
      ...person,
      standIn: looksLikeIt ? { ...standIn, of: to } : standIn,
      apartFrom: apartFrom.includes(from) ? [...apartFrom, to].slice(-APART_MAX) : apartFrom,
    },
  ];
}

const TOO_MANY = problem(
  "people-full",
  `${PEOPLE_MAX} contacts and blocked peers are kept already.`,
  "Let go of some of them first.",
);

const NO_STAND_IN = problem(
  "key-not-asked",
  "This key does not look like that of somebody else you know.",
  "There is nothing to decide.",
);

const NO_OLD_NAME = problem(
  "name-taken",
  "Too many old keys of this person bear a name already.",
  "Take the names of some of them away.",
);

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
