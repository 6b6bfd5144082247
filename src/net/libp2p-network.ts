/**
 * Owns the port `Network` over a libp2p host: connections as events, protocols, streams, topics, and what conduct
 * costs. Does not find peers: whom to dial at which addresses it asks of `dial`.
 */
import type { Connection, Stream } from "@libp2p/interface";
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
  PathKind,
  ProtocolOptions,
  Topic,
  TopicOptions,
} from "#ports/network.ts";
import { comparePaths, pathKindOf } from "./addresses.ts";
import { type ConnectionBook, peerOf } from "./gate.ts";
import type { Host } from "./host.ts";
import { Libp2pFrameStream } from "./libp2p-frame-stream.ts";
import { FRAME_BYTES_MAX, OUTBOUND_STREAMS_PER_PROTOCOL_MAX } from "./limits.ts";
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
  /** When bytes last came from a peer, or left where only its reading makes room; monotonic. */
  readonly #aliveMs = new Map<PeerId, number>();

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
    });
    for (const connection of this.#host.getConnections()) this.#onOpen(connection);
    this.#host.addEventListener("connection:open", (event) => this.#onOpen(event.detail));
    this.#host.addEventListener("connection:close", (event) => this.#onClose(event.detail));
  }

  connected(): readonly Connected[] {
    const all = this.#connections.peers().flatMap((peer) => {
      const best = this.#bestConnection(peer);
      return best === undefined ? [] : [connectedOf(best)];
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
        const frames = this.#framed(peerOf(connection.remotePeer), stream, options);
        try {
          await handler(frames);
          await frames.finish();
        } catch (error) {
          this.#log.fault("handling a stream", error, { protocol });
          frames.reset("the handler failed");
        }
      },
      {
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
    options: ProtocolOptions & { readonly timeoutMs: number },
  ): Promise<Result<FrameStream, DialFault>> {
    const patience = new AbortController();
    const timer = this.#clock.after(options.timeoutMs, () => patience.abort());
    try {
      if (this.#bestConnection(peer) === undefined) {
        const dialled = await this.#dial(peer, patience.signal);
        if (!dialled.ok) return fail({ code: "not-connected", problem: dialled.fault });
      }
      const connection = this.#bestConnection(peer);
      if (connection === undefined) return fail({ code: "failed", cause: "the connection closed at once" });
      const stream = await connection.newStream(protocol, {
        signal: patience.signal,
        maxOutboundStreams: OUTBOUND_STREAMS_PER_PROTOCOL_MAX,
      });
      return ok(this.#framed(peer, stream, options));
    } catch (error) {
      if (error instanceof Error && error.name === "UnsupportedProtocolError") {
        return fail({ code: "protocol-unknown" });
      }
      return fail({ code: "failed", cause: causeOf(error) });
    } finally {
      timer.cancel();
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

  /** When the peer last showed that it lives, by the monotonic clock; null when it never did. */
  lastAliveMs(peer: PeerId): number | null {
    return this.#aliveMs.get(peer) ?? null;
  }

  noteAlive(peer: PeerId): void {
    if (this.#connections.of(peer).length > 0) this.#aliveMs.set(peer, this.#clock.monotonicMs());
  }

  #framed(peer: PeerId, stream: Stream, options: ProtocolOptions): Libp2pFrameStream {
    return new Libp2pFrameStream(peer, stream, options, {
      clock: this.#clock,
      onActivity: () => this.noteAlive(peer),
    });
  }

  #bestConnection(peer: PeerId): Connection | undefined {
    const open = this.#connections.of(peer).filter((connection) => connection.status === "open");
    return open.sort((a, b) => comparePaths(pathOf(a), pathOf(b)))[0];
  }

  #onOpen(connection: Connection): void {
    const peer = peerOf(connection.remotePeer);
    const isFirst = this.#connections.add(connection);
    this.noteAlive(peer);
    if (isFirst) this.#events.emit({ type: "connected", connection: connectedOf(connection) });
  }

  #onClose(connection: Connection): void {
    if (!this.#connections.remove(connection)) return;
    const peer = peerOf(connection.remotePeer);
    this.#aliveMs.delete(peer);
    this.#events.emit({ type: "disconnected", peer });
  }
}

function pathOf(connection: Connection): PathKind {
  return pathKindOf(connection.remoteAddr.toString());
}

function connectedOf(connection: Connection): Connected {
  return {
    peer: peerOf(connection.remotePeer),
    path: pathOf(connection),
    address: connection.remoteAddr.toString(),
    via: null,
  };
}

/** In words. A connection that ends while a stream is opened is most often the other side's refusal. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /EOF|reset|closed|abort/i.test(`${error.name} ${error.message}`)
    ? "it broke off at once; it may be closing, or have blocked this peer"
    : error.message;
}
