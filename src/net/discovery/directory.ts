/**
 * Owns what is known of peers right now: names they claim, addresses, how they were found, how they are reached.
 * A live list held in memory; what outlives the process is the address book's. Knows nothing of contacts.
 */
import type { PeerId } from "#base/brand.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { type Problem, problem } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Connected, PathKind } from "#ports/network.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  DIRECTORY_PEERS_MAX,
  HEARSAY_EXPIRY_MS,
  HEARSAY_PER_SOURCE_MAX,
} from "../limits.ts";
import type { Profile } from "./profile.ts";

/** How a peer came to be known; a peer may be found in several ways. */
export type FoundBy =
  | "mdns"
  | "announcement"
  | "typed"
  | "exchange"
  | "inbound"
  | "tracker"
  | "kademlia"
  | "scan"
  | "invite";

export interface PeerEntry {
  readonly peer: PeerId;
  /** What the peer calls itself, signed by it; anyone may claim any name. */
  readonly claimedName: string | null;
  /** Multiaddrs without `/p2p`, most promising first. */
  readonly addresses: readonly string[];
  readonly foundBy: readonly FoundBy[];
  readonly online: boolean;
  /** Null while offline. */
  readonly path: PathKind | null;
  /** The multiaddr in use; null while offline. */
  readonly address: string | null;
  /** Over whom, where the path is relayed; null otherwise. */
  readonly via: PeerId | null;
  /** Why the path is this one and not a better one; null where there is nothing to say. */
  readonly pathReason: Problem | null;
  /** Last round trip; null while offline or not yet measured. */
  readonly latencyMs: number | null;
  /** Last time that a connection was alive or a signed word of the peer was heard. */
  readonly lastSeenMs: number | null;
  readonly version: string | null;
  readonly capabilities: readonly string[];
  /** Why the peer is not reached, or that it stands on another network. */
  readonly problem: Problem | null;
}

export type DirectoryEvent =
  /** Something about this peer is new. */
  | { readonly type: "peer"; readonly entry: PeerEntry }
  /** Not known any longer: never reached and not heard of for long. */
  | { readonly type: "forgotten"; readonly peer: PeerId }
  /** Our own listen addresses or warnings are not what they were. */
  | { readonly type: "self" };

export interface Directory {
  list(): readonly PeerEntry[];
  get(peer: PeerId): PeerEntry | null;
  subscribe(listener: (event: DirectoryEvent) => void): Unsubscribe;
}

export interface PeerDirectoryDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Peers that must not be forgotten, whatever happens: those whose address the user typed. */
  readonly isKept: (peer: PeerId) => boolean;
  /** Peers that are nobody's acquaintance: trackers. They never enter the list. */
  readonly isHidden?: (peer: PeerId) => boolean;
  /** What is known better than a dial tells of why a peer is not reached; null: nothing. */
  readonly explains?: (peer: PeerId) => Problem | null;
}

export class PeerDirectory implements Directory {
  readonly #clock: Clock;
  readonly #isKept: (peer: PeerId) => boolean;
  readonly #isHidden: (peer: PeerId) => boolean;
  readonly #explains: (peer: PeerId) => Problem | null;
  readonly #events: Emitter<DirectoryEvent>;
  readonly #entries = new Map<PeerId, PeerEntry>();
  /** When each peer was first or last heard of, connected or not. */
  readonly #heardMs = new Map<PeerId, number>();
  /** By whom or by what each was first told of. */
  readonly #sources = new Map<PeerId, string>();
  readonly #proven = new Set<PeerId>();

  constructor(dependencies: PeerDirectoryDependencies) {
    this.#clock = dependencies.clock;
    this.#isKept = dependencies.isKept;
    this.#isHidden = dependencies.isHidden ?? (() => false);
    this.#explains = dependencies.explains ?? (() => null);
    this.#events = new Emitter((error) => dependencies.log.fault("a listener of the directory", error));
  }

  list(): readonly PeerEntry[] {
    return [...this.#entries.values()];
  }

  get(peer: PeerId): PeerEntry | null {
    return this.#entries.get(peer) ?? null;
  }

  subscribe(listener: (event: DirectoryEvent) => void): Unsubscribe {
    return this.#events.subscribe(listener);
  }

  /**
   * Word of a peer: how it was found, and where it may be. Newer addresses go before those known.
   * @param teller who told it, where that was another peer.
   */
  heard(
    peer: PeerId,
    foundBy: FoundBy | null,
    addresses: readonly string[],
    name: string | null = null,
    teller: PeerId | null = null,
  ): void {
    if (this.#isHidden(peer)) return;
    const known = this.#entries.get(peer);
    const entry = known ?? newEntry(peer);
    this.#heardMs.set(peer, this.#clock.monotonicMs());
    if (known === undefined && foundBy !== null) this.#sources.set(peer, teller ?? foundBy);
    this.#put({
      ...entry,
      claimedName: name ?? entry.claimedName,
      foundBy:
        foundBy === null || entry.foundBy.includes(foundBy) ? entry.foundBy : [...entry.foundBy, foundBy],
      addresses: merged(addresses, entry.addresses),
    });
  }

  /** The peer answered at an address that we called: it is no mere word of others. */
  proven(peer: PeerId): void {
    if (this.#entries.has(peer)) this.#proven.add(peer);
  }

  /** Whether it ever answered a call of ours, as far as is remembered. */
  isProven(peer: PeerId): boolean {
    return this.#proven.has(peer);
  }

  /** A peer turned out to be one that `isHidden` keeps out. */
  hide(peer: PeerId): void {
    if (this.#entries.has(peer)) this.#forget(peer);
  }

  /** A signed word came from the peer itself, though not over a connection. */
  sensed(peer: PeerId): void {
    this.#change(peer, () => ({ lastSeenMs: this.#clock.nowMs() }));
  }

  connected(connection: Connected, isInbound: boolean): void {
    const known = this.#entries.has(connection.peer);
    this.heard(connection.peer, isInbound && !known ? "inbound" : null, []);
    if (!isInbound) this.proven(connection.peer);
    this.#change(connection.peer, () => ({
      online: true,
      path: connection.path,
      address: connection.address,
      via: connection.via,
      lastSeenMs: this.#clock.nowMs(),
      problem: null,
    }));
  }

  /** A connected peer is reached in another way than before. */
  rerouted({ peer, path, address, via }: Connected): void {
    this.#change(peer, () => ({ path, address, via, latencyMs: null, lastSeenMs: this.#clock.nowMs() }));
  }

  /** Why a connected peer is reached as it is; null where there is nothing to say. */
  explained(peer: PeerId, pathReason: Problem | null): void {
    this.#change(peer, (entry) => (entry.online ? { pathReason } : {}));
  }

  disconnected(peer: PeerId): void {
    this.#heardMs.set(peer, this.#clock.monotonicMs());
    this.#change(peer, () => ({
      online: false,
      path: null,
      address: null,
      via: null,
      pathReason: null,
      latencyMs: null,
      lastSeenMs: this.#clock.nowMs(),
      problem: problem("offline", "The connection ended.", "It is tried again by itself."),
    }));
  }

  measured(peer: PeerId, latencyMs: number): void {
    this.#change(peer, () => ({ latencyMs, lastSeenMs: this.#clock.nowMs() }));
  }

  /** @param trouble what stands against the profile, such as another network; null when nothing does. */
  described(profile: Profile, addresses: readonly string[], trouble: Problem | null): void {
    this.#change(profile.peer, (entry) => ({
      claimedName: profile.name,
      version: profile.version,
      capabilities: profile.capabilities,
      addresses: merged(addresses, entry.addresses),
      problem: entry.online || trouble !== null ? trouble : entry.problem,
    }));
  }

  unreached(peer: PeerId, why: Problem): void {
    const explained = this.#explains(peer) ?? why;
    this.#change(peer, (entry) => (entry.online ? {} : { problem: explained }));
  }

  /** Tells listeners that our own addresses or warnings are new. */
  selfChanged(): void {
    this.#events.emit({ type: "self" });
  }

  /** Lets go of whoever was never reached and has been silent for long. */
  prune(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const entry of this.#entries.values()) {
      if (entry.online || entry.lastSeenMs !== null || this.#isKept(entry.peer)) continue;
      if (nowMs - (this.#heardMs.get(entry.peer) ?? nowMs) > HEARSAY_EXPIRY_MS) this.#forget(entry.peer);
    }
  }

  #change(peer: PeerId, change: (entry: PeerEntry) => Partial<PeerEntry>): void {
    const entry = this.#entries.get(peer);
    if (entry !== undefined) this.#put({ ...entry, ...change(entry) });
  }

  #put(entry: PeerEntry): void {
    const before = this.#entries.get(entry.peer);
    this.#entries.set(entry.peer, entry);
    if (before === undefined) this.#makeRoom(entry.peer);
    if (before === undefined || !isSame(before, entry)) this.#events.emit({ type: "peer", entry });
  }

  /** Whoever tells of many crowds out those it told of itself; and what is only told, never what was proven. */
  #makeRoom(newcomer: PeerId): void {
    const source = this.#sources.get(newcomer);
    const loose = [...this.#entries.values()].filter(
      ({ peer, online }) => !online && peer !== newcomer && !this.#isKept(peer),
    );
    const told = loose.filter(({ peer }) => !this.#proven.has(peer));
    const ofSource = told.filter(({ peer }) => source !== undefined && this.#sources.get(peer) === source);
    if (ofSource.length >= HEARSAY_PER_SOURCE_MAX) this.#forget(this.#oldest(ofSource) ?? newcomer);
    if (this.#entries.size <= DIRECTORY_PEERS_MAX) return;
    this.#forget(this.#oldest(told) ?? this.#oldest(loose) ?? newcomer);
  }

  /** The one not heard of for longest. */
  #oldest(entries: readonly PeerEntry[]): PeerId | undefined {
    const heardMs = ({ peer }: PeerEntry) => this.#heardMs.get(peer) ?? 0;
    return entries.toSorted((a, b) => heardMs(a) - heardMs(b))[0]?.peer;
  }

  #forget(peer: PeerId): void {
    this.#entries.delete(peer);
    this.#heardMs.delete(peer);
    this.#sources.delete(peer);
    this.#proven.delete(peer);
    this.#events.emit({ type: "forgotten", peer });
  }
}

function newEntry(peer: PeerId): PeerEntry {
  return {
    peer,
    claimedName: null,
    addresses: [],
    foundBy: [],
    online: false,
    path: null,
    address: null,
    via: null,
    pathReason: null,
    latencyMs: null,
    lastSeenMs: null,
    version: null,
    capabilities: [],
    problem: null,
  };
}

function merged(newer: readonly string[], known: readonly string[]): readonly string[] {
  return [...new Set([...newer, ...known])].slice(0, ADDRESSES_PER_PEER_MAX);
}

/** Times and tenths of latency alone are not news: listeners would hear of every heartbeat. */
function isSame(a: PeerEntry, b: PeerEntry): boolean {
  const weigh = (entry: PeerEntry) =>
    JSON.stringify({
      ...entry,
      lastSeenMs: null,
      latencyMs: entry.latencyMs === null ? null : Math.round(Math.log2(entry.latencyMs + 1)),
    });
  return weigh(a) === weigh(b);
}
