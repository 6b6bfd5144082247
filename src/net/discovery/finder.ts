/**
 * Owns the ways in which a peer is found beyond its local network, joined: trackers and their relays, lookups, scans,
 * mapped ports, and the kind of NAT. Feeds the directory; dials nobody but trackers. It is long
 * because it answers for all of these ways: most of it hands a question on.
 */
import { RELAY_V2_STOP_CODEC } from "@libp2p/circuit-relay-v2";
import type { StreamMiddleware } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import { endpointOf, isLoopback, pathKindOf, readableAddress, relayOf, withoutPeer } from "../addresses.ts";
import { peerOf } from "../host/gate.ts";
import type { Host } from "../host/host.ts";
import { DIAL_TIMEOUT_MS, TRACKER_PEERS_REMEMBERED_MAX } from "../limits.ts";
import { dialProblem } from "../paths/dial-problem.ts";
import type { NatKind, PortMapping, ScanReport, ScanRequest } from "../reach.ts";
import { NatWatch } from "../routers/nat-watch.ts";
import { PortMapper } from "../routers/port-mapper.ts";
import { findRouters } from "../routers/routers.ts";
import type { Presence } from "../trackers/presence-record.ts";
import { relayListener } from "../trackers/relay-listener.ts";
import { RelayWatch } from "../trackers/relay-watch.ts";
import { stunServersOf } from "../trackers/tracker-address.ts";
import { TRACKER_PROTOCOL } from "../trackers/tracker-codec.ts";
import { Trackers } from "../trackers/trackers.ts";
import type { AddressBook } from "./address-book.ts";
import type { PeerDirectory } from "./directory.ts";
import { PROFILE_PROTOCOL } from "./exchange.ts";
import type { Finding } from "./finding.ts";
import { findByKademlia, type Kademlia, setAnswering } from "./kademlia.ts";
import { identifyBy, knock, lookUp } from "./knock.ts";
import { Lookups } from "./lookups.ts";
import { scan } from "./scan.ts";

export interface FinderOptions {
  readonly keypair: Keypair;
  readonly chainId: Uint8Array;
  /** As users name them. What cannot be read is left out: whoever keeps the list has checked it. */
  readonly trackers: readonly string[];
  /** Whether trackers may tell strangers of the same network of this peer. */
  readonly isListed: boolean;
}

export interface FinderDependencies {
  readonly host: Host;
  readonly network: Pick<Network, "self" | "open" | "subscribe" | "connected">;
  readonly directory: PeerDirectory;
  readonly book: AddressBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly name: () => string;
  /** Addresses without `/p2p` at which this peer is reached without a relay. */
  readonly straightAddresses: () => readonly string[];
  readonly isRefused: (peer: PeerId) => boolean;
  /** False while nobody may call: then no place is held at relays. */
  readonly letsIn: () => boolean;
  /** Whether routers are asked to forward our port. */
  readonly mapsPorts: boolean;
  /** Who is connected, and was taken for a tracker, is none. */
  readonly onStranger: (peer: PeerId) => void;
  /** Somebody was found who may be there right now. */
  readonly onFound: (peer: PeerId) => void;
  /** States of trackers, or our own addresses, are new. */
  readonly onChange: () => void;
}

type Offered = Pick<
  Finding,
  "trackers" | "addTracker" | "removeTracker" | "setRendezvous" | "meet" | "isAtTracker" | "scan"
>;

export class Finder implements Offered {
  readonly #options: FinderOptions;
  readonly #dependencies: FinderDependencies;
  readonly #trackers: Trackers;
  readonly #lookups: Lookups;
  readonly #relays: RelayWatch;
  readonly #stopped = new AbortController();
  /** Peers known to be trackers; those who answered where one should be; and what is being dialled, addresses and ids. */
  readonly #trackerPeers = new Set<PeerId>();
  readonly #suspects = new Set<PeerId>();
  readonly #dialling = new Set<string>();
  readonly #mapper: PortMapper | null;
  readonly #nat: NatWatch;
  /** Calls brought by peers who are no relay of ours. */
  #unaskedCalls = 0;

  constructor(options: FinderOptions, dependencies: FinderDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { host, network, clock, random, log, name, isRefused, straightAddresses } = dependencies;
    this.#trackers = new Trackers(
      { keypair: options.keypair, chainId: options.chainId, isListed: options.isListed },
      {
        network,
        clock,
        random,
        name,
        isRefused,
        dial: (address, peer, signal) => this.#dial(address, peer, signal),
        listener: relayListener(host.services.internals, clock),
        addresses: straightAddresses,
        mayHoldPlaces: dependencies.letsIn,
        onPresence: (presence, foundBy) => this.#onPresence(presence, foundBy),
        onShown: (peer, isTracker) => {
          if (isTracker) this.#onTracker(peer);
          else if (this.#suspects.delete(peer)) dependencies.onStranger(peer);
        },
        onChange: dependencies.onChange,
      },
    );
    this.#lookups = new Lookups({
      directory: dependencies.directory,
      clock,
      isWanted: (peer) => this.#isWanted(peer),
      atTrackers: (peers) => this.#trackers.find(peers),
      byKademlia: (peer, signal) => this.#byKademlia(peer, signal),
      hasKademlia: () =>
        this.#kademlia() !== null && this.#trackers.states().some((each) => each.state === "connected"),
      onFault: (error) => log.fault("looking for somebody", error),
    });
    this.#nat = new NatWatch({
      clock,
      random,
      // Whoever does not answer at all, not over TCP either, tells nothing of UDP.
      servers: () =>
        this.#trackers
          .stunServers()
          .filter(({ isConnected }) => isConnected)
          .flatMap(({ host, ports }) => ports.map((port) => ({ host, port }))),
      onChange: dependencies.onChange,
    });
    this.#relays = new RelayWatch({
      clock,
      ask: (relay, other) => this.#trackers.carried(relay, other),
      onQuota: (peer, why) => dependencies.directory.unreached(peer, why),
    });
    this.#mapper = dependencies.mapsPorts ? this.#openMapper() : null;
    this.#refuseUnaskedCalls();
    // Somebody found by a scan, or who called us, may turn out to be a tracker.
    host.addEventListener("peer:identify", ({ detail }) => {
      const isTracker =
        detail.protocols.includes(TRACKER_PROTOCOL) && !detail.protocols.includes(PROFILE_PROTOCOL);
      if (isTracker) this.#onTracker(peerOf(detail.peerId));
    });
  }

  /** libp2p takes a place, and with each call another listener, at whoever brings a call over a relay. */
  #refuseUnaskedCalls(): void {
    const { host } = this.#dependencies;
    const refuse: StreamMiddleware = async (stream, connection, next) => {
      // Given anew: libp2p adds each stream's handler to the list that it was given, and would handle the next twice.
      host.use(RELAY_V2_STOP_CODEC, refuse);
      if (this.#trackers.expectsCallsOver(peerOf(connection.remotePeer))) return next(stream, connection);
      this.#unaskedCalls += 1;
      stream.abort(new Error("no relay of ours"));
    };
    host.use(RELAY_V2_STOP_CODEC, refuse);
  }

  /** Goes to the trackers of the options. */
  start(): void {
    for (const text of this.#options.trackers) {
      const added = this.#trackers.add(text);
      if (!added.ok) this.#dependencies.log.warn("a tracker is left out", { code: added.fault.code });
    }
    this.#nat.tick();
  }

  trackers() {
    return this.#trackers.states();
  }

  addTracker(address: string): Result<undefined, Problem> {
    return this.#trackers.add(address);
  }

  removeTracker(address: string): boolean {
    return this.#trackers.remove(address);
  }

  setRendezvous(ids: readonly Uint8Array[]): void {
    this.#trackers.setRendezvous(ids);
  }

  async isAtTracker(peer: PeerId): Promise<boolean | null> {
    if (!this.#trackers.states().some(({ state }) => state === "connected")) return null;
    return (await this.#trackers.find([peer])).includes(peer);
  }

  async meet(id: Uint8Array): Promise<readonly PeerId[]> {
    return await this.#trackers.meet(id);
  }

  async scan(request: ScanRequest, signal: AbortSignal): Promise<Result<ScanReport, Problem>> {
    const { clock, host, network, directory, isRefused, onFound } = this.#dependencies;
    const identify = identifyBy(host.services.internals, clock);
    return await scan(
      request,
      {
        clock,
        self: network.self,
        knock: knock(clock),
        identify: async (address, ended) => {
          const peer = await identify(address, ended);
          return peer === null || this.isTracker(peer) ? null : peer;
        },
        lookUp,
        onPeer: (peer, address) => {
          if (isRefused(peer)) return;
          directory.heard(peer, "scan", [address]);
          onFound(peer);
        },
      },
      AbortSignal.any([signal, this.#stopped.signal]),
    );
  }

  /** Looks for a peer at trackers and by Kademlia; what is found is in the directory afterwards. */
  async seek(peer: PeerId, signal: AbortSignal): Promise<void> {
    if (!this.isTracker(peer)) await this.#lookups.seek(peer, signal);
  }

  /** Trackers, and those who answered where one should be, are nobody's acquaintance. */
  isTracker(peer: PeerId): boolean {
    return this.#trackerPeers.has(peer) || this.#suspects.has(peer);
  }

  /** Whether a tracker is being called at this address, or one with this peer id. */
  isCalling(target: string): boolean {
    return this.#dialling.has(withoutPeer(target));
  }

  /** Somebody is connected at an address: it may be one where a tracker should be. */
  connectedAt(peer: PeerId, address: string): void {
    if (this.#dialling.has(withoutPeer(address)) && !this.#trackerPeers.has(peer)) this.#suspects.add(peer);
  }

  /** Why a peer is not reached, where a relay's quota is the cause; asks the relays that lead to it. */
  quotaReason(peer: PeerId): Problem | null {
    const reason = this.#relays.reason(peer);
    if (reason !== null) return reason;
    const addresses = this.#dependencies.directory.get(peer)?.addresses ?? [];
    this.#relays.suspect(peer, [...new Set(addresses.flatMap((address) => relayOf(address) ?? []))]);
    return null;
  }

  /** As `quotaReason`, once the relays have answered; null at once when given up. */
  async quotaAnswered(peer: PeerId, signal: AbortSignal): Promise<Problem | null> {
    const { promise, resolve } = Promise.withResolvers<null>();
    const giveUp = () => resolve(null);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    const why = await Promise.race([this.#relays.answered(peer), promise]);
    signal.removeEventListener("abort", giveUp);
    return why;
  }

  /** Somebody is connected. */
  reached(peer: PeerId): void {
    this.#relays.reached(peer);
  }

  /** Addresses, without our own `/p2p`, at which routers and relays let others through to this peer. */
  helpedAddresses(): { readonly mapped: readonly string[]; readonly relayed: readonly string[] } {
    return { mapped: this.#mapper?.addresses() ?? [], relayed: this.#trackers.relayAddresses() };
  }

  mappings(): readonly PortMapping[] {
    return this.#mapper?.mappings() ?? [];
  }

  nat(): NatKind {
    return this.#nat.kind();
  }

  refused(): Readonly<Record<string, number>> {
    const refused = this.#trackers.refused();
    return this.#unaskedCalls === 0 ? refused : { ...refused, "relay-unasked": this.#unaskedCalls };
  }

  /** `host:port` of the STUN servers of the trackers in use, nearest first as they are listed. */
  stunServers(): readonly string[] {
    return this.#trackers
      .stunServers()
      .flatMap(({ host, ports }) => stunServersOf({ host }, ports.slice(0, 1)));
  }

  /** Called every second or so. */
  tick(): void {
    this.#trackers.tick();
    this.#nat.tick();
    const service = this.#kademlia();
    if (service !== null) {
      setAnswering(service, this.#isPublic()).catch((error: unknown) =>
        this.#dependencies.log.fault("answering Kademlia", error),
      );
    }
  }

  /** Our own addresses are new. */
  moved(): void {
    this.#trackers.moved();
    this.#mapper?.moved();
    this.#nat.look();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    const parts = [this.#lookups.close(), this.#trackers.close(), this.#mapper?.close(), this.#nat.close()];
    await Promise.all(parts);
  }

  async #dial(address: string, peer: PeerId | null, signal: AbortSignal): Promise<Result<PeerId, Problem>> {
    const { host, clock } = this.#dependencies;
    const patience = new AbortController();
    const timer = clock.after(DIAL_TIMEOUT_MS, () => patience.abort());
    const targets = peer === null ? [address] : [address, peer];
    for (const target of targets) this.#dialling.add(target);
    try {
      const connection = await host.dial(multiaddr(peer === null ? address : `${address}/p2p/${peer}`), {
        signal: AbortSignal.any([signal, patience.signal, this.#stopped.signal]),
      });
      return ok(peerOf(connection.remotePeer));
    } catch (error) {
      return fail(dialProblem(error, readableAddress(address)));
    } finally {
      timer.cancel();
      for (const target of targets) this.#dialling.delete(target);
    }
  }

  #onPresence(presence: Presence, foundBy: "tracker" | "invite"): void {
    const { directory, book, onFound } = this.#dependencies;
    if (this.isTracker(presence.peer)) return;
    // What was proven by a connection stands before what somebody hands on, however well signed.
    const proven = book
      .list()
      .filter((row) => row.peer === presence.peer && row.reachedMs !== null)
      .map((row) => row.address);
    directory.heard(presence.peer, foundBy, [...proven, ...presence.addresses], presence.name);
    if (presence.addresses.length > 0 && directory.get(presence.peer)?.online !== true)
      onFound(presence.peer);
  }

  #openMapper(): PortMapper {
    const { clock, log, straightAddresses, onChange } = this.#dependencies;
    return new PortMapper({
      clock,
      routers: (signal) => findRouters(clock, signal),
      port: () => {
        const four = straightAddresses().filter(
          (address) => address.startsWith("/ip4/") && !isLoopback(address),
        );
        return endpointOf(four[0] ?? "")?.port ?? null;
      },
      onChange,
      onFault: (error) => log.fault("mapping a port", error),
    });
  }

  #onTracker(peer: PeerId): void {
    this.#suspects.delete(peer);
    if (this.#trackerPeers.has(peer)) return;
    this.#trackerPeers.add(peer);
    const inUse = new Set(this.#trackers.states().map((each) => each.peer));
    const oldest = [...this.#trackerPeers].find((each) => !inUse.has(each) && each !== peer);
    if (this.#trackerPeers.size > TRACKER_PEERS_REMEMBERED_MAX && oldest !== undefined) {
      this.#trackerPeers.delete(oldest);
    }
    this.#dependencies.directory.hide(peer);
  }

  #isWanted(peer: PeerId): boolean {
    const { directory, book } = this.#dependencies;
    if (directory.get(peer)?.lastSeenMs != null) return true;
    return book.list().some((row) => row.peer === peer);
  }

  #kademlia(): Kademlia | null {
    return this.#dependencies.host.services.kademlia ?? null;
  }

  async #byKademlia(peer: PeerId, signal: AbortSignal): Promise<readonly string[]> {
    const service = this.#kademlia();
    if (service === null) return [];
    const { clock, network } = this.#dependencies;
    const asksHere = network
      .connected()
      .some((each) => each.path === "loopback" && this.isTracker(each.peer));
    return await findByKademlia(peer, { service, clock, asksHere }, signal);
  }

  /** Proven: a tracker sees us come from an address of ours that others across the internet can dial. */
  #isPublic(): boolean {
    const own = this.#dependencies
      .straightAddresses()
      .filter((address) => pathKindOf(address) === "direct")
      .flatMap((address) => endpointOf(address)?.host ?? []);
    return this.#trackers.states().some(({ observedAddress }) => {
      const host = observedAddress?.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
      return host !== undefined && own.includes(host);
    });
  }
}
