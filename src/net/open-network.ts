/**
 * Opens the network of one peer: the host, discovery, the address book and the directory, joined. Each of them is
 * a file beside this one; here is only what happens between them, and in which order they start and stop.
 */
import { mdns } from "@libp2p/mdns";
import type { PeerId } from "#base/brand.ts";
import { fail, type Problem, problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import { AddressBook } from "./address-book.ts";
import type { AddressStore } from "./address-store.ts";
import { compareAddresses, isDialable, isLoopback, parseAddress, relayOf, withoutPeer } from "./addresses.ts";
import { Announcer, type HeardPeer } from "./announcer.ts";
import { outboundOf } from "./call-list.ts";
import { isFinal, keptOut, ownAddress, refused } from "./connect-problem.ts";
import { ConnectionBook } from "./connection-book.ts";
import { Dialler } from "./dialler.ts";
import { type Directory, PeerDirectory } from "./directory.ts";
import { hostOf, originOf } from "./door-origin.ts";
import { type DoorSettings, Doors, type DoorsState, OPEN_DOORS } from "./doors.ts";
import { Exchange, otherNetwork } from "./exchange.ts";
import { Feelers } from "./feelers.ts";
import { Finder } from "./finder.ts";
import type { Finding } from "./finding.ts";
import { createGate, isAdmissiblePeer, peerOf } from "./gate.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type DiscoveryFactory, type Host, startHost } from "./host.ts";
import { kademlia } from "./kademlia.ts";
import { lanWarnings } from "./lan-warnings.ts";
import { Libp2pNetwork } from "./libp2p-network.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  ANNOUNCEMENT_PERIOD_MS,
  ANNOUNCEMENT_PORT_DEFAULT,
  LOOK_AROUND_PERIOD_MS,
  MDNS_PERIOD_MS,
} from "./limits.ts";
import { isLoopbackOnly, notListening } from "./listen.ts";
import { listeningOf } from "./listening.ts";
import type { NetworkKey } from "./network-key.ts";
import { PathUpgrades } from "./path-upgrades.ts";
import { protectorOf } from "./private-network.ts";
import type { DialAttempt, LocalReach, ReachReport, ScanReport, ScanRequest, TrackerState } from "./reach.ts";
import { Standings } from "./standing.ts";
import { startListening } from "./start-listening.ts";
import { loadTransports } from "./transports.ts";

export interface DiscoveryOptions {
  readonly mdns: boolean;
  readonly announcements: boolean;
  /** UDP port of announcements; every peer of a network must use the same. */
  readonly announcementPort?: number;
  /** Also on the interfaces of this computer that lead elsewhere; false keeps to loopback. */
  readonly lan?: boolean;
  /** How often this peer announces itself, milliseconds; absent: `ANNOUNCEMENT_PERIOD_MS`. */
  readonly announcementPeriodMs?: number;
  /** Names of interfaces on which nothing is announced or heard; with any of them mDNS is off. */
  readonly excludedInterfaces?: readonly string[];
  /** Only peers with the same tag find each other by mDNS. */
  readonly mdnsTag?: string;
}

export interface NetworkOptions {
  readonly keypair: Keypair;
  /** The name others are told; cleaned by the rules of `names.ts` already. */
  readonly name: string;
  /** SHA-256 of the genesis, 32 bytes: tells networks apart. */
  readonly chainId: Uint8Array;
  /** Version of the program, for profiles. */
  readonly version: string;
  readonly capabilities?: readonly string[];
  /** Multiaddrs, or `host:port`. Absent: every interface, IPv4 and IPv6, on the usual port or the next free one. */
  readonly listen?: readonly string[];
  readonly discovery?: DiscoveryOptions;
  /** Absent: open to everybody. */
  readonly doors?: DoorSettings;
  /** IP address of this computer from which paths are punched; absent: all that lead outside. */
  readonly punchFrom?: string;
  /** Absent: an open network. */
  readonly networkKey?: NetworkKey;
  /** Trackers as users name them: `host[:port]`, a multiaddr, or a URL of the web port. */
  readonly trackers?: readonly string[];
  /** Whether trackers may tell strangers of the same network of this peer; absent: they may. */
  readonly listed?: boolean;
  /** UDP ports on which trackers answer STUN; absent: the usual two. */
  readonly stunPorts?: readonly number[];
  /** False: routers are not asked to forward our port. */
  readonly portMapping?: boolean;
}

export interface NetworkDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly addresses: AddressStore;
  /** Peers refused in both directions; asked at every connection. */
  readonly isBlocked: (peer: PeerId) => boolean;
  /** Peers whom no stranger may crowd out, beside those typed: contacts. Absent: none. */
  readonly isWanted?: (peer: PeerId) => boolean;
}

/** The network of one running peer, and what is known about it. */
export interface PeerNetwork extends Finding {
  readonly network: Network;
  readonly directory: Directory;
  /** Full multiaddrs with `/p2p`, at which this peer can be reached; most local last. */
  listenAddresses(): readonly string[];
  /**
   * Dials and remembers as typed, also when nobody answers now: then it is tried again until somebody does.
   * @param address multiaddr with or without `/p2p`, `host:port`, or `[v6]:port`.
   */
  connect(address: string): Promise<Result<PeerId, Problem>>;
  /**
   * Notes where a peer may be, as an invite says: dialled when that peer is asked for, and held in memory alone. Those that
   * cannot be dialled are left out.
   */
  suggest(peer: PeerId, addresses: readonly string[]): void;
  /** Drops every address remembered for this peer. */
  forget(peer: PeerId): void;
  /** Tells connected peers, and announces. */
  setProfile(change: { readonly name: string }): void;
  /** Breaks off whoever `isBlocked` now refuses. Call it after blocking somebody. */
  dropBlocked(): Promise<void>;
  doors(): DoorsState;
  /** Holds for all who come from now on; connections that no longer fit are broken off. */
  setDoors(settings: DoorSettings): void;
  /** What hinders this peer from being found or reached. */
  warnings(): readonly Problem[];
  /** Stops listening and announcing, closes every connection in order. */
  close(): Promise<void>;
}

/** Listens, announces and dials when this resolves. A port that is taken is no fault: see `warnings`. */
export async function openNetwork(
  given: NetworkOptions,
  dependencies: NetworkDependencies,
): Promise<PeerNetwork> {
  const options = withEarsFor(given);
  const { clock, isBlocked } = dependencies;
  const connections = new ConnectionBook(clock);
  const late: Late = { disconnect: () => undefined, stunServers: () => [], isWanted: () => false };
  const standings = new Standings(clock, (peer) => late.disconnect(peer));
  const isProtected = (peer: PeerId) => late.isWanted(peer);
  const doors = new Doors(options.doors ?? OPEN_DOORS, { clock, isProtected });
  const isRefused = (peer: PeerId) =>
    !isAdmissiblePeer(peer) ||
    isBlocked(peer) ||
    standings.isBanned(peer) ||
    !doors.mayDial({ peer, host: null });
  const networkKey = options.networkKey ?? null;
  const transports = await loadTransports({
    punches: doors.settings.mode === "open",
    stunServers: () => late.stunServers(),
    ...(options.punchFrom === undefined ? {} : { bindAddress: options.punchFrom }),
  });
  const hasLanOn = (addresses: readonly string[]) => options.discovery?.lan ?? !isLoopbackOnly(addresses);
  const { host, plan } = await startListening(options.listen, (listen) =>
    startHost({
      keypair: options.keypair,
      version: options.version,
      listen,
      gate: createGate({ self: options.keypair.peerId, isRefused, connections }),
      doors,
      protector: protectorOf(networkKey, () =>
        doors.count(networkKey === null ? "not-waybill" : "network-key"),
      ),
      standing: (peer) => standings.points(peer),
      discovery: mdnsDiscovery(options.discovery, hasLanOn(listen)),
      transports: transports.factories,
      kademlia: kademlia(false),
    }),
  );
  const hasLan = hasLanOn(plan.addresses);
  const punching = transports.problem;
  const release = transports.release;
  const parts: Parts = { host, connections, doors, standings, isRefused, plan, hasLan, punching, release };
  const opened = new OpenNetwork(options, dependencies, parts);
  late.stunServers = () => opened.stunServers();
  late.isWanted = (peer) => opened.isWanted(peer);
  late.disconnect = (peer) => opened.network.disconnect(peer, "it broke the rules too often");
  await opened.start();
  return opened;
}

/** What the host asks of the network that is opened on it. */
interface Late {
  isWanted: (peer: PeerId) => boolean;
  disconnect: (peer: PeerId) => void;
  stunServers: () => readonly string[];
}

/** Who takes no calls waits for none: nothing listens, and nobody is asked to call. */
function withEarsFor(options: NetworkOptions): NetworkOptions {
  if ((options.doors?.mode ?? "open") === "open") return options;
  return { ...options, listen: [], discovery: { ...options.discovery, mdns: false, announcements: false } };
}

function mdnsDiscovery(discovery: DiscoveryOptions | undefined, hasLan: boolean): DiscoveryFactory {
  if (!speaksMdns(discovery, hasLan)) return undefined;
  return [mdns({ interval: MDNS_PERIOD_MS, serviceTag: `_waybill${discovery?.mdnsTag ?? ""}._udp.local` })];
}

/** The library joins and speaks on every interface, so leaving one out is leaving it. */
function speaksMdns(discovery: DiscoveryOptions | undefined, hasLan: boolean): boolean {
  return discovery?.mdns !== false && hasLan && (discovery?.excludedInterfaces ?? []).length === 0;
}

interface Parts {
  readonly host: Host;
  readonly connections: ConnectionBook;
  readonly doors: Doors;
  readonly standings: Standings;
  readonly isRefused: (peer: PeerId) => boolean;
  readonly plan: { readonly addresses: readonly string[]; readonly warnings: readonly Problem[] };
  readonly hasLan: boolean;
  /** Why nothing can be punched on this computer; null when it can. */
  readonly punching: Problem | null;
  /** Lets go of the transports, after the host. */
  readonly release: () => void;
}

class OpenNetwork implements PeerNetwork {
  readonly network: Libp2pNetwork;
  readonly directory: PeerDirectory;
  readonly #options: NetworkOptions;
  readonly #dependencies: NetworkDependencies;
  readonly #parts: Parts;
  readonly #book: AddressBook;
  readonly #dialler: Dialler;
  readonly #exchange: Exchange;
  readonly #heartbeat: Heartbeat;
  readonly #upgrades: PathUpgrades;
  readonly #finder: Finder;
  readonly #feelers: Feelers;
  readonly #watch: Timer;
  #announcer: Announcer | null = null;
  #name: string;
  #lastSelf = "";
  /** Ways over relays come and go without this computer having moved. */
  #lastStraight = "";
  #closing: Promise<void> | null = null;

  constructor(options: NetworkOptions, dependencies: NetworkDependencies, parts: Parts) {
    const { clock, random, log } = dependencies;
    const { host, isRefused } = parts;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#parts = parts;
    this.#name = options.name;
    this.#book = new AddressBook(dependencies.addresses, clock);
    this.directory = new PeerDirectory({
      clock,
      log,
      isKept: (peer) => this.isWanted(peer),
      isHidden: (peer) => this.#finder.isTracker(peer),
      explains: (peer) => this.#finder.quotaReason(peer),
    });
    this.#dialler = new Dialler({
      host,
      directory: this.directory,
      connections: parts.connections,
      book: this.#book,
      clock,
      random,
      log,
      isRefused,
      isWanted: (peer) => this.isWanted(peer),
      mayCall: (address) => this.#mayCall(null, address),
    });
    this.network = new Libp2pNetwork({
      host,
      connections: parts.connections,
      standings: parts.standings,
      clock,
      log,
      dial: (peer, signal) => this.#reach(peer, signal),
    });
    this.#finder = this.#createFinder();
    this.#watchConnections();
    this.#exchange = new Exchange(
      {
        keypair: options.keypair,
        chainId: options.chainId,
        version: options.version,
        capabilities: options.capabilities ?? [],
      },
      {
        network: this.network,
        directory: this.directory,
        book: this.#book,
        clock,
        name: () => this.#name,
        addresses: () => this.#ownAddresses(),
        isRefused,
      },
    );
    this.#heartbeat = new Heartbeat({
      connections: parts.connections,
      network: this.network,
      directory: this.directory,
      clock,
      random,
    });
    this.#upgrades = new PathUpgrades({
      self: this.network.self,
      connections: parts.connections,
      dialler: this.#dialler,
      clock,
      random,
      log,
      punching: parts.punching,
      nat: () => this.#finder.nat(),
      onReason: (peer, reason) => this.directory.explained(peer, reason),
    });
    this.#feelers = new Feelers({
      dialler: this.#dialler,
      book: this.#book,
      outbound: () => outboundOf(parts.connections),
      disconnect: (peer, cause) => this.network.disconnect(peer, cause),
      clock,
      random,
      log,
    });
    this.#watch = clock.every(LOOK_AROUND_PERIOD_MS, () => this.#lookAround());
  }

  async start(): Promise<void> {
    const { discovery, keypair, chainId } = this.#options;
    const { clock, random, log } = this.#dependencies;
    for (const row of this.#book.list()) {
      if (row.peer !== null && row.peer !== keypair.peerId) {
        this.directory.heard(row.peer, row.source === "typed" ? "typed" : null, [row.address]);
        if (row.reachedMs !== null) this.directory.proven(row.peer);
      }
    }
    // Who connected while the host was starting was announced before anybody listened.
    for (const { peer } of this.network.connected()) {
      this.#onConnected(peer);
      this.#exchange.greet(peer);
    }
    if (discovery?.announcements !== false) {
      this.#announcer = await Announcer.open(
        {
          keypair,
          chainId,
          port: discovery?.announcementPort ?? ANNOUNCEMENT_PORT_DEFAULT,
          lan: this.#parts.hasLan,
          periodMs: discovery?.announcementPeriodMs ?? ANNOUNCEMENT_PERIOD_MS,
          excluded: this.#excluded(),
        },
        {
          clock,
          random,
          log,
          name: () => this.#name,
          addresses: () => this.#ownAddresses().filter((address) => relayOf(address) === null),
          onPeer: (heard) => this.#onAnnouncement(heard),
        },
      );
    }
    this.#lastSelf = this.#describeSelf();
    this.#lastStraight = this.#straightAddresses().join(" ");
    this.#dialler.start();
    this.#finder.start();
  }

  listenAddresses(): readonly string[] {
    return this.#ownAddresses().map((address) => `${address}/p2p/${this.network.self}`);
  }

  async connect(text: string): Promise<Result<PeerId, Problem>> {
    const parsed = parseAddress(text);
    if (!parsed.ok) return parsed;
    const { address, peer } = parsed.value;
    if (peer === this.network.self) return fail(ownAddress());
    if (!this.#mayCall(peer, address)) return fail(keptOut());
    if (peer !== null && this.#parts.isRefused(peer)) return fail(refused());
    const outcome = await this.#dialler.reachAddress(address, peer);
    if (!outcome.ok && isFinal(outcome.fault)) return outcome;
    const reached = outcome.ok ? outcome.value : peer;
    const isRemembered = this.#book.rememberTyped(address, reached);
    if (reached !== null) this.directory.heard(reached, "typed", [address]);
    if (outcome.ok) return outcome;
    if (reached !== null) this.directory.unreached(reached, outcome.fault);
    const { code, cause, nextStep } = outcome.fault;
    if (!isRemembered) return fail(problem(code, cause, `${nextStep} Too many addresses are remembered.`));
    return fail(problem(code, cause, `${nextStep} It is remembered, and tried again by itself.`));
  }

  /** Typed by the user, or chosen in another way. */
  isWanted(peer: PeerId): boolean {
    return this.#book.isTyped(peer) || this.#dependencies.isWanted?.(peer) === true;
  }

  #mayCall(peer: PeerId | null, address: string): boolean {
    return this.#parts.doors.mayDial({ peer, host: hostOf(originOf(address)) });
  }

  attempts(peer: PeerId): readonly DialAttempt[] {
    return this.#dialler.attempts(peer);
  }

  /** `stun:host:port` of servers that tell how we look from outside. */
  stunServers(): readonly string[] {
    return this.#finder.stunServers().map((server) => `stun:${server}`);
  }

  trackers(): readonly TrackerState[] {
    return this.#finder.trackers();
  }

  addTracker(address: string): Result<undefined, Problem> {
    return this.#finder.addTracker(address);
  }

  removeTracker(address: string): boolean {
    return this.#finder.removeTracker(address);
  }

  setRendezvous(ids: readonly Uint8Array[]): void {
    this.#finder.setRendezvous(ids);
  }

  async meet(id: Uint8Array): Promise<readonly PeerId[]> {
    return await this.#finder.meet(id);
  }

  async scan(request: ScanRequest, signal: AbortSignal): Promise<Result<ScanReport, Problem>> {
    return await this.#finder.scan(request, signal);
  }

  reach(): ReachReport {
    const local = this.localReach();
    return {
      ...local,
      trackers: this.#finder.trackers(),
      mappings: this.#finder.mappings(),
      nat: this.#finder.nat(),
      refused: { ...local.refused, ...this.#finder.refused(), ...this.#parts.doors.refusals() },
    };
  }

  suggest(peer: PeerId, addresses: readonly string[]): void {
    if (peer === this.network.self || this.#parts.isRefused(peer)) return;
    this.directory.heard(peer, "invite", addresses.filter(isDialable).slice(0, ADDRESSES_PER_PEER_MAX));
  }

  forget(peer: PeerId): void {
    this.#book.forget(peer);
  }

  setProfile({ name }: { readonly name: string }): void {
    this.#name = name;
    this.#exchange.refresh();
    this.#announcer?.changed();
  }

  async dropBlocked(): Promise<void> {
    for (const { peer } of this.network.connected()) {
      if (this.#parts.isRefused(peer)) this.network.disconnect(peer, "blocked here");
    }
  }

  doors(): DoorsState {
    const { doors } = this.#parts;
    const privateNetwork = this.#options.networkKey !== undefined;
    return { ...doors.settings, refused: doors.refusals(), privateNetwork };
  }

  setDoors(settings: DoorSettings): void {
    const { doors, host } = this.#parts;
    doors.change(settings);
    for (const connection of host.getConnections()) {
      if (!doors.fits(connection)) connection.abort(new Error("the doors were changed"));
    }
  }

  warnings(): readonly Problem[] {
    const { plan, hasLan } = this.#parts;
    const warnings = [...plan.warnings];
    const wantsCalls = this.#parts.doors.settings.mode === "open";
    if (
      wantsCalls &&
      this.#straightAddresses().length === 0 &&
      !warnings.some((each) => each.code === "not-listening")
    ) {
      warnings.push(notListening("no port could be opened"));
    }
    const trouble = this.#announcer?.problem ?? null;
    if (trouble !== null) warnings.push(trouble);
    const mdns = this.#options.discovery?.mdns !== false;
    if (hasLan) warnings.push(...lanWarnings({ mdns, excluded: this.#excluded() }));
    return warnings;
  }

  /** What is known of reach without asking anybody beyond the local network. */
  localReach(): LocalReach {
    const { plan, hasLan, host } = this.#parts;
    const { discovery } = this.#options;
    const mdns = speaksMdns(discovery, hasLan);
    const port = discovery?.announcementPort ?? ANNOUNCEMENT_PORT_DEFAULT;
    const { malformed, badSignature, replayed, flooded } = this.#announcer?.guard.counts ?? NOTHING_REFUSED;
    return {
      listening: listeningOf({
        planned: plan.addresses,
        actual: host.getMultiaddrs().map((address) => withoutPeer(address.toString())),
        announcements: this.#announcer === null ? null : { families: this.#announcer.hears, port },
        mdns,
        punching: this.#parts.punching === null,
      }),
      interfaces: this.#announcer?.interfaces.list() ?? [],
      mdnsSeen: mdns ? this.directory.list().filter(({ foundBy }) => foundBy.includes("mdns")).length : null,
      refused: {
        "announcement-malformed": malformed,
        "announcement-forged": badSignature,
        "announcement-replayed": replayed,
        "announcement-flood": flooded,
      },
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watch.cancel();
    this.#feelers.close();
    this.#heartbeat.close();
    await this.#announcer?.close();
    await this.#upgrades.close();
    await this.#finder.close();
    await this.#dialler.close();
    this.#exchange.close();
    await this.#parts.host.stop();
    this.#parts.release();
  }

  #watchConnections(): void {
    const { host } = this.#parts;
    this.network.subscribe((event) => {
      if (event.type === "connected") {
        this.#onConnected(event.connection.peer);
      } else if (event.type === "path") {
        this.directory.rerouted(event.connection);
        this.#upgrades.changed(event.connection.peer);
      } else {
        this.directory.disconnected(event.peer);
        this.#upgrades.changed(event.peer);
        this.#dialler.lost(event.peer);
      }
    });
    // Also of a second connection to a peer: each has its own round trip.
    host.addEventListener("connection:open", ({ detail }) => void this.#heartbeat.beat(detail));
    host.addEventListener("peer:discovery", ({ detail }) => {
      const peer = peerOf(detail.id);
      const addresses = detail.multiaddrs.map((address) => withoutPeer(address.toString()));
      // Another computer may offer its loopback address, which means ours here.
      const usable = addresses.filter((address) => isDialable(address) && !isLoopback(address));
      if (peer === this.network.self || this.#parts.isRefused(peer) || usable.length === 0) return;
      this.directory.heard(peer, "mdns", usable);
      this.#dialler.heard(peer);
    });
  }

  #onConnected(peer: PeerId): void {
    const connection = this.network.connected().find((each) => each.peer === peer);
    if (connection === undefined) return;
    this.#finder.connectedAt(peer, connection.address);
    this.#finder.reached(peer);
    const isInbound = this.#parts.connections.of(peer).every((each) => each.direction === "inbound");
    this.directory.connected(connection, isInbound);
    this.#upgrades.changed(peer);
  }

  #createFinder(): Finder {
    const { clock, random, log } = this.#dependencies;
    const { host, isRefused, doors, hasLan } = this.#parts;
    const { keypair, chainId, trackers, listed, stunPorts, portMapping } = this.#options;
    const settings = { keypair, chainId, trackers: trackers ?? [], isListed: listed ?? true };
    return new Finder(stunPorts === undefined ? settings : { ...settings, stunPorts }, {
      host,
      network: this.network,
      directory: this.directory,
      book: this.#book,
      clock,
      random,
      log,
      name: () => this.#name,
      straightAddresses: () => this.#straightAddresses(),
      isRefused,
      letsIn: () => doors.settings.mode !== "no-inbound",
      mapsPorts: portMapping !== false && hasLan && doors.settings.mode === "open",
      onStranger: (peer) => this.#onConnected(peer),
      onFound: (peer) => this.#dialler.heard(peer),
      onChange: () => this.#lookAround(true),
    });
  }

  /** Dials a peer; where that fails, at whatever further addresses trackers and others know. */
  async #reach(peer: PeerId, signal: AbortSignal): Promise<Result<undefined, Problem>> {
    const first = await this.#dialler.reach(peer, signal);
    if (first.ok || signal.aborted) return first;
    const before = this.directory.get(peer)?.addresses.length ?? 0;
    const ended = Promise.withResolvers<void>();
    const end = () => ended.resolve();
    signal.addEventListener("abort", end, { once: true });
    await Promise.race([this.#finder.seek(peer, signal), ended.promise]);
    signal.removeEventListener("abort", end);
    const isFound = (this.directory.get(peer)?.addresses.length ?? 0) > before;
    return isFound && !signal.aborted ? await this.#dialler.reach(peer, signal) : first;
  }

  #onAnnouncement(heard: HeardPeer): void {
    if (this.#parts.isRefused(heard.peer)) return;
    this.directory.heard(heard.peer, "announcement", heard.addresses, heard.name);
    this.directory.sensed(heard.peer);
    if (this.directory.get(heard.peer)?.online === true) return;
    const trouble = otherNetwork(heard.chainPrefix, this.#options.chainId);
    if (trouble !== null) this.directory.unreached(heard.peer, trouble);
    this.#dialler.heard(heard.peer);
  }

  /**
   * Interfaces come and go: says so to everybody when our addresses or warnings are new.
   * @param hasNews something else is new about how this peer is reached: listeners are told in any case.
   */
  #lookAround(hasNews = false): void {
    this.directory.prune();
    this.#finder.tick();
    const [now, straight] = [this.#describeSelf(), this.#straightAddresses().join(" ")];
    const isNew = now !== this.#lastSelf;
    this.#lastSelf = now;
    if (isNew) this.#exchange.refresh();
    if (isNew || hasNews) this.directory.selfChanged();
    if (straight === this.#lastStraight) return;
    this.#lastStraight = straight;
    this.#announcer?.arrived();
    this.#dialler.moved();
    this.#upgrades.moved();
    this.#finder.moved();
  }

  #excluded(): ReadonlySet<string> {
    return new Set(this.#options.discovery?.excludedInterfaces);
  }

  #describeSelf(): string {
    return JSON.stringify([this.#ownAddresses(), this.warnings()]);
  }

  /** Without `/p2p`; LAN first, then over routers and relays, this computer last. */
  #ownAddresses(): readonly string[] {
    const straight = this.#straightAddresses();
    const { mapped, relayed } = this.#finder.helpedAddresses();
    const far = [...straight.filter((each) => !isLoopback(each)), ...mapped];
    // Those who are told of it take so many; a way over a relay works for everybody.
    const kept = far.slice(0, ADDRESSES_PER_PEER_MAX - relayed.length);
    return [...new Set([...kept, ...relayed, ...straight.filter(isLoopback)])];
  }

  /** At which this computer itself is called, without `/p2p`. */
  #straightAddresses(): readonly string[] {
    const all = this.#parts.host.getMultiaddrs().map((address) => withoutPeer(address.toString()));
    return [...new Set(all)]
      .filter((address) => isDialable(address) && relayOf(address) === null)
      .sort(compareAddresses);
  }
}

const NOTHING_REFUSED = { malformed: 0, badSignature: 0, replayed: 0, flooded: 0 };
