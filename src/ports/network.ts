/**
 * The network as features see it: authenticated peers, framed streams, broadcast topics. Types only.
 *
 * Implementations: libp2p on real sockets or on its memory transport (`net/`), and the simulated network of the
 * tests. All pass `test/contract/network.ts`. A network carries bytes; what they mean belongs to the features.
 */
import type { PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";

/**
 * How bytes get to a connected peer right now, best first. `punched`: straight, through routers on both sides that were
 * brought to let it pass. `relayed`: over a third peer, which sees ciphertext only.
 */
export type PathKind = "loopback" | "lan" | "direct" | "punched" | "relayed";

export interface Connected {
  readonly peer: PeerId;
  readonly path: PathKind;
  /** The multiaddr in use. */
  readonly address: string;
  /** Over whom, where the path is relayed; null otherwise. */
  readonly via: PeerId | null;
}

export type NetworkEvent =
  | { readonly type: "connected"; readonly connection: Connected }
  /**
   * A connected peer is reached in another way than before. New streams take it; streams that are open stay where they
   * are until their feature opens them anew, or their old path ends.
   */
  | { readonly type: "path"; readonly connection: Connected; readonly isBetter: boolean }
  | { readonly type: "disconnected"; readonly peer: PeerId };

export type StreamFault =
  /** The other side closed in order where more was expected, or the connection went away. */
  | { readonly code: "closed" }
  /** The other side or the connection broke off. */
  | { readonly code: "reset"; readonly cause: string }
  /** A frame above the protocol's limit was announced; the stream has been reset. */
  | { readonly code: "frame-too-large"; readonly bytes: number; readonly maxBytes: number }
  /** Nothing came within the time allowed; the stream has been reset. */
  | { readonly code: "timeout" };

export type DialFault =
  | { readonly code: "not-connected"; readonly problem: Problem }
  | { readonly code: "protocol-unknown" }
  | { readonly code: "failed"; readonly cause: string };

/** A duplex stream of whole frames to one authenticated peer. Order is kept; a frame arrives whole or not at all. */
export interface FrameStream {
  readonly peer: PeerId;
  /** Resolves once the frame is handed on and buffers are below their mark (backpressure); not when it arrived. */
  send(frame: Uint8Array): Promise<Result<undefined, StreamFault>>;
  /** The next frame; `null` once the other side has closed its writing end and all frames were read. */
  receive(options?: { readonly timeoutMs?: number }): Promise<Result<Uint8Array | null, StreamFault>>;
  /** Closes our writing end in order. Idempotent. */
  close(): Promise<void>;
  /** Breaks off both directions at once. Idempotent. */
  reset(cause: string): void;
}

export interface ProtocolOptions {
  /** Larger frames are refused on both sides. */
  readonly frameBytesMax: number;
  /** How many streams of this protocol one peer may have open towards us; more are reset. */
  readonly streamsPerPeerMax: number;
}

/** What a handler or validator concluded about what it was sent; `net` keeps the score. */
export type Judgement = "accept" | "ignore" | "reject";

export interface TopicOptions {
  readonly messageBytesMax: number;
  /** Called once for each new message, before it is passed on to others; only `accept` passes it on. */
  readonly validate: (message: Uint8Array, from: PeerId) => Promise<Judgement>;
}

export interface Topic {
  /** To everybody who listens; resolves when handed on. Nobody listening is no fault. */
  publish(message: Uint8Array): Promise<void>;
  close(): void;
}

export interface Network {
  readonly self: PeerId;
  /** Peers connected now, one entry a peer, best path first. */
  connected(): readonly Connected[];
  subscribe(listener: (event: NetworkEvent) => void): Unsubscribe;
  /**
   * Hands every inbound stream of `protocol` to `handler`. When the handler returns, the stream is closed; when it
   * throws, the fault is logged as ours and the stream reset. Registering a protocol twice is a fault of ours.
   */
  handle(
    protocol: string,
    options: ProtocolOptions,
    handler: (stream: FrameStream) => Promise<void>,
  ): Unsubscribe;
  /**
   * Opens a stream, over the best path, to a peer that is connected, or that can be dialled at an address known for it.
   * An aborted `signal` gives up with `failed`, and what was opened meanwhile is reset.
   */
  open(
    peer: PeerId,
    protocol: string,
    options: ProtocolOptions & { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Result<FrameStream, DialFault>>;
  topic(name: string, options: TopicOptions): Topic;
  /** A feature's word on a peer's conduct: `reject` lowers its standing, and a low enough standing disconnects. */
  judge(peer: PeerId, judgement: Judgement): void;
}
