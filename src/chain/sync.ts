/**
 * Owns when we talk to whom about the chain: with each peer on connecting, with some every little while, and with
 * whoever showed us a block whose parent we lack. Conversations run side by side, but one at a time fetches blocks:
 * two would fetch the same ones. What is said is in `sync-session.ts` and `sync-server.ts`.
 */
import type { PeerId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import {
  PEERS_ELSEWHERE_MAX,
  POOL_COMPARE_MS,
  SYNC_FRAME_BYTES_MAX,
  SYNC_ON_CONNECT_DELAY_MS,
  SYNC_OPEN_TIMEOUT_MS,
  SYNC_REST_MS_MAX,
  SYNC_RESTING_MAX,
  SYNC_RETRY_MS,
  SYNC_STREAMS_PER_PEER_MAX,
  SYNC_TURN_MS,
  TIP_COMPARE_PEERS_MAX,
  TIP_COMPARE_PERIOD_MS,
} from "./limits.ts";
import { type Hello, SYNC_PROTOCOL } from "./sync-codec.ts";
import { type SyncSource, serveSync } from "./sync-server.ts";
import { type SessionEnd, SyncSession, type SyncTarget } from "./sync-session.ts";

export interface SyncDependencies {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly source: SyncSource;
  /** A view of our side for a conversation with `peer`, on whom it may pass judgement. */
  readonly targetFor: (peer: PeerId) => SyncTarget;
  /** A conversation that fetched, or tried to, has ended. */
  readonly onFetched: () => void;
  readonly onOtherNetwork: (peer: PeerId) => void;
}

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
  readonly #elsewhere = new Set<PeerId>();
  /** Peers known to have more than we, while another one is being fetched from. */
  readonly #waiting = new Set<PeerId>();
  /** Peers that did not deliver what they had announced, and when they are fetched from again. */
  readonly #resting = new Map<PeerId, { readonly untilMs: number; readonly spanMs: number }>();
  #fetching = false;
  #closed = false;

  constructor(dependencies: SyncDependencies) {
    this.#dependencies = dependencies;
    const { network, clock, source } = dependencies;
    this.#unsubscribes = [
      network.handle(SYNC_PROTOCOL, PROTOCOL_OPTIONS, (stream) =>
        serveSync(stream, {
          source,
          judge: (peer, judgement) => network.judge(peer, judgement),
          heard: (peer, hello) => this.#heard(peer, hello),
        }),
      ),
      network.subscribe((event) => {
        if (event.type === "connected") this.#soon(event.connection.peer, SYNC_ON_CONNECT_DELAY_MS);
        else if (event.type === "disconnected") this.#gone(event.peer);
      }),
    ];
    this.#period = clock.every(TIP_COMPARE_PERIOD_MS, () => this.#compareWithSome());
    for (const { peer } of network.connected()) this.#soon(peer, SYNC_ON_CONNECT_DELAY_MS);
  }

  /** Connected peers of other networks. */
  elsewhere(): readonly PeerId[] {
    return [...this.#elsewhere];
  }

  /** Talks with a peer that seems to know more than we do. */
  compareWith(peer: PeerId): void {
    if (this.#closed || this.#elsewhere.has(peer)) return;
    if (this.#talking.has(peer)) {
      this.#askedMeanwhile.add(peer);
      return;
    }
    this.#talking.add(peer);
    const running = this.#talk(peer)
      .catch((error: unknown) => this.#dependencies.log.fault("a conversation about the chain failed", error))
      .finally(() => {
        this.#talking.delete(peer);
        this.#running.delete(running);
        // It showed something newer than what this conversation began with.
        if (this.#askedMeanwhile.delete(peer) && !this.#closed) this.#soon(peer, 0);
      });
    this.#running.add(running);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#period.cancel();
    for (const timer of this.#timers.values()) timer.cancel();
    for (const stream of this.#streams) stream.reset("closing");
    await Promise.all(this.#running);
  }

  #soon(peer: PeerId, delayMs: number): void {
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
  }

  #compareWithSome(): void {
    const { network, random } = this.#dependencies;
    const peers = network.connected().map(({ peer }) => peer);
    for (let picked = 0; picked < TIP_COMPARE_PEERS_MAX && peers.length > 0; picked++) {
      const [peer] = peers.splice(random.below(peers.length), 1);
      if (peer !== undefined) this.compareWith(peer);
    }
  }

  #heard(peer: PeerId, hello: Hello): void {
    const { source } = this.#dependencies;
    if (!equalBytes(hello.chainId, source.chainId)) this.#foundElsewhere(peer);
    else if (hello.work > source.hello().work) this.#soon(peer, 0);
  }

  #foundElsewhere(peer: PeerId): void {
    if (this.#elsewhere.has(peer) || this.#elsewhere.size >= PEERS_ELSEWHERE_MAX) return;
    this.#elsewhere.add(peer);
    this.#dependencies.onOtherNetwork(peer);
  }

  async #talk(peer: PeerId): Promise<void> {
    const { network, targetFor, log } = this.#dependencies;
    const opened = await network.open(peer, SYNC_PROTOCOL, {
      ...PROTOCOL_OPTIONS,
      timeoutMs: SYNC_OPEN_TIMEOUT_MS,
    });
    // Comparing again later is enough, whatever the reason; who speaks no such protocol is asked in vain.
    if (!opened.ok) return;
    this.#streams.add(opened.value);
    const target = targetFor(peer);
    const judge = network.judge.bind(network);
    const session = new SyncSession(opened.value, { target, judge });
    const end = await this.#converse(peer, session);
    this.#streams.delete(opened.value);
    if (end.code === "level" || end.code === "other-network") await opened.value.close();
    else opened.value.reset(end.code);
    if (end.code === "other-network") this.#foundElsewhere(peer);
    const again = end.code === "unanswered" || end.code === "turn-over";
    if (again && !this.#closed) this.#soon(peer, SYNC_RETRY_MS);
    if ("what" in end)
      log.debug("conversation about the chain ended", { peer, end: end.code, what: end.what });
  }

  async #converse(peer: PeerId, session: SyncSession): Promise<SessionEnd> {
    const hello = await session.greet();
    if (!hello.ok) return hello.fault;
    if (session.needs(hello.value) && !this.#isResting(peer)) {
      if (this.#fetching) this.#waiting.add(peer);
      else {
        const end = await this.#fetchFrom(peer, session, hello.value);
        if (end.code !== "level") return end;
      }
    }
    const nowMs = this.#dependencies.clock.monotonicMs();
    const fetchedMs = this.#poolFetched.get(peer) ?? Number.NEGATIVE_INFINITY;
    // Again now and then: gossip may lose a transaction, and where no block comes nobody tells it again.
    if (nowMs - fetchedMs < POOL_COMPARE_MS) return { code: "level" };
    const end = await session.fetchPool();
    if (end.code === "level") this.#poolFetched.set(peer, nowMs);
    return end;
  }

  async #fetchFrom(peer: PeerId, session: SyncSession, hello: Hello): Promise<SessionEnd> {
    const { clock, onFetched } = this.#dependencies;
    const sinceMs = clock.monotonicMs();
    this.#fetching = true;
    try {
      const end = await session.catchUp(
        hello,
        () => this.#waiting.size > 0 && clock.monotonicMs() - sinceMs > SYNC_TURN_MS,
      );
      if (end.code === "unanswered" || end.code === "misconduct") this.#rest(peer);
      else if (end.code === "level") this.#resting.delete(peer);
      return end;
    } finally {
      this.#fetching = false;
      onFetched();
      for (const waiting of this.#waiting) this.#soon(waiting, 0);
      this.#waiting.clear();
    }
  }

  #isResting(peer: PeerId): boolean {
    const rest = this.#resting.get(peer);
    return rest !== undefined && this.#dependencies.clock.monotonicMs() < rest.untilMs;
  }

  /** Longer each time, and beyond a reconnection: announcing without delivering must not keep others waiting. */
  #rest(peer: PeerId): void {
    const before = this.#resting.get(peer)?.spanMs ?? SYNC_RETRY_MS / 2;
    const spanMs = Math.min(before * 2, SYNC_REST_MS_MAX);
    this.#resting.delete(peer);
    this.#resting.set(peer, { untilMs: this.#dependencies.clock.monotonicMs() + spanMs, spanMs });
    const [oldest] = this.#resting.keys();
    if (this.#resting.size > SYNC_RESTING_MAX && oldest !== undefined) this.#resting.delete(oldest);
  }
}
