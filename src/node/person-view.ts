/**
 * Owns the one list of people: what the network sees of peers joined with what the user decided about them, and the
 * names by which both are called. Keeps nothing itself.
 */
import type { PersonView } from "#api/views.ts";
import type { AccountId, PeerId } from "#base/brand.ts";
import { nameKey } from "#base/display-name.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { accountOfPeer, parsePeerId, peerOfAccount } from "#crypto/peer-id.ts";
import type { Directory, PeerEntry } from "#net/index.ts";
import { type Candidate, type People, type Person, resolveWho } from "#people/index.ts";

export interface Persons {
  view(peer: PeerId): PersonView;
  /** Everybody known, those online first, then by name. Not this peer itself. */
  list(): readonly PersonView[];
  nameOf(peer: PeerId): string;
  nameOfAccount(account: AccountId): string | null;
  resolve(who: string): Result<PeerId, Problem>;
}

interface Sources {
  readonly self: PeerId;
  readonly ownName: () => string;
  readonly people: Pick<People, "get" | "list">;
  readonly directory: Pick<Directory, "get" | "list">;
  /** Peers with whom something was exchanged, whether or not they are in the lists above. */
  readonly correspondents: () => readonly PeerId[];
  readonly standsOnOtherNetwork: (peer: PeerId) => boolean;
}

const OTHER_NETWORK = problem(
  "other-network",
  "This peer stands on another network: its genesis differs from ours.",
  "Messages and files work; for a common ledger start both peers with the same --network file.",
);

const SHOWN_ENDS_CHARACTERS = 6;

export function shortPeerId(peer: PeerId): string {
  return `${peer.slice(0, SHOWN_ENDS_CHARACTERS)}…${peer.slice(-SHOWN_ENDS_CHARACTERS)}`;
}

function personView(
  peer: PeerId,
  person: Person | null,
  entry: PeerEntry | null,
  otherNetwork: boolean,
): PersonView {
  const claimedName = entry?.claimedName ?? person?.claimedName ?? null;
  const petname = person?.petname ?? null;
  return {
    peerId: peer,
    account: accountOfPeer(peer),
    name: petname ?? claimedName ?? shortPeerId(peer),
    claimedName,
    petname,
    contact: person?.contact ?? false,
    blocked: person?.blocked ?? false,
    online: entry?.online ?? false,
    path: entry?.path ?? null,
    address: entry?.address ?? null,
    addresses: [...(entry?.addresses ?? [])],
    foundBy: [...(entry?.foundBy ?? [])],
    latencyMs: entry?.latencyMs ?? null,
    lastSeenMs: entry?.lastSeenMs ?? person?.lastSeenMs ?? null,
    version: entry?.version ?? null,
    problem: otherNetwork ? OTHER_NETWORK : (entry?.problem ?? null),
  };
}

export function createPersons(sources: Sources): Persons {
  const { people, directory, self } = sources;

  function view(peer: PeerId): PersonView {
    const differs = sources.standsOnOtherNetwork(peer);
    return personView(peer, people.get(peer), directory.get(peer), differs);
  }

  function known(): Set<PeerId> {
    const peers = new Set<PeerId>(directory.list().map((entry) => entry.peer));
    for (const person of people.list()) peers.add(person.peer);
    for (const peer of sources.correspondents()) peers.add(peer);
    peers.delete(self);
    return peers;
  }

  function candidates(): readonly Candidate[] {
    return [...known()].map((peer) => {
      const { petname, claimedName } = view(peer);
      return { peer, petname, claimedName };
    });
  }

  return {
    view,
    list: () =>
      [...known()]
        .map(view)
        .toSorted((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name)),
    nameOf: (peer) => (peer === self ? sources.ownName() : view(peer).name),
    nameOfAccount(account) {
      const peer = peerOfAccount(account);
      if (peer === self) return sources.ownName();
      const { petname, claimedName } = view(peer);
      return petname ?? claimedName;
    },
    resolve(who) {
      const peer = parsePeerId(who);
      if (peer === self) return fail(OWN_PEER);
      // Somebody never met can be written to by the full id: the message waits until that peer is found.
      if (peer !== null) return ok(peer);
      const found = resolveWho(who, candidates());
      if (found.ok) return ok(found.value);
      if (found.fault.code === "nobody" && nameKey(who) === nameKey(sources.ownName())) return fail(OWN_PEER);
      return fail(found.fault.code === "nobody" ? nobody(who) : ambiguous(who, found.fault.candidates));
    },
  };
}

const OWN_PEER = problem("who-self", "This is your own peer.", "Name somebody else.");

function nobody(who: string): Problem {
  return problem(
    "who-unknown",
    `Nobody known is called "${who.slice(0, 64)}".`,
    "See who is there with the peers command, or connect to an address first.",
  );
}

function ambiguous(who: string, candidates: readonly Candidate[]): Problem {
  const names = candidates.map(({ peer, petname, claimedName }) => {
    return `${petname ?? claimedName ?? "?"} (${shortPeerId(peer)})`;
  });
  return problem(
    "who-ambiguous",
    `"${who.slice(0, 64)}" may be ${names.slice(0, 5).join(" or ")}.`,
    "Use the peer id, or give one of them a name of your own.",
  );
}
