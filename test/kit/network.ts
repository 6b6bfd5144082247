/**
 * Owns the simulated network: any number of peers in one process behind `ports/network`, on simulated time and
 * seeded chance. Links delay, lose (a lost frame breaks its stream, as lost data breaks a connection; a lost gossip
 * message is just missing), may be partitioned and healed; peers may be stopped and started again.
 * Knows nothing of what is carried. Bytes are copied at each hop, so that peers share no memory.
 */
import type { PeerId } from "#base/brand.ts";
import { Emitter } from "#base/emitter.ts";
import type { Judgement, Network, NetworkEvent, PathKind } from "#ports/network.ts";
import type { SimulatedClock } from "./clock.ts";
import { gossipMessage, SimulatedPeer } from "./network-peer.ts";
import type { SeededRandom } from "./random.ts";

export interface LinkConditions {
  /** One way. */
  readonly delayMs: number;
  /** Added to the delay: uniform from 0. Gossip may overtake itself by this; streams keep their order. */
  readonly jitterMs: number;
  /** Part of stream frames that are lost; each loss resets its stream on both sides, after the delay. */
  readonly streamLoss: number;
  /** Part of gossip messages that are lost on this link. */
  readonly gossipLoss: number;
}

export interface SimulatedNetworkOptions {
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  /** Of every link that `setLink` says nothing else about. */
  readonly link?: Partial<LinkConditions>;
  /** How long a broken link goes unnoticed: then both sides see `disconnected`. */
  readonly detectMs?: number;
  /** How long two peers that may reach each other take to be connected again. */
  readonly reconnectMs?: number;
  /** `mesh`: all running peers connect to each other by themselves. `manual`: only where `connect` says so. */
  readonly wiring?: "mesh" | "manual";
  /** What a feature's handler or listener throws: a fault of ours. Default: remembered in `faults`. */
  readonly onFault?: (error: unknown) => void;
}

/** How two peers reach each other, and over whom where that is a relay. */
export interface SimulatedPath {
  readonly path: PathKind;
  readonly via: PeerId | null;
}

const USUAL_PATH: SimulatedPath = { path: "lan", via: null };
const PERFECT_LINK: LinkConditions = { delayMs: 1, jitterMs: 0, streamLoss: 0, gossipLoss: 0 };
const DETECT_MS = 5_000;
const RECONNECT_MS = 1_000;

/** The rejects after which a peer is disconnected, and for how long it is refused. */
const REJECTS_BEFORE_BAN = 20;
const BAN_MS = 10 * 60_000;

function pairKey(a: PeerId, b: PeerId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function pairOf(key: string): readonly [PeerId, PeerId] {
  return key.split(" ") as [PeerId, PeerId];
}

export class SimulatedNetwork {
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  /** What handlers threw, when no `onFault` was given. A test asserts that it stays empty. */
  readonly faults: unknown[] = [];
  readonly #options: SimulatedNetworkOptions;
  readonly #usualLink: LinkConditions;
  readonly #peers = new Map<PeerId, SimulatedPeer>();
  readonly #links = new Map<string, LinkConditions>();
  /** Pairs that are wired by hand, or all pairs of a mesh. */
  readonly #wired = new Set<string>();
  readonly #neighbours = new Map<PeerId, Set<PeerId>>();
  readonly #paths = new Map<string, SimulatedPath>();
  readonly #bannedUntilMs = new Map<string, number>();
  readonly #rejects = new Map<string, number>();
  #groups: ReadonlyMap<PeerId, number> | null = null;

  constructor(options: SimulatedNetworkOptions) {
    this.#options = options;
    this.#usualLink = { ...PERFECT_LINK, ...options.link };
    this.clock = options.clock;
    this.random = options.random;
  }

  /** A new peer, running. */
  addPeer(self: PeerId): Network {
    if (this.#peers.has(self)) throw new Error(`peer ${self} is there already`);
    const peer = this.#run(self);
    if (this.#options.wiring !== "manual") {
      for (const other of this.#peers.keys()) if (other !== self) this.#wired.add(pairKey(self, other));
    }
    this.#reconsider(self);
    return peer;
  }

  #run(self: PeerId): SimulatedPeer {
    const peer = new SimulatedPeer(this, self, new Emitter<NetworkEvent>((error) => this.onFault(error)));
    this.#peers.set(self, peer);
    return peer;
  }

  /**
   * Wires two peers (with `wiring: "manual"`): they connect whenever both run and can reach each other. They need not be
   * there yet.
   */
  connect(a: PeerId, b: PeerId): void {
    this.#wired.add(pairKey(a, b));
    this.#reconsiderPair(a, b);
  }

  /** Undoes `connect`: the connection breaks at once, seen by both. */
  disconnect(a: PeerId, b: PeerId): void {
    this.#wired.delete(pairKey(a, b));
    this.#break(a, b, "disconnected");
  }

  setLink(a: PeerId, b: PeerId, conditions: Partial<LinkConditions>): void {
    this.#links.set(pairKey(a, b), { ...this.link(a, b), ...conditions });
  }

  link(a: PeerId, b: PeerId): LinkConditions {
    if (this.#links.size === 0) return this.#usualLink;
    return this.#links.get(pairKey(a, b)) ?? this.#usualLink;
  }

  pathOf(a: PeerId, b: PeerId): SimulatedPath {
    return this.#paths.get(pairKey(a, b)) ?? USUAL_PATH;
  }

  /**
   * Two peers reach each other in another way from now on. When connected both are told; what is open stays on a
   * better path's predecessor, and breaks with a path that is lost.
   */
  reroute(a: PeerId, b: PeerId, path: SimulatedPath, isBetter: boolean): void {
    this.#paths.set(pairKey(a, b), path);
    if (!this.isConnected(a, b)) return;
    this.#peerOf(a).onPath(b, isBetter);
    this.#peerOf(b).onPath(a, isBetter);
  }

  /**
   * Splits the network: peers of different groups reach each other no more, and peers in no group form one of their
   * own. What is under way across the cut is lost; the cut is noticed after `detectMs`.
   */
  partition(...groups: readonly (readonly PeerId[])[]): void {
    const groupOf = new Map<PeerId, number>();
    for (const peer of this.#peers.keys()) groupOf.set(peer, -1);
    groups.forEach((group, at) => {
      for (const peer of group) groupOf.set(peer, at);
    });
    this.#groups = groupOf;
    for (const [a, b] of this.#connectedPairs()) {
      if (this.reachable(a, b)) continue;
      this.clock.after(this.#options.detectMs ?? DETECT_MS, () => {
        if (!this.reachable(a, b)) this.#break(a, b, "no answer");
      });
    }
  }

  /** Ends the partition: what was cut breaks if it was not noticed before, and connects again. */
  heal(): void {
    const cut = this.#connectedPairs().filter(([a, b]) => !this.reachable(a, b));
    this.#groups = null;
    for (const [a, b] of cut) this.#break(a, b, "data lost on the way");
    for (const peer of this.#peers.keys()) this.#reconsider(peer);
  }

  /** The peer's process ends as by a power cut: its streams break at once, and its `Network` is dead for good. */
  stop(self: PeerId): void {
    const peer = this.#peerOf(self);
    peer.stop();
    for (const other of this.#peers.keys()) if (other !== self) this.#break(self, other, "peer stopped");
  }

  /** A stopped peer runs again, with nothing registered. */
  start(self: PeerId): Network {
    if (this.#peerOf(self).running) throw new Error(`peer ${self} runs already`);
    const peer = this.#run(self);
    this.#reconsider(self);
    return peer;
  }

  // What peers ask of the network --------------------------------------------------------------------------

  onFault(error: unknown): void {
    if (this.#options.onFault === undefined) this.faults.push(error);
    else this.#options.onFault(error);
  }

  find(peer: PeerId): SimulatedPeer | null {
    return this.#peers.get(peer) ?? null;
  }

  isConnected(a: PeerId, b: PeerId): boolean {
    return this.#neighbours.get(a)?.has(b) === true;
  }

  /** In the order in which they connected. */
  connectedTo(self: PeerId): readonly PeerId[] {
    return [...(this.#neighbours.get(self) ?? [])];
  }

  /** How often each judged another to break the rules, since a ban was last passed for it. */
  rejects(): readonly { readonly judge: PeerId; readonly judged: PeerId; readonly count: number }[] {
    return [...this.#rejects].map(([key, count]) => {
      const [judge, judged] = pairOf(key);
      return { judge, judged, count };
    });
  }

  /** Pairs of which one side refuses the other now for its conduct. */
  banned(): readonly (readonly [PeerId, PeerId])[] {
    const nowMs = this.clock.monotonicMs();
    return [...this.#bannedUntilMs].filter(([, untilMs]) => untilMs > nowMs).map(([key]) => pairOf(key));
  }

  /** Whether bytes pass between the two now; a cut that is not yet noticed makes this false first. */
  reachable(a: PeerId, b: PeerId): boolean {
    const [one, other] = [this.#peers.get(a), this.#peers.get(b)];
    if (one?.running !== true || other?.running !== true) return false;
    return this.#groups === null || this.#groups.get(a) === this.#groups.get(b);
  }

  /** Runs `deliver` after the delay of the link, unless the two cannot reach each other by then. */
  carry(from: PeerId, to: PeerId, notBeforeMs: number, deliver: () => void): number {
    const { delayMs, jitterMs } = this.link(from, to);
    const arrivalMs = Math.max(
      notBeforeMs,
      this.clock.monotonicMs() + delayMs + (jitterMs === 0 ? 0 : this.random.fraction() * jitterMs),
    );
    this.clock.after(arrivalMs - this.clock.monotonicMs(), () => {
      if (this.reachable(from, to) && this.isConnected(from, to)) deliver();
    });
    return arrivalMs;
  }

  /** Gossip from one peer to one of its neighbours alone, whatever its size: what an attacker may do. */
  whisper(from: PeerId, to: PeerId, topic: string, bytes: Uint8Array): void {
    const message = gossipMessage(bytes);
    this.carry(from, to, 0, () => this.find(to)?.onGossip(topic, message, from));
  }

  judge(judge: PeerId, judged: PeerId, judgement: Judgement): void {
    if (judgement !== "reject") return;
    const rejects = (this.#rejects.get(`${judge} ${judged}`) ?? 0) + 1;
    this.#rejects.set(`${judge} ${judged}`, rejects);
    if (rejects < REJECTS_BEFORE_BAN) return;
    this.#rejects.delete(`${judge} ${judged}`);
    this.#bannedUntilMs.set(pairKey(judge, judged), this.clock.monotonicMs() + BAN_MS);
    this.#break(judge, judged, "conduct");
    this.clock.after(BAN_MS, () => this.#reconsiderPair(judge, judged));
  }

  // Connections --------------------------------------------------------------------------------------------

  #peerOf(self: PeerId): SimulatedPeer {
    const peer = this.#peers.get(self);
    if (peer === undefined) throw new Error(`no such peer: ${self}`);
    return peer;
  }

  #neighboursOf(self: PeerId): Set<PeerId> {
    const known = this.#neighbours.get(self) ?? new Set<PeerId>();
    this.#neighbours.set(self, known);
    return known;
  }

  #connectedPairs(): readonly (readonly [PeerId, PeerId])[] {
    return [...this.#neighbours].flatMap(([a, others]) =>
      [...others].filter((b) => a < b).map((b) => [a, b] as const),
    );
  }

  #mayConnect(a: PeerId, b: PeerId): boolean {
    const bannedUntilMs = this.#bannedUntilMs.get(pairKey(a, b)) ?? 0;
    return (
      this.#wired.has(pairKey(a, b)) && this.reachable(a, b) && bannedUntilMs <= this.clock.monotonicMs()
    );
  }

  #reconsider(self: PeerId): void {
    for (const other of this.#peers.keys()) if (other !== self) this.#reconsiderPair(self, other);
  }

  #reconsiderPair(a: PeerId, b: PeerId): void {
    if (this.isConnected(a, b) || !this.#mayConnect(a, b)) return;
    this.clock.after(this.#options.reconnectMs ?? RECONNECT_MS, () => {
      if (this.isConnected(a, b) || !this.#mayConnect(a, b)) return;
      this.#neighboursOf(a).add(b);
      this.#neighboursOf(b).add(a);
      this.#peerOf(a).onConnected(b);
      this.#peerOf(b).onConnected(a);
    });
  }

  #break(a: PeerId, b: PeerId, cause: string): void {
    if (!this.#neighboursOf(a).delete(b)) return;
    this.#neighboursOf(b).delete(a);
    this.#peerOf(a).onDisconnected(b, cause);
    this.#peerOf(b).onDisconnected(a, cause);
    this.#reconsiderPair(a, b);
  }
}
