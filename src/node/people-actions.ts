/** Owns what a user can do about people: see them, connect, name, keep as contact, verify, block, decide on keys. */
import type { PersonView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { type PeerNetwork, parseAddress } from "#net/index.ts";
import { looksLike, type People, type Person } from "#people/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Facade } from "./facade.ts";
import { PROFILE_WAIT_MS } from "./limits.ts";
import type { Persons } from "./person-view.ts";

interface Parts {
  readonly persons: Persons;
  readonly people: Pick<People, "list" | "get" | "update" | "answeredAt" | "acceptKey" | "keepApart">;
  readonly network: Pick<PeerNetwork, "connect" | "dropBlocked" | "directory">;
  readonly clock: Clock;
}

type PeopleFacade = Pick<
  Facade,
  "people" | "person" | "connect" | "updatePerson" | "acceptKey" | "keepApart"
>;

export function peopleActions(parts: Parts): PeopleFacade {
  const { persons, people, network } = parts;
  const decideOn = async (
    who: string,
    decide: (peer: PeerId) => Result<Person, Problem>,
  ): Promise<Result<PersonView, Problem>> => {
    const peer = persons.resolve(who);
    if (!peer.ok) return peer;
    const decided = standInFor(peer.value, people);
    if (!decided.ok) return decided;
    const changed = decide(decided.value);
    if (!changed.ok) return changed;
    return ok(persons.view(decided.value));
  };
  return {
    people: async () => persons.list(),

    async person(who) {
      const peer = persons.resolve(who);
      return peer.ok ? ok(persons.view(peer.value)) : peer;
    },

    async connect(address) {
      const before = whoAnsweredAt(address, parts);
      const peer = await network.connect(address);
      if (!peer.ok) return peer;
      if (before !== null && before !== peer.value) people.answeredAt(peer.value, before);
      await profileOf(peer.value, parts);
      return ok(persons.view(peer.value));
    },

    async updatePerson(who, change) {
      const peer = persons.resolve(who);
      if (!peer.ok) return peer;
      const updated = people.update(peer.value, change);
      if (!updated.ok) return updated;
      if (change.blocked === true) await network.dropBlocked();
      return ok(persons.view(peer.value));
    },

    acceptKey: (who) => decideOn(who, (peer) => people.acceptKey(peer)),
    keepApart: (who) => decideOn(who, (peer) => people.keepApart(peer)),
  };
}

/** Whoever is named: the key that looks like somebody, or the somebody it looks like, when there is but one such key. */
function standInFor(peer: PeerId, people: Pick<People, "list" | "get">): Result<PeerId, Problem> {
  if ((people.get(peer)?.standIn ?? null) !== null) return ok(peer);
  const alike = people.list().filter((person) => looksLike(person) === peer);
  const [only] = alike;
  if (only === undefined) return ok(peer);
  if (alike.length === 1) return ok(only.peer);
  return fail(
    problem(
      "who-ambiguous",
      `${alike.length} keys look like this person's.`,
      "Name the one you mean by its peer id; the list of people shows them.",
    ),
  );
}

/** The chosen person who was last known at an address and is away now: somebody else there has another key. */
function whoAnsweredAt(address: string, { network, people }: Parts): PeerId | null {
  const parsed = parseAddress(address);
  if (!parsed.ok) return null;
  const before = network.directory
    .list()
    .filter(({ online, addresses }) => !online && addresses.includes(parsed.value.address))
    .find(({ peer }) => isChosen(people.get(peer)));
  return before?.peer ?? null;
}

function isChosen(person: Person | null): boolean {
  return person !== null && (person.contact || person.petname !== null || person.verified !== null);
}

/** Resolves when the peer has said who it is, which follows the connection within a moment, or when it does not. */
export function profileOf(
  peer: PeerId,
  { clock, network }: { readonly clock: Clock; readonly network: Pick<PeerNetwork, "directory"> },
): Promise<void> {
  const { directory } = network;
  if ((directory.get(peer)?.claimedName ?? null) !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      unsubscribe();
      resolve();
    };
    const timer = clock.after(PROFILE_WAIT_MS, done);
    const unsubscribe = directory.subscribe((event) => {
      if (event.type === "peer" && event.entry.peer === peer && event.entry.claimedName !== null) done();
    });
  });
}
