/**
 * Owns the network of one running peer: host, dialler, exchange, heartbeat, announcements, and the finder, joined. Each
 * of them is a file beside this one; here is only what happens between them. It is long because it answers for all
 * of them: most of it hands a question on.
 */
import type { PeerId } from "#base/brand.ts";
import { fail, type Problem, problem, type Result } from "#base/result.ts";
import type { Timer } from "#ports/clock.ts";
import { compareAddresses, isDialable, isLoopback, parseAddress, relayOf, withoutPeer } from "./addresses.ts";
import { AddressBook } from "./discovery/address-book.ts";
import { Announcer, type HeardPeer } from "./discovery/announcer.ts";
import { type CallSign, callSignOf } from "./discovery/call-sign.ts";
import { PeerDirectory } from "./discovery/directory.ts";
import { Exchange, otherNetwork } from "./discovery/exchange.ts";
import { Finder } from "./discovery/finder.ts";
import { lanWarnings } from "./discovery/lan-warnings.ts";
import { hostOf, originOf } from "./doors/door-origin.ts";
import type { DoorSettings, Doors, DoorsState } from "./doors/doors.ts";
import { Feelers } from "./doors/feelers.ts";
import type { ConnectionBook } from "./host/connection-book.ts";
import { Heartbeat } from "./host/heartbeat.ts";
import type { Host } from "./host/host.ts";
import { Libp2pNetwork } from "./host/libp2p-network.ts";
import { notListening } from "./host/listen.ts";
import { forgetTheAbsent } from "./host/peer-memory.ts";
import type { Standings } from "./host/standing.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  ANNOUNCEMENT_PERIOD_MS,
  ANNOUNCEMENT_PORT_DEFAULT,
  LOOK_AROUND_PERIOD_MS,
} from "./limits.ts";
import type {
  DiscoveryOptions,
  NetworkDependencies,
  NetworkOptions,
  PeerNetwork,
} from "./network-options.ts";
import { outboundOf } from "./paths/call-list.ts";
import { isFinal, keptOut, ownAddress, refused } from "./paths/connect-problem.ts";
import { Dialler } from "./paths/dialler.ts";
import { PathUpgrades } from "./paths/path-upgrades.ts";
import type { DialAttempt, ReachReport, ScanReport, ScanRequest, TrackerState } from "./reach.ts";
import { reachReport } from "./reach-report.ts";

/** The library joins and speaks on every interface, so leaving one out is leaving it. */
export function speaksMdns(discovery: DiscoveryOptions | undefined, hasLan: boolean): boolean {
  return discovery?.mdns !== false && hasLan && (discovery?.excludedInterfaces ?? []).length === 0;
}

export interface Parts {
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

export class JoinedNetwork implements PeerNetwork {
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
  readonly #stopForgetting: () => void;
  #announcer: Announcer | null = null;
  readonly #callSign: CallSign;
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
    this.#callSign = callSignOf(options.chainId, options.networkKey ?? null);
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
    this.#exchange = this.#createExchange();
    this.#heartbeat = new Heartbeat({
      host,
      connections: parts.connections,
      network: this.network,
      directory: this.directory,
      clock,
      random,
      log,
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
    this.#feelers = this.#createFeelers();
    this.#stopForgetting = forgetTheAbsent(host, clock, log);
    this.#watch = clock.every(LOOK_AROUND_PERIOD_MS, () => this.#lookAround());
  }

  async start(): Promise<void> {
    const { discovery, keypair } = this.#options;
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
          chainId: this.#callSign.chainId,
          port: discovery?.announcementPort ?? ANNOUNCEMENT_PORT_DEFAULT,
          lan: this.#parts.hasLan,
          periodMs: discovery?.announcementPeriodMs ?? ANNOUNCEMENT_PERIOD_MS,
          excluded: this.#excluded(),
        },
        {
          clock,
          random,
          log,
          name: () => this.#callSign.spoken(this.#name),
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

  /** Whether a tracker is called there, or answered. */
  isTracker(peer: PeerId | null, remote: string): boolean {
    if (this.#finder.isCalling(remote)) return true;
    return peer !== null && (this.#finder.isTracker(peer) || this.#finder.isCalling(peer));
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

  async isAtTracker(peer: PeerId): Promise<boolean | null> {
    return await this.#finder.isAtTracker(peer);
  }

  async scan(request: ScanRequest, signal: AbortSignal): Promise<Result<ScanReport, Problem>> {
    return await this.#finder.scan(request, signal);
  }

  reach(): ReachReport {
    const { plan, host, doors } = this.#parts;
    return reachReport({
      planned: plan.addresses,
      host,
      announcer: this.#announcer,
      announcementPort: this.#options.discovery?.announcementPort ?? ANNOUNCEMENT_PORT_DEFAULT,
      mdns: speaksMdns(this.#options.discovery, this.#parts.hasLan),
      canPunch: this.#parts.punching === null,
      directory: this.directory,
      finder: this.#finder,
      doors,
    });
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

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watch.cancel();
    this.#stopForgetting();
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
  }

  /** mDNS, which nobody signs, names somebody nearby. */
  named(peer: PeerId, addresses: readonly string[]): void {
    // Another computer may offer its loopback address, which means ours here.
    const usable = addresses.filter((address) => isDialable(address) && !isLoopback(address));
    if (peer === this.network.self || this.#parts.isRefused(peer) || usable.length === 0) return;
    this.directory.heard(peer, "mdns", usable);
    this.#dialler.heard(peer);
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

  #createFeelers(): Feelers {
    const { clock, random, log } = this.#dependencies;
    return new Feelers({
      dialler: this.#dialler,
      book: this.#book,
      outbound: () => outboundOf(this.#parts.connections),
      disconnect: (peer, cause) => this.network.disconnect(peer, cause),
      clock,
      random,
      log,
    });
  }

  #createExchange(): Exchange {
    const { keypair, chainId, version, capabilities = [] } = this.#options;
    return new Exchange(
      { keypair, chainId, version, capabilities },
      {
        network: this.network,
        directory: this.directory,
        book: this.#book,
        clock: this.#dependencies.clock,
        name: () => this.#name,
        addresses: () => this.#ownAddresses(),
        isRefused: this.#parts.isRefused,
      },
    );
  }

  #createFinder(): Finder {
    const { clock, random, log } = this.#dependencies;
    const { host, isRefused, doors, hasLan } = this.#parts;
    const { keypair, chainId, trackers, listed, portMapping } = this.#options;
    const settings = { keypair, chainId, trackers: trackers ?? [], isListed: listed ?? true };
    return new Finder(settings, {
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
    const last = isFound && !signal.aborted ? await this.#dialler.reach(peer, signal) : first;
    // A relay that carries no more only says that it does not connect; it is asked why.
    const why = last.ok ? null : await this.#finder.quotaAnswered(peer, signal);
    return why === null ? last : fail(why);
  }

  #onAnnouncement(heard: HeardPeer): void {
    if (this.#parts.isRefused(heard.peer) || !this.#callSign.isAnswered(heard.chainPrefix)) return;
    const name = this.#callSign.heard(heard.name);
    this.directory.heard(heard.peer, "announcement", heard.addresses, name);
    this.directory.sensed(heard.peer);
    if (this.directory.get(heard.peer)?.online === true) return;
    const trouble = otherNetwork(heard.chainPrefix, this.#callSign.chainId);
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
