/**
 * Owns the network of a peer that does not play by the rules: its node runs on it as every node does, while an attacker
 * sees what it hears, holds back what it says, and answers in its place. Which attacks there are is not its own.
 */
import type { PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type {
  Connected,
  FrameStream,
  Judgement,
  Network,
  NetworkEvent,
  ProtocolOptions,
  Topic,
  TopicOptions,
} from "#ports/network.ts";

export interface Interception {
  /** False: what the node publishes is not told. */
  mayPublish(topic: string, bytes: Uint8Array): boolean;
  /** False: what the node hears and accepts it does not pass on. All is passed on when absent. */
  mayPassOn?(topic: string): boolean;
  /** Before the node hears it. */
  heard(topic: string, bytes: Uint8Array, from: PeerId): void;
  /** True when the attacker has served the stream itself. */
  serves(protocol: string, stream: PeekedStream): Promise<boolean>;
}

export class InterceptedNetwork implements Network {
  readonly self: PeerId;
  readonly #inner: Network;
  readonly #interception: Interception;
  readonly #topics = new Map<string, Topic>();

  constructor(inner: Network, interception: Interception) {
    this.self = inner.self;
    this.#inner = inner;
    this.#interception = interception;
  }

  /** Past all holding back. */
  async publish(topic: string, bytes: Uint8Array): Promise<void> {
    await this.#topics.get(topic)?.publish(bytes);
  }

  connected(): readonly Connected[] {
    return this.#inner.connected();
  }

  subscribe(listener: (event: NetworkEvent) => void): Unsubscribe {
    return this.#inner.subscribe(listener);
  }

  handle(
    protocol: string,
    options: ProtocolOptions,
    handler: (stream: FrameStream) => Promise<void>,
  ): Unsubscribe {
    return this.#inner.handle(protocol, options, async (stream) => {
      const peeked = new PeekedStream(stream);
      if (!(await this.#interception.serves(protocol, peeked))) await handler(peeked);
    });
  }

  open(...given: Parameters<Network["open"]>): ReturnType<Network["open"]> {
    return this.#inner.open(...given);
  }

  topic(name: string, options: TopicOptions): Topic {
    const inner = this.#inner.topic(name, {
      ...options,
      validate: async (bytes, from) => {
        this.#interception.heard(name, bytes, from);
        const judgement = await options.validate(bytes, from);
        if (judgement !== "accept") return judgement;
        return this.#interception.mayPassOn?.(name) === false ? "ignore" : judgement;
      },
    });
    this.#topics.set(name, inner);
    return {
      publish: async (bytes) => {
        if (this.#interception.mayPublish(name, bytes)) await inner.publish(bytes);
      },
      close: () => inner.close(),
    };
  }

  /** Its own node's judgements count as anybody's. */
  judge(peer: PeerId, judgement: Judgement): void {
    this.#inner.judge(peer, judgement);
  }
}

/** A stream whose first frame may be looked at before it is decided who serves it. */
export class PeekedStream implements FrameStream {
  readonly peer: PeerId;
  readonly #inner: FrameStream;
  #first: Awaited<ReturnType<FrameStream["receive"]>> | null = null;

  constructor(inner: FrameStream) {
    this.peer = inner.peer;
    this.#inner = inner;
  }

  /** `null` when none comes. The next `receive` gives it again. */
  async peek(timeoutMs: number): Promise<Uint8Array | null> {
    this.#first ??= await this.#inner.receive({ timeoutMs });
    return this.#first.ok ? this.#first.value : null;
  }

  async receive(options?: { readonly timeoutMs?: number }): ReturnType<FrameStream["receive"]> {
    const first = this.#first;
    this.#first = null;
    return first ?? this.#inner.receive(options);
  }

  send(frame: Uint8Array): ReturnType<FrameStream["send"]> {
    return this.#inner.send(frame);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  reset(cause: string): void {
    this.#inner.reset(cause);
  }
}
