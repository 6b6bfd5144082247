/**
 * Owns the libp2p transport over WebSocket that shares its port with an HTTP server: pages and requests go to the
 * server, upgrades become connections. `@libp2p/websockets` dials; its listener wants the port for itself, and does
 * not hold a fast sender back. What the HTTP server answers is its owner's.
 */
import type { IncomingMessage, Server } from "node:http";
import { isIPv6, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  type ComponentLogger,
  type CreateListenerOptions,
  type Libp2pEvents,
  type Listener,
  type ListenerEvents,
  type Logger,
  type MultiaddrConnection,
  serviceCapabilities,
  type Transport,
  TypedEventEmitter,
  type TypedEventTarget,
  transportSymbol,
} from "@libp2p/interface";
import { AbstractMultiaddrConnection, getThinWaistAddresses } from "@libp2p/utils";
import { webSockets } from "@libp2p/websockets";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock, Timer } from "#ports/clock.ts";
import { addressOf } from "../addresses.ts";
import {
  MUXER_MESSAGE_BYTES_MAX,
  TRACKER_SILENCE_MS,
  WEB_SOCKET_LOOK_MS,
  WEB_SOCKET_QUEUE_BYTES_MAX,
} from "../limits.ts";

export interface WebPortOptions {
  /** A server that does not listen yet; called once for each address that is listened on. */
  readonly createServer: () => Server;
  /** Whether `createServer` makes servers of HTTPS. */
  readonly isSecure: boolean;
  /** Who calls: an IP address. */
  readonly callerOf: (request: IncomingMessage) => string;
}

/** What the port needs of its surroundings. */
export interface WebPortDependencies {
  readonly clock: Clock;
}

interface Components {
  readonly logger: ComponentLogger;
  readonly events: TypedEventTarget<Libp2pEvents>;
}

/** A transport as `webSockets()` gives, whose listeners live on the web port. */
export function webPort(
  options: WebPortOptions,
  { clock }: WebPortDependencies,
): (components: Components) => Transport {
  return (components) => {
    const dialling = webSockets()(components);
    const capabilities = { [serviceCapabilities]: ["@libp2p/transport"] };
    return {
      ...capabilities,
      [transportSymbol]: true,
      [Symbol.toStringTag]: "waybill-web-port",
      dial: (address, dialOptions) => dialling.dial(address, dialOptions),
      dialFilter: (addresses) => dialling.dialFilter(addresses),
      listenFilter: (addresses) => dialling.listenFilter(addresses),
      createListener: (listenOptions) =>
        new WebPortListener(options, listenOptions, { clock, logger: components.logger }),
    };
  };
}

class WebPortListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #options: WebPortOptions;
  readonly #upgrader: CreateListenerOptions["upgrader"];
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    // A muxer's message and its header, encrypted in pieces: larger ones nobody of ours sends.
    maxPayload: 2 * MUXER_MESSAGE_BYTES_MAX,
  });
  readonly #ending = new AbortController();
  readonly #watch: Timer;
  /** Bytes that had moved over each connection when something last did, and when that was; monotonic. */
  readonly #heard = new Map<WebSocket, { readonly socket: Socket; bytes: number; atMs: number }>();
  #address: Multiaddr | null = null;

  constructor(
    options: WebPortOptions,
    { upgrader }: CreateListenerOptions,
    { clock, logger }: WebPortDependencies & { readonly logger: ComponentLogger },
  ) {
    super();
    this.#options = options;
    this.#upgrader = upgrader;
    this.#log = logger.forComponent("waybill:web-port");
    this.#server = options.createServer();
    this.#clock = clock;
    this.#watch = clock.every(WEB_SOCKET_LOOK_MS, () => this.#endSilent());
    this.#server.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  async listen(address: Multiaddr): Promise<void> {
    const [first, second] = address.getComponents();
    const [host, port] = [first?.value ?? "", Number(second?.value)];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen({ host, port, ipv6Only: isIPv6(host) }, () => {
      this.#server.off("error", reject);
      resolve();
    });
    await promise;
    this.#address = address;
    this.safeDispatchEvent("listening");
  }

  getAddrs(): Multiaddr[] {
    const bound = this.#server.address();
    if (this.#address === null || bound === null || typeof bound === "string") return [];
    const suffix = this.#options.isSecure ? "/tls/ws" : "/ws";
    return getThinWaistAddresses(this.#address, bound.port).map((each) => each.encapsulate(suffix));
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#ending.abort();
    this.#watch.cancel();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#sockets.close();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await closed;
    this.safeDispatchEvent("close");
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url !== "/" || this.#ending.signal.aborted) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (upgraded) => this.#onSocket(upgraded, request));
  }

  #onSocket(socket: WebSocket, request: IncomingMessage): void {
    this.#heard.set(socket, { socket: request.socket, bytes: -1, atMs: this.#clock.monotonicMs() });
    socket.on("close", () => this.#heard.delete(socket));
    const caller = addressOf(this.#options.callerOf(request), request.socket.remotePort ?? 0);
    const remoteAddr = multiaddr(`${caller ?? "/ip4/0.0.0.0/tcp/0"}/ws`);
    const connection = new WebSocketConnection(socket, remoteAddr, this.#log);
    this.#upgrader.upgradeInbound(connection, { signal: this.#ending.signal }).catch((error: unknown) => {
      connection.abort(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Peers ping: over a connection on which nothing moves any more there is nobody. */
  #endSilent(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [webSocket, heard] of this.#heard) {
      const bytes = heard.socket.bytesRead + heard.socket.bytesWritten;
      if (bytes !== heard.bytes) {
        heard.bytes = bytes;
        heard.atMs = nowMs;
      } else if (nowMs - heard.atMs >= TRACKER_SILENCE_MS) {
        webSocket.terminate();
      }
    }
  }
}

const OPEN = 1;

/** The raw bytes of one WebSocket, both ways held back where the other end does not keep up. */
class WebSocketConnection extends AbstractMultiaddrConnection implements MultiaddrConnection {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, remoteAddr: Multiaddr, log: Logger) {
    super({ remoteAddr, direction: "inbound", log });
    this.#socket = socket;
    socket.on("message", (data, isBinary) => {
      if (isBinary) this.onData(new Uint8Array(data.buffer, data.byteOffset, data.length));
      else this.abort(new Error("text where bytes belong"));
    });
    socket.on("close", (code) => {
      if (code === NORMAL_CLOSE || code === NO_STATUS) this.onTransportClosed();
      else this.onRemoteReset();
    });
    // What follows is a close, which is what counts.
    socket.on("error", () => undefined);
  }

  sendData(data: Parameters<AbstractMultiaddrConnection["sendData"]>[0]): {
    sentBytes: number;
    canSendMore: boolean;
  } {
    for (const part of data) this.#socket.send(part, () => this.#onSent());
    return {
      sentBytes: data.byteLength,
      canSendMore: this.#socket.bufferedAmount < WEB_SOCKET_QUEUE_BYTES_MAX,
    };
  }

  sendReset(): void {
    this.#socket.terminate();
  }

  async sendClose(): Promise<void> {
    this.#socket.close(NORMAL_CLOSE);
  }

  sendPause(): void {
    if (this.#socket.readyState === OPEN) this.#socket.pause();
  }

  sendResume(): void {
    if (this.#socket.readyState === OPEN) this.#socket.resume();
  }

  #onSent(): void {
    if (this.writableNeedsDrain && this.#socket.bufferedAmount === 0) this.safeDispatchEvent("drain");
  }
}

/** RFC 6455 section 7.4.1. */
const NORMAL_CLOSE = 1000;
const NO_STATUS = 1005;
