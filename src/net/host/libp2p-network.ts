/**
 * Owns the port `Network` over a libp2p host: connections as events of paths, protocols, streams, topics, and what
 * conduct costs. Does not find peers: whom to dial at which addresses it asks of `dial`. Which of several connections
 * to a peer is the best the book says.
 */
import type { Connection, MultiaddrConnection, Stream } from "@libp2p/interface";
import { assert } from "#base/assert.ts";
import type { PeerId } from "#base/brand.ts";
import { Emitter, type Unsubscribe } from "#base/emitter.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type {
  Connected,
  DialFault,
  FrameStream,
  Judgement,
  Network,
  NetworkEvent,
  ProtocolOptions,
  Topic,
  TopicOptions,
} from "#ports/network.ts";
import { comparePaths, relayOf } from "../addresses.ts";
import { FRAME_BYTES_MAX, OUTBOUND_STREAMS_PER_PROTOCOL_MAX } from "../limits.ts";
import { type ConnectionBook, classOf, pathOf } from "./connection-book.ts";
import { peerOf } from "./gate.ts";
import { keepGossipOffersShort, watchGossipFrames } from "./gossip-frames.ts";
import { GossipPaths } from "./gossip-paths.ts";
import type { Host } from "./host.ts";
import { Libp2pFrameStream } from "./libp2p-frame-stream.ts";
import type { Standings } from "./standing.ts";
import { Topics } from "./topics.ts";

export interface Libp2pNetworkDependencies {
  readonly host: Host;
  readonly connections: ConnectionBook;
  readonly standings: Standings;
  readonly clock: Clock;
  readonly log: Log;
  /** Connects to a peer at whatever addresses are known for it. */
  readonly dial: (peer: PeerId, signal: AbortSignal) => Promise<Result<undefined, Problem>>;
}

export class Libp2pNetwork implements Network {
  readonly self: PeerId;
  readonly #host: Host;
  readonly #connections: ConnectionBook;
  readonly #standings: Standings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #dial: Libp2pNetworkDependencies["dial"];
  readonly #topics: Topics;
  readonly #events: Emitter<NetworkEvent>;
  readonly #protocols = new Set<string>();
  readonly #gossipPaths: GossipPaths;
  /** The connection that was last told of for each peer. */
  readonly #told = new Map<PeerId, Connection>();

  constructor(dependencies: Libp2pNetworkDependencies) {
    this.#host = dependencies.host;
    this.#connections = dependencies.connections;
    this.#standings = dependencies.standings;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
    this.#dial = dependencies.dial;
    this.self = peerOf(dependencies.host.peerId);
    this.#events = new Emitter((error) => this.#log.fault("a listener of network events", error));
    this.#topics = new Topics({
      gossip: dependencies.host.services.gossip,
      log: dependencies.log,
      judge: (peer, judgement) => this.judge(peer, judgement),
      heard: (peer) => this.#standings.heard(peer),
    });
    keepGossipOffersShort(dependencies.host.services.gossip);
    watchGossipFrames(dependencies.host.services.gossip, (peer) => this.judge(peer, "reject"));
    this.#gossipPaths = new GossipPaths(dependencies.host, dependencies.connections);
    for (const connection of this.#host.getConnections()) this.#onOpen(connection);
    this.#host.addEventListener("connection:open", (event) => this.#onOpen(event.detail));
    this.#host.addEventListener("connection:close", (event) => this.#onClose(event.detail));
  }

  connected(): readonly Connected[] {
    const all = this.#connections.peers().flatMap((peer) => {
      const best = this.#connections.best(peer);
      return best === null ? [] : [connectedOf(best)];
    });
    return all.sort((a, b) => comparePaths(a.path, b.path));
  }

  subscribe(listener: (event: NetworkEvent) => void): Unsubscribe {
    return this.#events.subscribe(listener);
  }

  handle(
    protocol: string,
    options: ProtocolOptions,
    handler: (stream: FrameStream) => Promise<void>,
  ): Unsubscribe {
    assert(!this.#protocols.has(protocol), `protocol ${protocol} is handled once`);
    assert(options.frameBytesMax <= FRAME_BYTES_MAX, `frames of ${protocol} are within the network's limit`);
    this.#protocols.add(protocol);
    const registered = this.#host.handle(
      protocol,
      async (stream, connection) => {
        const frames = this.#framed(connection, stream, options);
        try {
          await handler(frames);
          await frames.finish();
        } catch (error) {
          this.#log.fault("handling a stream", error, { protocol });
          frames.reset("the handler failed");
        }
      },
      {
        runOnLimitedConnection: true,
        maxInboundStreams: options.streamsPerPeerMax,
        maxOutboundStreams: OUTBOUND_STREAMS_PER_PROTOCOL_MAX,
      },
    );
    registered.catch((error: unknown) => this.#log.fault("registering a protocol", error, { protocol }));
    let isHandled = true;
    return () => {
      if (!isHandled) return;
      isHandled = false;
      this.#protocols.delete(protocol);
      this.#host
        .unhandle(protocol)
        .catch((error: unknown) => this.#log.fault("unregistering a protocol", error, { protocol }));
    };
  }

  async open(
    peer: PeerId,
    protocol: string,
    options: ProtocolOptions & { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Result<FrameStream, DialFault>> {
    if (options.signal?.aborted === true) return fail(GIVEN_UP);
    const patience = new AbortController();
    const timer = this.#clock.after(options.timeoutMs, () => patience.abort());
    const giveUp = () => patience.abort();
    options.signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const opened = await this.#openPatiently(peer, protocol, options, patience.signal);
      if (options.signal === undefined || !isAborted(options.signal)) return opened;
      if (opened.ok) opened.value.reset("given up while it was opened");
      return fail(GIVEN_UP);
    } finally {
      options.signal?.removeEventListener("abort", giveUp);
      timer.cancel();
    }
  }

  async #openPatiently(
    peer: PeerId,
    protocol: string,
    options: ProtocolOptions,
    signal: AbortSignal,
  ): Promise<Result<FrameStream, DialFault>> {
    if (this.#connections.best(peer) === null) {
      const dialled = await this.#dial(peer, signal);
      if (!dialled.ok) return fail({ code: "not-connected", problem: dialled.fault });
    }
    for (let tried: Connection | null = null; ; ) {
      const connection = this.#connections.best(peer);
      if (connection === null) return fail({ code: "failed", cause: "the connection closed at once" });
      try {
        const stream = await connection.newStream(protocol, {
          signal,
          runOnLimitedConnection: true,
          maxOutboundStreams: OUTBOUND_STREAMS_PER_PROTOCOL_MAX,
        });
        return ok(this.#framed(connection, stream, options));
      } catch (error) {
        if (error instanceof Error && error.name === "UnsupportedProtocolError") {
          return fail({ code: "protocol-unknown" });
        }
        const next = this.#connections.best(peer);
        // The path ended under the stream, and another one stands.
        const mayGoOn = tried === null && !signal.aborted && next !== null && next !== connection;
        if (!mayGoOn) return fail({ code: "failed", cause: causeOf(error) });
        tried = connection;
      }
    }
  }

  topic(name: string, options: TopicOptions): Topic {
    return this.#topics.open(name, options);
  }

  judge(peer: PeerId, judgement: Judgement): void {
    this.#standings.judge(peer, judgement);
  }

  /** Breaks off every connection to a peer. */
  disconnect(peer: PeerId, cause: string): void {
    for (const connection of this.#connections.of(peer)) connection.abort(new Error(cause));
  }

  /** Looks again which connection to a peer is the best, and tells of it when it is another than before. */
  reconsider(peer: PeerId): void {
    const before = this.#told.get(peer);
    const best = this.#connections.best(peer);
    // What closes is over when it has closed, so that whoever asks then finds the same.
    if (best === null && this.#connections.of(peer).length > 0) return;
    this.#gossipPaths.settle(peer);
    if (before === (best ?? undefined)) return;
    if (best === null) {
      this.#told.delete(peer);
      this.#events.emit({ type: "disconnected", peer });
      return;
    }
    this.#told.set(peer, best);
    const connection = connectedOf(best);
    if (before === undefined) this.#events.emit({ type: "connected", connection });
    else {
      const isBetter = comparePaths(connection.path, pathOf(before)) < 0;
      this.#events.emit({ type: "path", connection, isBetter });
    }
  }

  #framed(connection: Connection, stream: Stream, options: ProtocolOptions): Libp2pFrameStream {
    return new Libp2pFrameStream(peerOf(connection.remotePeer), stream, options, {
      clock: this.#clock,
      onActivity: () => this.#connections.noteAlive(connection),
      needsCredit: classOf(connection) === "punched",
    });
  }

  #onOpen(connection: Connection): void {
    this.#connections.add(connection);
    // Any byte shows life: over a slow path one frame may take a minute, and pulses wait behind it.
    carrierOf(connection)?.addEventListener("message", () => this.#connections.noteAlive(connection));
    this.reconsider(peerOf(connection.remotePeer));
  }

  #onClose(connection: Connection): void {
    this.#connections.remove(connection);
    this.reconsider(peerOf(connection.remotePeer));
  }
}

/** What carries the bytes of a connection, which its public interface does not tell. */
function carrierOf(connection: Connection): MultiaddrConnection | null {
  return "maConn" in connection ? (connection.maConn as MultiaddrConnection) : null;
}

/** Asked anew after a wait, which the compiler does not know to change it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

const GIVEN_UP: DialFault = { code: "failed", cause: "it was given up here" };

function connectedOf(connection: Connection): Connected {
  const address = connection.remoteAddr.toString();
  const path = pathOf(connection);
  return {
    peer: peerOf(connection.remotePeer),
    path,
    address,
    via: path === "relayed" ? relayOf(address) : null,
  };
}

/** In words. A connection that ends while a stream is opened is most often the other side's refusal. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /EOF|reset|closed|abort/i.test(`${error.name} ${error.message}`)
    ? "it broke off at once; it may be closing, or have blocked this peer"
    : error.message;
}
