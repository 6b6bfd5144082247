/**
 * Owns when we talk to whom about the chain: with each peer on connecting, with some every little while, and with
 * whoever showed us a block whose parent we lack. A conversation goes through hello, headers (a few conversations at
 * a time), bodies (as many as have them, `body-fetch.ts`), and what waits in the pool. It is long, since
 * every reason to talk, and every stage of a conversation, stands here.
 */
import type { PeerId } from "#base/brand.ts";
import { equalBytes, toHex } from "#base/bytes.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Timer } from "#ports/clock.ts";
import type { FrameStream } from "#ports/network.ts";
import type { HeaderPoint } from "../header-point.ts";
import type { Holding } from "../holding.ts";
import {
  CONVERSATIONS_MAX,
  HEADER_SYNCS_MAX,
  PEERS_ELSEWHERE_MAX,
  POOL_COMPARE_MS,
  SNAPSHOT_OFFERS_AWAITED_MS,
  SYNC_ASKED_MIN,
  SYNC_FRAME_BYTES_MAX,
  SYNC_HEADERS_MAX,
  SYNC_ON_CONNECT_DELAY_MS,
  SYNC_OPEN_TIMEOUT_MS,
  SYNC_RETRY_MS,
  SYNC_STREAMS_PER_PEER_MAX,
  SYNC_TURN_HEADERS_MIN,
  SYNC_TURN_MS,
  TIP_COMPARE_PEERS_MAX,
  TIP_COMPARE_PERIOD_MS,
} from "../limits.ts";
import { SnapshotFetch } from "../snapshots/snapshot-fetch.ts";
import { BodyFetch } from "./body-fetch.ts";
import { branchRoutes, historyRoutes } from "./body-routes.ts";
import { HEADERS_AHEAD } from "./header-presync.ts";
import { type Hello, SYNC_PROTOCOL } from "./sync-codec.ts";
import { Conversation, type ConversationEnd, type Step } from "./sync-conversation.ts";
import { HeaderSync } from "./sync-headers.ts";
import { SyncPeers } from "./sync-peers.ts";
import { fetchPool } from "./sync-pool.ts";
import { serveSync } from "./sync-server.ts";
import type { SyncDependencies, SyncTarget } from "./sync-target.ts";

const PROTOCOL_OPTIONS = {
  frameBytesMax: SYNC_FRAME_BYTES_MAX,
  streamsPerPeerMax: SYNC_STREAMS_PER_PEER_MAX,
};

export class Sync {
  readonly #dependencies: SyncDependencies;
  readonly #unsubscribes: Unsubscribe[];
  readonly #timers = new Map<PeerId, Timer>();
  readonly #period: Timer;
  readonly #talking = new Set<PeerId>();
  /** Peers to talk with once more when the conversation that runs has ended. */
  readonly #askedMeanwhile = new Set<PeerId>();
  readonly #running = new Set<Promise<void>>();
  readonly #streams = new Set<FrameStream>();
  /** Connected peers whose pool was asked for, and when last. */
  readonly #poolFetched = new Map<PeerId, number>();
  /** Connected peers of other networks, with the chain id of each, hex. */
  readonly #elsewhere = new Map<PeerId, string>();
  /** Peers known to have headers that we lack, while others are being asked. */
  readonly #waiting = new Set<PeerId>();
  readonly #peers: SyncPeers;
  readonly #snapshot: SnapshotFetch;
  readonly #bodies: BodyFetch;
  readonly #history: BodyFetch;
  readonly #missing: BodyFetch;
  /** Connected peers that said where they stand. */
  readonly #greeted = new Set<PeerId>();
  /** Peers whose headers are being fetched. */
  readonly #headersOf = new Map<PeerId, HeaderSync>();
  /** Peers whose headers were fetched in a conversation that goes on to bodies. */
  readonly #catchingUp = new Set<PeerId>();
  /** Since when a new peer waits for offers of snapshots. */
  #offersAwaitedMs: number | null = null;
  #closed = false;

  constructor(dependencies: SyncDependencies) {
    this.#dependencies = dependencies;
    const { network, clock, source, target, listener, turn } = dependencies;
    this.#peers = new SyncPeers(clock);
    const shared = {
      clock,
      peers: this.#peers,
      judge: network.judge.bind(network),
      call: (peer: PeerId) => this.compareWith(peer),
      inBackground: (work: Promise<void>) => this.#keepTrack(work),
    };
    this.#snapshot = new SnapshotFetch({
      ...shared,
      ...target.snapshot,
      tree: target.tree,
      workToBeat: target.workToBeat,
      isBegunOtherwise: () => this.#bodies.isRunning,
      progress: listener.onSnapshot,
      pause: turn(),
    });
    this.#bodies = new BodyFetch({
      ...shared,
      routes: branchRoutes({
        peers: this.#peers,
        tree: target.tree,
        workToBeat: target.workToBeat,
        pause: turn(),
      }),
      takeBlock: target.takeBlock,
      progress: listener.onBodies,
      onNowhere: listener.onNowhere,
      onEnd: () => this.#restIfLevel(),
      pause: turn(),
    });
    const beside = ({ needed, pointAt, takeBlock }: SyncTarget["history"]): BodyFetch =>
      new BodyFetch({
        ...shared,
        routes: historyRoutes({
          peers: this.#peers,
          // Everything else comes first.
          needed: () => (this.#isCatchingUp ? null : needed()),
          pointAt,
        }),
        takeBlock,
        progress: () => undefined,
        onNowhere: () => undefined,
        onEnd: () => undefined,
        pause: turn(),
      });
    this.#history = beside(target.history);
    this.#missing = beside(target.missing);
    this.#unsubscribes = [
      network.handle(SYNC_PROTOCOL, PROTOCOL_OPTIONS, (stream) =>
        serveSync(stream, {
          source,
          clock,
          judge: (peer, judgement) => network.judge(peer, judgement),
          heard: (peer, hello) => this.#heard(peer, hello),
        }),
      ),
      network.subscribe((event) => {
        if (event.type === "connected") this.#soon(event.connection.peer, SYNC_ON_CONNECT_DELAY_MS);
        else if (event.type === "disconnected") this.#gone(event.peer);
      }),
    ];
    this.#period = clock.every(TIP_COMPARE_PERIOD_MS, () => this.#keepTrack(this.#compareWithSome()));
    for (const { peer } of network.connected()) this.#soon(peer, SYNC_ON_CONNECT_DELAY_MS);
  }

  holdings(): readonly Holding[] {
    return [
      { what: "peers asked for headers", count: this.#headersOf.size, limit: HEADER_SYNCS_MAX },
      {
        what: "headers of unshown work",
        count: Math.max(0, ...Array.from(this.#headersOf.values(), ({ heldHeaders }) => heldHeaders)),
        limit: HEADERS_AHEAD + SYNC_HEADERS_MAX,
      },
      { what: "peers of other networks", count: this.#elsewhere.size, limit: PEERS_ELSEWHERE_MAX },
      ...this.#peerHoldings(),
      ...this.#peers.holdings(),
      ...this.#snapshot.holdings(),
      ...[this.#bodies, this.#history, this.#missing].flatMap((bodies) => bodies.holdings()),
    ];
  }

  /** Nothing is kept of peers that left and whose conversation has ended, but that they rest. */
  #peerHoldings(): readonly Holding[] {
    const limit = this.#dependencies.network.connected().length + this.#talking.size;
    return [
      { what: "conversations", count: this.#talking.size, limit: CONVERSATIONS_MAX },
      { what: "streams that we opened", count: this.#streams.size, limit: CONVERSATIONS_MAX },
      { what: "peers to talk with again", count: this.#askedMeanwhile.size, limit: CONVERSATIONS_MAX },
      { what: "peers to talk with soon", count: this.#timers.size, limit },
      { what: "peers whose pool was asked for", count: this.#poolFetched.size, limit },
      { what: "peers that wait for their turn", count: this.#waiting.size, limit },
      { what: "peers that greeted", count: this.#greeted.size, limit },
    ];
  }

  /** Connected peers of other networks, with the chain id of each, hex. */
  elsewhere(): ReadonlyMap<PeerId, string> {
    return this.#elsewhere;
  }

  /** Connected peers that answered, with what they showed. */
  get peers(): SyncPeers {
    return this.#peers;
  }

  /** Talks with a peer that seems to know more than we do. */
  compareWith(peer: PeerId): void {
    if (this.#closed || this.#elsewhere.has(peer)) return;
    if (this.#talking.has(peer)) {
      this.#askedMeanwhile.add(peer);
      return;
    }
    // The comparing of tips comes back to it.
    if (this.#talking.size >= CONVERSATIONS_MAX) return;
    this.#talking.add(peer);
    const talk = this.#talk(peer).finally(() => {
      this.#talking.delete(peer);
      // It showed something newer than what this conversation began with.
      if (this.#askedMeanwhile.delete(peer)) this.#soon(peer, 0);
      // It left meanwhile, and what it said after that is not kept either.
      const isHere = this.#dependencies.network.connected().some((each) => each.peer === peer);
      if (!isHere && !this.#closed) this.#gone(peer);
    });
    this.#keepTrack(talk);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#period.cancel();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#snapshot.close();
    this.#bodies.close();
    this.#history.close();
    this.#missing.close();
    for (const stream of this.#streams) stream.reset("closing");
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #keepTrack(work: Promise<void>): void {
    const running = work
      .catch((error: unknown) => this.#dependencies.log.fault("a conversation about the chain failed", error))
      .finally(() => {
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  #soon(peer: PeerId, delayMs: number): void {
    if (this.#closed) return;
    this.#timers.get(peer)?.cancel();
    const timer = this.#dependencies.clock.after(delayMs, () => {
      this.#timers.delete(peer);
      this.compareWith(peer);
    });
    this.#timers.set(peer, timer);
  }

  #gone(peer: PeerId): void {
    this.#timers.get(peer)?.cancel();
    this.#timers.delete(peer);
    this.#poolFetched.delete(peer);
    this.#elsewhere.delete(peer);
    this.#waiting.delete(peer);
    this.#askedMeanwhile.delete(peer);
    this.#greeted.delete(peer);
    this.#peers.gone(peer);
    this.#dependencies.listener.onHello(peer, null);
  }

  /** A promise, since it reads the ledger: where that is damaged, nobody would catch what a timer throws. */
  async #compareWithSome(): Promise<void> {
    const { network, random } = this.#dependencies;
    const peers = network.connected().map(({ peer }) => peer);
    for (let picked = 0; picked < TIP_COMPARE_PEERS_MAX && peers.length > 0; picked++) {
      const [peer] = peers.splice(random.below(peers.length), 1);
      if (peer !== undefined) this.compareWith(peer);
    }
    this.#bodies.consider();
    this.#history.consider();
    this.#missing.consider();
  }

  #heard(peer: PeerId, hello: Hello): void {
    const { source } = this.#dependencies;
    if (!equalBytes(hello.chainId, source.chainId)) this.#foundElsewhere(peer, hello.chainId);
    else if (hello.work > source.hello().work) this.#soon(peer, 0);
  }

  #foundElsewhere(peer: PeerId, chainId: Uint8Array): void {
    if (this.#elsewhere.has(peer) || this.#elsewhere.size >= PEERS_ELSEWHERE_MAX) return;
    this.#elsewhere.set(peer, toHex(chainId));
    this.#dependencies.listener.onSilent(peer);
    this.#dependencies.listener.onOtherNetwork(peer);
  }

  async #talk(peer: PeerId): Promise<void> {
    const { network, log } = this.#dependencies;
    const opened = await network.open(peer, SYNC_PROTOCOL, {
      ...PROTOCOL_OPTIONS,
      timeoutMs: SYNC_OPEN_TIMEOUT_MS,
    });
    // Comparing again later is enough, whatever the reason; who speaks no such protocol is asked in vain.
    if (!opened.ok) return this.#dependencies.listener.onSilent(peer);
    if (this.#closed) {
      opened.value.reset("closing");
      return;
    }
    this.#streams.add(opened.value);
    const conversation = new Conversation(opened.value, network.judge.bind(network));
    let end: ConversationEnd | null = null;
    try {
      end = await this.#converse(conversation);
    } finally {
      this.#streams.delete(opened.value);
      // Our ledger could not be read.
      if (end === null) conversation.reset("broken off");
    }
    if (end.code === "level" || end.code === "other-network") await conversation.close();
    else conversation.reset(end.code);
    if (end.code === "other-network") this.#foundElsewhere(peer, end.chainId);
    if (end.code === "unanswered") this.#soon(peer, SYNC_RETRY_MS);
    if ("what" in end)
      log.debug("conversation about the chain ended", { peer, end: end.code, what: end.what });
  }

  async #converse(conversation: Conversation): Promise<ConversationEnd> {
    const { clock, source, listener, poolFor } = this.#dependencies;
    const { peer } = conversation;
    const hello = await conversation.greet(source.hello());
    if (!hello.ok) {
      listener.onSilent(peer);
      return hello.fault;
    }
    listener.onHello(peer, hello.value);
    this.#greeted.add(peer);
    const end = await this.#catchUp(conversation, hello.value).finally(() => {
      if (this.#catchingUp.delete(peer)) this.#restIfLevel();
    });
    if (end.code !== "level") return end;
    const nowMs = clock.monotonicMs();
    const fetchedMs = this.#poolFetched.get(peer) ?? Number.NEGATIVE_INFINITY;
    // Again now and then: gossip may lose a transaction, and where no block comes nobody tells it again.
    if (nowMs - fetchedMs >= POOL_COMPARE_MS) {
      const ended = await fetchPool(conversation, poolFor(peer));
      if (ended.code !== "level") return ended;
      this.#poolFetched.set(peer, nowMs);
    }
    const checked = await this.#history.join(conversation, "one run");
    return checked.code === "level" ? this.#missing.join(conversation, "one run") : checked;
  }

  async #catchUp(conversation: Conversation, theirs: Hello): Promise<ConversationEnd> {
    const { peer } = conversation;
    const best = await this.#learnHeaders(conversation, theirs);
    if (!best.ok) return best.fault;
    if (best.value === null) return { code: "level" };
    const { bodiesFrom, snapshots } = theirs;
    this.#peers.show(peer, { best: best.value, bodiesFrom, snapshots });
    if (this.#peers.isResting(peer)) return { code: "level" };
    if (this.#awaitsOffers(best.value)) {
      this.#soon(peer, SYNC_RETRY_MS);
      return { code: "held-up", what: "too few peers were asked for a snapshot" };
    }
    const end = await this.#snapshot.join(conversation);
    return end.code === "level" ? this.#bodies.join(conversation) : end;
  }

  /**
   * Whether a new peer should hear more peers before it begins: one of them may offer a snapshot, or show more work than
   * the one that offers it.
   */
  #awaitsOffers({ header }: HeaderPoint): boolean {
    const { network, target, clock } = this.#dependencies;
    if (!target.snapshot.isWorth(header.height)) return false;
    const isAsked = this.#greeted.size >= Math.min(SYNC_ASKED_MIN, network.connected().length);
    if (isAsked && this.#headersOf.size === 0) return false;
    this.#offersAwaitedMs ??= clock.monotonicMs();
    return clock.monotonicMs() - this.#offersAwaitedMs < SNAPSHOT_OFFERS_AWAITED_MS;
  }

  /** The newest header of its chain that is kept here; `null` when its chain is of no interest, or for another time. */
  async #learnHeaders(conversation: Conversation, theirs: Hello): Step<HeaderPoint | null> {
    const { target } = this.#dependencies;
    const { peer } = conversation;
    const known = target.tree.point(theirs.tip);
    if (known === "invalid") return conversation.misconduct("its chain holds a block found invalid");
    if (known !== null) return { ok: true, value: known };
    if (theirs.work < target.workToBeat() || this.#peers.isResting(peer)) {
      return { ok: true, value: null };
    }
    if (this.#headersOf.size >= HEADER_SYNCS_MAX) {
      this.#waiting.add(peer);
      return { ok: true, value: null };
    }
    const sync = this.#headerSync(conversation, theirs);
    this.#headersOf.set(peer, sync);
    this.#catchingUp.add(peer);
    try {
      const headers = await sync.run();
      if (!headers.ok && headers.fault.code !== "held-up") this.#peers.rest(peer);
      return headers;
    } finally {
      this.#headersOf.delete(peer);
      for (const waiting of this.#waiting) this.#soon(waiting, 0);
      this.#waiting.clear();
    }
  }

  #headerSync(conversation: Conversation, theirs: Hello): HeaderSync {
    const { clock, target, listener, turn } = this.#dependencies;
    const sinceMs = clock.monotonicMs();
    let looked = 0;
    const isTurnOver = (): boolean => {
      const spentMs = clock.monotonicMs() - sinceMs;
      return (
        this.#waiting.size > 0 && spentMs > SYNC_TURN_MS && (looked * 1000) / spentMs < SYNC_TURN_HEADERS_MIN
      );
    };
    const check = (bytes: Uint8Array, parent: HeaderPoint): ReturnType<SyncTarget["check"]> => {
      looked += 1;
      return target.check(conversation.peer, bytes, parent);
    };
    const progress = (point: HeaderPoint, kept: boolean): void =>
      listener.onHeaders(point, theirs.height, kept);
    return new HeaderSync(conversation, theirs, { ...target, check, progress, isTurnOver, pause: turn() });
  }

  get #isCatchingUp(): boolean {
    return this.#catchingUp.size > 0 || this.#bodies.isRunning || this.#snapshot.isRunning;
  }

  #restIfLevel(): void {
    if (!this.#isCatchingUp) this.#dependencies.listener.onLevel();
  }
}
