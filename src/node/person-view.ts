/**
 * Owns the one list of people: what the network sees of peers joined with what the user decided about them, and the
 * names by which both are called. Keeps nothing itself.
 */
import type { PersonView } from "#api/views.ts";
import type { AccountId, PeerId } from "#base/brand.ts";
import { nameKey } from "#base/display-name.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { accountOfPeer, keyOfPeerId, parsePeerId, peerOfAccount } from "#crypto/peer-id.ts";
import { comparePhrase } from "#crypto/words.ts";
import type { Directory, PeerEntry } from "#net/index.ts";
import { type Candidate, looksLike, type People, type Person, resolveWho } from "#people/index.ts";

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
  readonly people: Pick<People, "get" | "list" | "isNamesake">;
  readonly directory: Pick<Directory, "get" | "list">;
  /** Peers with whom something was exchanged, whether or not they are in the lists above. */
  readonly correspondents: () => readonly PeerId[];
  /** What to say of a peer that stands on another network; null for all others. */
  readonly otherNetworkOf: (peer: PeerId) => Problem | null;
  /** The name of a relay, as the user gave its address; null for one that nobody named. */
  readonly relayName: (relay: PeerId) => string | null;
}

const SHOWN_ENDS_CHARACTERS = 6;

export function shortPeerId(peer: PeerId): string {
  return `${peer.slice(0, SHOWN_ENDS_CHARACTERS)}…${peer.slice(-SHOWN_ENDS_CHARACTERS)}`;
}

/** The phrase of a peer's key: eight words to compare by voice. */
export function phraseOf(peer: PeerId): string {
  const key = keyOfPeerId(peer);
  if (key === null) throw new Error(`not the peer id of an Ed25519 key: ${peer}`);
  return comparePhrase(key);
}

function keyChangedThere(name: string): Problem {
  return problem(
    "key-changed",
    `Somebody with another key looks like ${name}: a new computer of the same person, or somebody else.`,
    "See the list of people, compare the words of the new key with the person, then accept it or keep the two apart.",
  );
}

/** What is said of a peer whose entry says nothing, or says that it is away. */
interface Said {
  readonly name: string;
  readonly otherNetwork: Problem | null;
  /** A key that looks like this person's has come up. */
  readonly isLookedLike: boolean;
  readonly standIn: PersonView["standIn"];
  readonly via: PersonView["via"];
}

/** A claim never shows as another's name: whoever looks like somebody known, a contact too, bears the key beside it. */
function nameShown(peer: PeerId, { directory, people }: Sources): string {
  const person = people.get(peer);
  const { petname = null, standIn = null, apartFrom = [] } = person ?? {};
  if (petname !== null) return petname;
  const claimedName = directory.get(peer)?.claimedName ?? person?.claimedName ?? null;
  if (claimedName === null) return shortPeerId(peer);
  const isTold = standIn !== null || apartFrom.length > 0 || people.isNamesake(peer, claimedName);
  return isTold ? `${claimedName} (${shortPeerId(peer)})` : claimedName;
}

function personView(peer: PeerId, person: Person | null, entry: PeerEntry | null, said: Said): PersonView {
  const { name } = said;
  const claimedName = entry?.claimedName ?? person?.claimedName ?? null;
  const online = entry?.online ?? false;
  const reach = !online && said.isLookedLike ? keyChangedThere(name) : (entry?.problem ?? null);
  return {
    peerId: peer,
    account: accountOfPeer(peer),
    name,
    claimedName,
    petname: person?.petname ?? null,
    contact: person?.contact ?? false,
    blocked: person?.blocked ?? false,
    online,
    path: entry?.path ?? null,
    via: said.via,
    pathReason: entry?.pathReason ?? null,
    verified: person?.verified ?? null,
    phrase: phraseOf(peer),
    standIn: said.standIn,
    address: entry?.address ?? null,
    addresses: [...(entry?.addresses ?? [])],
    foundBy: [...(entry?.foundBy ?? [])],
    latencyMs: entry?.latencyMs ?? null,
    lastSeenMs: entry?.lastSeenMs ?? person?.lastSeenMs ?? null,
    version: entry?.version ?? null,
    problem: said.otherNetwork ?? reach,
  };
}

function claimedNameOf(peer: PeerId, { people, directory }: Sources): string | null {
  return directory.get(peer)?.claimedName ?? people.get(peer)?.claimedName ?? null;
}

function knownPeers({ self, people, directory, correspondents }: Sources): ReadonlySet<PeerId> {
  const peers = new Set<PeerId>(directory.list().map((entry) => entry.peer));
  for (const person of people.list()) peers.add(person.peer);
  for (const peer of correspondents()) peers.add(peer);
  peers.delete(self);
  return peers;
}

function candidatesAmong(sources: Sources): readonly Candidate[] {
  return [...knownPeers(sources)].map((peer) => {
    const person = sources.people.get(peer);
    const isChosen = person !== null && (person.contact || person.verified !== null);
    return { peer, petname: person?.petname ?? null, claimedName: claimedNameOf(peer, sources), isChosen };
  });
}

function resolveAmong(who: string, sources: Sources): Result<PeerId, Problem> {
  const peer = parsePeerId(who);
  if (peer === sources.self) return fail(OWN_PEER);
  // Somebody never met can be written to by the full id: the message waits until that peer is found.
  if (peer !== null) return ok(peer);
  const found = resolveWho(who, candidatesAmong(sources));
  if (found.ok) return found;
  if (found.fault.code === "ambiguous") return fail(ambiguous(who, found.fault.candidates));
  return fail(nameKey(who) === nameKey(sources.ownName()) ? OWN_PEER : nobody(who));
}

export function createPersons(sources: Sources): Persons {
  const { people, directory, self } = sources;
  const nameOf = (peer: PeerId) => nameShown(peer, sources);

  function standInOf(person: Person | null): PersonView["standIn"] {
    const standIn = person?.standIn ?? null;
    return standIn === null || looksLike(person) === null ? null : { ...standIn, ofName: nameOf(standIn.of) };
  }

  function viaOf(entry: PeerEntry | null): PersonView["via"] {
    const via = entry?.via ?? null;
    return via === null ? null : { peerId: via, name: sources.relayName(via) ?? nameOf(via) };
  }

  const lookedLike = () => new Set(people.list().flatMap((person) => looksLike(person) ?? []));

  function view(peer: PeerId, likes: ReadonlySet<PeerId>): PersonView {
    const person = people.get(peer);
    const entry = directory.get(peer);
    return personView(peer, person, entry, {
      name: nameOf(peer),
      otherNetwork: sources.otherNetworkOf(peer),
      isLookedLike: likes.has(peer),
      standIn: standInOf(person),
      via: viaOf(entry),
    });
  }

  return {
    view: (peer) => view(peer, lookedLike()),
    list() {
      const likes = lookedLike();
      return [...knownPeers(sources)]
        .map((peer) => view(peer, likes))
        .toSorted((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));
    },
    nameOf: (peer) => (peer === self ? sources.ownName() : nameOf(peer)),
    nameOfAccount(account) {
      const peer = peerOfAccount(account);
      if (peer === self) return sources.ownName();
      const isNamed = people.get(peer)?.petname ?? claimedNameOf(peer, sources);
      return isNamed === null ? null : nameOf(peer);
    },
    resolve: (who) => resolveAmong(who, sources),
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
