/** Owns one simulated peer: what it registered, its open streams, its part in gossip. */
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import type { Emitter, Unsubscribe } from "#base/emitter.ts";
import { fail, ok, problem, type Result } from "#base/result.ts";
import { sha256 } from "#crypto/sha256.ts";
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
import type { SimulatedNetwork } from "./network.ts";
import { StreamEnd } from "./network-stream.ts";

interface Handler {
  readonly options: ProtocolOptions;
  readonly run: (stream: FrameStream) => Promise<void>;
}

interface Listening {
  readonly options: TopicOptions;
  /** Messages known already: published here, or validated here once. */
  readonly seen: Set<string>;
}

/** One copy is under way to all; each that takes it copies it anew. The id is computed once. */
export interface GossipMessage {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export function gossipMessage(bytes: Uint8Array): GossipMessage {
  return { id: toHex(sha256(bytes)), bytes: bytes.slice() };
}

export class SimulatedPeer implements Network {
  readonly self: PeerId;
  readonly #network: SimulatedNetwork;
  readonly #events: Emitter<NetworkEvent>;
  readonly #handlers = new Map<string, Handler>();
  #running = true;
  readonly #topics = new Map<string, Listening>();
  /** Open ends here, by protocol. */
  readonly #streams = new Map<StreamEnd, { readonly protocol: string; readonly inbound: boolean }>();

  constructor(network: SimulatedNetwork, self: PeerId, events: Emitter<NetworkEvent>) {
    this.#network = network;
    this.self = self;
    this.#events = events;
  }

  get running(): boolean {
    return this.#running;
  }

  connected(): readonly Connected[] {
    if (!this.#running) return [];
    return this.#network.connectedTo(this.self).map((peer) => this.#connectionTo(peer));
  }

  subscribe(listener: (event: NetworkEvent) => void): Unsubscribe {
    return this.#events.subscribe(listener);
  }

  handle(
    protocol: string,
    options: ProtocolOptions,
    run: (stream: FrameStream) => Promise<void>,
  ): Unsubscribe {
    if (this.#handlers.has(protocol)) throw new Error(`protocol ${protocol} is handled already`);
    const handler = { options, run };
    this.#handlers.set(protocol, handler);
    return () => {
      if (this.#handlers.get(protocol) === handler) this.#handlers.delete(protocol);
    };
  }

  async open(
    peer: PeerId,
    protocol: string,
    options: ProtocolOptions & { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Result<FrameStream, DialFault>> {
    if (!this.#running) return fail({ code: "failed", cause: "this peer is stopped" });
    if (options.signal?.aborted === true) return fail(GIVEN_UP);
    if (!this.#network.isConnected(this.self, peer)) return fail(notConnected(peer));
    return new Promise((resolve) => {
      let settled = false;
      const answer = (result: Result<FrameStream, DialFault>) => {
        if (settled) return;
        settled = true;
        timer.cancel();
        options.signal?.removeEventListener("abort", giveUp);
        resolve(result);
      };
      const giveUp = () => answer(fail(GIVEN_UP));
      options.signal?.addEventListener("abort", giveUp, { once: true });
      const timer = this.#network.clock.after(options.timeoutMs, () =>
        answer(fail({ code: "failed", cause: `no answer within ${options.timeoutMs} ms` })),
      );
      // There and back once, as the negotiation of a protocol takes.
      this.#network.carry(this.self, peer, 0, () => {
        const other = this.#network.find(peer);
        const accepted = other?.accepts(protocol) === true;
        this.#network.carry(peer, this.self, 0, () => {
          if (!accepted || other === null) answer(fail({ code: "protocol-unknown" }));
          else if (!settled) answer(ok(this.#join(other, protocol, options)));
        });
      });
    });
  }

  accepts(protocol: string): boolean {
    return this.#running && this.#handlers.has(protocol);
  }

  #join(other: SimulatedPeer, protocol: string, options: ProtocolOptions): FrameStream {
    const here = this.#newEnd(other.self, protocol, options, false);
    const there = other.#newInbound(this.self, protocol);
    if (there === null) {
      here.lose("by the other side: protocol no longer handled");
      return here;
    }
    here.pairWith(there.end);
    there.end.pairWith(here);
    other.#serve(there.end, there.handler, protocol);
    return here;
  }

  #newEnd(peer: PeerId, protocol: string, options: ProtocolOptions, inbound: boolean): StreamEnd {
    const end = new StreamEnd(this.#network, this.self, peer, options.frameBytesMax, () => {
      this.#streams.delete(end);
    });
    this.#streams.set(end, { protocol, inbound });
    return end;
  }

  #newInbound(peer: PeerId, protocol: string): { end: StreamEnd; handler: Handler } | null {
    const handler = this.#handlers.get(protocol);
    if (handler === undefined) return null;
    return { end: this.#newEnd(peer, protocol, handler.options, true), handler };
  }

  #serve(end: StreamEnd, handler: Handler, protocol: string): void {
    const open = [...this.#streams].filter(
      ([other, about]) => about.inbound && about.protocol === protocol && other.peer === end.peer,
    );
    if (open.length > handler.options.streamsPerPeerMax) {
      end.reset("too many streams");
      return;
    }
    handler.run(end).then(
      () => end.finish(),
      (error) => {
        this.#network.onFault(error);
        end.reset("fault of the other side");
      },
    );
  }

  topic(name: string, options: TopicOptions): Topic {
    if (this.#topics.has(name)) throw new Error(`topic ${name} is open already`);
    const listening: Listening = { options, seen: new Set() };
    this.#topics.set(name, listening);
    return {
      publish: async (message) => {
        if (message.length > options.messageBytesMax) {
          throw new RangeError(`a message of ${message.length} bytes on ${name}`);
        }
        if (this.#topics.get(name) !== listening || !this.#running) return;
        const told = gossipMessage(message);
        listening.seen.add(told.id);
        this.#spread(name, told, null);
      },
      close: () => {
        if (this.#topics.get(name) === listening) this.#topics.delete(name);
      },
    };
  }

  /** To all connected peers that listen, except where it came from. */
  #spread(name: string, message: GossipMessage, source: PeerId | null): void {
    for (const to of this.#network.connectedTo(this.self)) {
      if (to === source) continue;
      const { gossipLoss } = this.#network.link(this.self, to);
      const lost = gossipLoss > 0 && this.#network.random.chance(gossipLoss);
      this.#network.carry(this.self, to, 0, () => {
        if (!lost) this.#network.find(to)?.onGossip(name, message, this.self);
      });
    }
  }

  onGossip(name: string, message: GossipMessage, from: PeerId): void {
    const listening = this.#topics.get(name);
    if (listening === undefined || message.bytes.length > listening.options.messageBytesMax) return;
    if (listening.seen.has(message.id)) return;
    listening.seen.add(message.id);
    listening.options.validate(message.bytes.slice(), from).then(
      (judgement) => {
        this.judge(from, judgement);
        if (judgement === "accept" && this.#topics.get(name) === listening) {
          this.#spread(name, message, from);
        }
      },
      (error) => this.#network.onFault(error),
    );
  }

  judge(peer: PeerId, judgement: Judgement): void {
    if (this.#running) this.#network.judge(this.self, peer, judgement);
  }

  onConnected(peer: PeerId): void {
    if (!this.#running) return;
    this.#events.emit({ type: "connected", connection: this.#connectionTo(peer) });
  }

  onPath(peer: PeerId, isBetter: boolean): void {
    if (!isBetter) this.#loseStreams(peer, "its path was lost");
    if (!this.#running) return;
    this.#events.emit({ type: "path", connection: this.#connectionTo(peer), isBetter });
  }

  onDisconnected(peer: PeerId, cause: string): void {
    this.#loseStreams(peer, cause);
    if (!this.#running) return;
    this.#events.emit({ type: "disconnected", peer });
  }

  #loseStreams(peer: PeerId, cause: string): void {
    for (const end of [...this.#streams.keys()]) if (end.peer === peer) end.lose(cause);
  }

  #connectionTo(peer: PeerId): Connected {
    return { peer, address: `/memory/${peer}`, ...this.#network.pathOf(this.self, peer) };
  }

  /** For good: a peer that is started again gets another object, so that leftovers of this run reach nobody. */
  stop(): void {
    this.#running = false;
    this.#handlers.clear();
    this.#topics.clear();
  }
}

const GIVEN_UP: DialFault = { code: "failed", cause: "it was given up here" };

function notConnected(peer: PeerId): DialFault {
  return {
    code: "not-connected",
    problem: problem(
      "peer-not-connected",
      `There is no connection to ${peer}.`,
      "It is tried again when the peer appears.",
    ),
  };
}
