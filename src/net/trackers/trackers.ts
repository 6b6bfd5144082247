/**
 * Owns the trackers of a peer: those the user named and those that trackers tell of, what is registered with them, which
 * of them relay for us, and what they tell of others. Whom to dial is not decided here: what is believed is handed on.
 */
import type { PeerId } from "#base/brand.ts";
import { compareBytes } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import { isDialable, isLoopback, withoutPeer } from "../addresses.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  PRESENCE_TTL_SECONDS_DEFAULT,
  RENDEZVOUS_PER_PEER_MAX,
  TRACKER_FIND_PEERS_MAX,
  TRACKER_TOLD_FAILURES_MAX,
  TRACKERS_MAX,
} from "../limits.ts";
import type { TrackerState } from "../reach.ts";
import { Awaited, leadsFromEverywhere } from "./awaited.ts";
import { type Presence, signPresence } from "./presence-record.ts";
import { PresenceTaker } from "./presence-taker.ts";
import { type RelayListener, RelayPlaces } from "./relay-places.ts";
import type { Carried } from "./relay-watch.ts";
import { parseTrackerAddress, type TrackerAddress } from "./tracker-address.ts";
import { type Announced, TrackerClient, type TrackerClientDependencies } from "./tracker-client.ts";

export interface TrackersOptions {
  readonly keypair: Keypair;
  readonly chainId: Uint8Array;
  /** Whether trackers may tell strangers of the same network that this peer is there. */
  readonly isListed: boolean;
}

export interface TrackersDependencies {
  readonly network: Pick<Network, "open" | "subscribe" | "connected">;
  readonly clock: Clock;
  readonly random: Random;
  readonly dial: TrackerClientDependencies["dial"];
  readonly listener: RelayListener;
  readonly name: () => string;
  /** Addresses without `/p2p` at which this peer is reached; ways over relays are added here. */
  readonly addresses: () => readonly string[];
  readonly isRefused: (peer: PeerId) => boolean;
  /** False while nobody may call: then no place is held at relays. */
  readonly mayHoldPlaces: () => boolean;
  readonly onPresence: (presence: Presence, foundBy: "tracker" | "invite") => void;
  /** Whether a peer has shown itself to be a tracker. */
  readonly onShown: (peer: PeerId, isTracker: boolean) => void;
  /** States, observed addresses or relay places are new. */
  readonly onChange: () => void;
}

/** Where a tracker answers STUN. */
export interface TrackerStun {
  /** Name or IP address. */
  readonly host: string;
  /** UDP, ascending; at least one. */
  readonly ports: readonly number[];
  /** Whether the tracker is spoken to now: then its silence over UDP means something. */
  readonly isConnected: boolean;
}

interface Member {
  readonly client: TrackerClient;
  readonly isNamed: boolean;
}

export class Trackers {
  readonly #options: TrackersOptions;
  readonly #dependencies: TrackersDependencies;
  readonly #taker: PresenceTaker;
  readonly #places: RelayPlaces;
  readonly #awaited: Awaited;
  readonly #members: Member[] = [];
  readonly #leaving = new Set<Promise<void>>();
  #rendezvous: readonly Uint8Array[] = [];
  #said = "";
  #shown = "";

  constructor(options: TrackersOptions, dependencies: TrackersDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { clock, isRefused } = dependencies;
    this.#taker = new PresenceTaker({
      self: options.keypair.peerId,
      chainId: options.chainId,
      clock,
      isRefused,
    });
    this.#awaited = new Awaited(clock);
    this.#places = new RelayPlaces({
      listener: dependencies.listener,
      clock,
      onChange: () => this.#onChange(),
    });
  }

  /** Named ones first, in the order of naming. */
  states(): readonly TrackerState[] {
    const [named, told] = [true, false].map((isNamed) =>
      this.#members.filter((one) => one.isNamed === isNamed),
    );
    return [...(named ?? []), ...(told ?? [])].map(({ client }) => {
      const state = client.state();
      const isHeld = state.peer !== null && this.#places.has(state.peer);
      return isHeld ? state : { ...state, relay: null };
    });
  }

  /** Where trackers answer STUN, as far as they said so. */
  stunServers(): readonly TrackerStun[] {
    return this.#members.flatMap(({ client }) => {
      const { address, stunPorts, connectedPeer } = client;
      const isConnected = connectedPeer !== null;
      return stunPorts.length === 0 ? [] : [{ host: address.host, ports: stunPorts, isConnected }];
    });
  }

  /** Counted since the start: what trackers handed on that was not believed. */
  refused(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#taker.refused);
  }

  /** Whether a relay may bring callers here. */
  expectsCallsOver(relay: PeerId): boolean {
    return this.#dependencies.mayHoldPlaces() && this.#places.expects(relay);
  }

  relayAddresses(): readonly string[] {
    return this.#places.addresses();
  }

  add(text: string): Result<undefined, Problem> {
    const parsed = parseTrackerAddress(text);
    if (!parsed.ok) return parsed;
    const known = this.#members.findIndex(({ client }) => isSame(client.address, parsed.value));
    const member = this.#members[known];
    if (member !== undefined) {
      this.#members[known] = { ...member, isNamed: true };
      return ok();
    }
    if (this.#members.filter(({ isNamed }) => isNamed).length >= TRACKERS_MAX) return fail(tooMany());
    const told = this.#members.findIndex(({ isNamed }) => !isNamed);
    if (this.#members.length >= TRACKERS_MAX && told >= 0) this.#drop(told);
    this.#join(parsed.value, true);
    return ok();
  }

  remove(text: string): boolean {
    const parsed = parseTrackerAddress(text);
    const at = this.#members.findIndex(
      ({ client }) =>
        client.address.text === text.trim() || (parsed.ok && isSame(client.address, parsed.value)),
    );
    if (at < 0) return false;
    this.#drop(at);
    this.#onChange();
    return true;
  }

  setRendezvous(ids: readonly Uint8Array[]): void {
    const sorted = [...ids].sort(compareBytes);
    const each = sorted.filter((id, at) => at === 0 || compareBytes(id, sorted[at - 1] ?? id) !== 0);
    this.#rendezvous = each.slice(0, RENDEZVOUS_PER_PEER_MAX);
    for (const { client } of this.#members) client.changed();
  }

  /** Who says to wait at a meeting point; asks every tracker that is connected. */
  async meet(id: Uint8Array): Promise<readonly PeerId[]> {
    const met = await this.#askAll((client) => client.ask({ type: "meet", rendezvous: id }), "met");
    const there = met.flatMap(({ records, tracker, isHere, nowMs }) =>
      this.#taker.take(records, { tracker, isHere, nowMs, asked: "anybody" }),
    );
    for (const presence of there) this.#dependencies.onPresence(presence, "invite");
    return [...new Set(there.map((presence) => presence.peer))];
  }

  /** Asks every tracker that is connected for these peers; those whom at least one knows. */
  async find(peers: readonly PeerId[]): Promise<readonly PeerId[]> {
    const found: PeerId[] = [];
    for (let at = 0; at < peers.length; at += TRACKER_FIND_PEERS_MAX) {
      const asked = peers.slice(at, at + TRACKER_FIND_PEERS_MAX);
      const answers = await this.#askAll((client) => client.ask({ type: "find", peers: asked }), "found");
      for (const { records, tracker, isHere, nowMs } of answers) {
        for (const presence of this.#taker.take(records, { tracker, isHere, nowMs, asked })) {
          this.#dependencies.onPresence(presence, "tracker");
          found.push(presence.peer);
        }
      }
    }
    return [...new Set(found)];
  }

  /** What a tracker that is a relay still carries between this peer and another; null where it does not say. */
  async carried(relay: PeerId, other: PeerId): Promise<Carried | null> {
    const client = this.#members.find((member) => member.client.connectedPeer === relay)?.client;
    if (client === undefined) return null;
    const answer = await client.ask({ type: "relay", other });
    // Also for what is shown of this peer's own quota.
    await client.ask({ type: "relay", other: null });
    this.#onChange();
    if (!answer.ok || answer.value.type !== "relay" || answer.value.relay === null) return null;
    return { relay: answer.value.relay, name: client.address.text, nowMs: answer.value.nowMs };
  }

  /** Our own addresses or name may be new: says so where they are. Also looks after relay places. */
  tick(): void {
    const said = JSON.stringify([this.#dependencies.name(), this.#ownAddresses(true)]);
    if (said !== this.#said) {
      this.#said = said;
      for (const { client } of this.#members) client.changed();
    }
    this.#members.forEach(({ client, isNamed }, at) => {
      if (!isNamed && client.failures >= TRACKER_TOLD_FAILURES_MAX) this.#drop(at);
    });
    this.#considerPlaces();
    this.#askForAwaited();
  }

  /** This computer is on another network than before. */
  moved(): void {
    for (const { client } of this.#members) client.moved();
  }

  async close(): Promise<void> {
    while (this.#members.length > 0) this.#drop(0);
    await Promise.all(this.#leaving);
  }

  #join(address: TrackerAddress, isNamed: boolean): void {
    const { network, clock, random, dial } = this.#dependencies;
    const client: TrackerClient = new TrackerClient(address, {
      network,
      clock,
      random,
      dial,
      sign: (peer, nowMs, afterMs) => this.#sign(peer, nowMs, afterMs),
      rendezvous: () => this.#rendezvous,
      isCallable: () => leadsFromEverywhere(this.#ownAddresses(false)),
      claims: (peer) => this.#claims(client, peer),
      onAnnounced: (answer) => this.#onAnnounced(client, answer),
      onShown: this.#dependencies.onShown,
      onChange: () => this.#onChange(),
    });
    this.#members.push({ client, isNamed });
    this.#onChange();
  }

  #drop(at: number): void {
    const [member] = this.#members.splice(at, 1);
    if (member === undefined) return;
    const peer = member.client.state().peer;
    if (peer !== null) this.#taker.forget(peer);
    const leaving = member.client.close().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** The first client that reached a tracker deals with it, whatever further addresses lead there. */
  #claims(client: TrackerClient, peer: PeerId): boolean {
    const first = this.#members.find((member) => member.client.connectedPeer === peer)?.client;
    return first === undefined || first === client;
  }

  #sign(tracker: PeerId, nowMs: number, afterMs: number): { record: Uint8Array; issuedMs: number } {
    const { name } = this.#dependencies;
    const { keypair, chainId, isListed } = this.#options;
    const issuedMs = Math.max(0, Math.round(nowMs), afterMs + 1);
    const addresses = this.#ownAddresses(this.#isHere(tracker));
    const fields = { chainId, issuedMs, ttlSeconds: PRESENCE_TTL_SECONDS_DEFAULT, isListed, name: name() };
    return { record: signPresence({ ...fields, addresses }, keypair).bytes, issuedMs };
  }

  /** @param isHere loopback addresses too: for a tracker on this computer, which introduces peers on it. */
  #ownAddresses(isHere: boolean): readonly string[] {
    const all = [...this.#dependencies.addresses(), ...this.relayAddresses()];
    const usable = all.filter((address) => isDialable(address) && (isHere || !isLoopback(address)));
    // Ways over relays are few and work for everybody: they must not be the ones cut off.
    const relayed = usable.filter((address) => this.relayAddresses().includes(address));
    const straight = usable.filter((address) => !relayed.includes(address));
    return [...straight.slice(0, ADDRESSES_PER_PEER_MAX - relayed.length), ...relayed];
  }

  #isHere(tracker: PeerId): boolean {
    return this.#dependencies.network
      .connected()
      .some((each) => each.peer === tracker && each.path === "loopback");
  }

  #onAnnounced(client: TrackerClient, answer: Announced): void {
    const tracker = client.state().peer;
    if (tracker === null) return;
    const isHere = this.#isHere(tracker);
    const { nowMs } = answer;
    for (const presence of this.#taker.take(answer.introductions, { tracker, isHere, nowMs, asked: null })) {
      this.#dependencies.onPresence(presence, "tracker");
      this.#awaited.introduced(presence);
    }
    for (const text of answer.trackers) this.#told(text, isHere);
    this.#considerPlaces();
  }

  #askForAwaited(): void {
    const connected = new Set(this.#dependencies.network.connected().map(({ peer }) => peer));
    const due = this.#awaited.due((peer) => connected.has(peer));
    // What is found is handed on as it comes.
    if (due.length > 0) void this.find(due);
  }

  /** Others' word of further trackers: used as long as there is room, never kept for a later start. */
  #told(text: string, isHere: boolean): void {
    const parsed = parseTrackerAddress(text);
    if (!parsed.ok || this.#members.length >= TRACKERS_MAX) return;
    if (isLoopback(parsed.value.address) && !isHere) return;
    if (this.#members.some(({ client }) => isSame(client.address, parsed.value))) return;
    this.#join(parsed.value, false);
  }

  #considerPlaces(): void {
    const connected = this.#dependencies.mayHoldPlaces() ? this.#dependencies.network.connected() : [];
    const offers = this.#members.flatMap(({ client }) => {
      const there = connected.find(({ peer }) => peer === client.connectedPeer);
      if (client.state().relay === null || there === undefined || there.via !== null) return [];
      return [{ relay: there.peer, address: withoutPeer(there.address) }];
    });
    this.#places.consider(offers);
  }

  async #askAll<Type extends "met" | "found">(
    ask: (client: TrackerClient) => ReturnType<TrackerClient["ask"]>,
    type: Type,
  ): Promise<readonly { records: readonly Uint8Array[]; tracker: PeerId; isHere: boolean; nowMs: number }[]> {
    const asked = this.#members.flatMap(({ client }, at) => {
      const tracker = client.connectedPeer;
      const first = this.#members.findIndex((member) => member.client.connectedPeer === tracker);
      return tracker === null || first !== at ? [] : [{ client, tracker }];
    });
    const answers = await Promise.all(
      asked.map(async ({ client, tracker }) => {
        const answer = await ask(client);
        if (!answer.ok || answer.value.type !== type) return [];
        const { records, nowMs } = answer.value;
        return [{ records, tracker, isHere: this.#isHere(tracker), nowMs }];
      }),
    );
    return answers.flat();
  }

  /** Round trips and clocks alone are not news. */
  #onChange(): void {
    const shown = JSON.stringify(
      this.states().map((state) => ({
        ...state,
        latencyMs: null,
        clockOffsetMs: null,
        relay: state.relay !== null,
      })),
    );
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#dependencies.onChange();
  }
}

function isSame(a: TrackerAddress, b: TrackerAddress): boolean {
  return a.address === b.address;
}

function tooMany(): Problem {
  return problem(
    "too-many-trackers",
    `${TRACKERS_MAX} trackers are in use, which is as many as there may be.`,
    "Remove one that is not needed any more.",
  );
}
