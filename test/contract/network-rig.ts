/** What the contract of `ports/network` is run on, and what its parts share: rigs, streams, arrivals. */
import assert from "node:assert/strict";
import type { PeerId } from "#base/brand.ts";
import type { FrameStream, Judgement, Network, ProtocolOptions, Topic } from "#ports/network.ts";

/** Some networks of one kind, wired as asked for. */
export interface NetworkRig {
  readonly networks: readonly Network[];
  /** At most this much of one stream may be under way or unread before `send` waits. */
  readonly streamBufferBytesMax: number;
  /** Resolves when `networks[at]` would hand a message of the topic directly to each of `peers`. */
  listening(at: number, topic: string, peers: readonly PeerId[]): Promise<void>;
  /** Breaks the connection between two of the networks, as a pulled cable does; they stay apart. */
  cut(a: number, b: number): Promise<void>;
  /** Two that are relayed get a better path, or lose it again; null where there is none to get. */
  readonly reroute: ((a: number, b: number, to: "better" | "relayed") => Promise<void>) | null;
  close(): Promise<void>;
}

/**
 * Opens `count` networks, with a connection for each pair in `links` and no other; resolves when all of them stand.
 * Streams and gossip go over these connections only.
 */
export type OpenRig = (count: number, links: readonly (readonly [number, number])[]) => Promise<NetworkRig>;

export const PROTOCOL = "/waybill/contract/1";
export const OPTIONS = { frameBytesMax: 1024 * 1024, streamsPerPeerMax: 8 };
export const OPEN_OPTIONS = { ...OPTIONS, timeoutMs: 10_000 };
export const TEST_TIMEOUT_MS = 20_000;

/** Values in the order in which they came, awaited one by one. */
export class Arrivals<Value> {
  readonly all: Value[] = [];
  #taken = 0;
  #waiting: ((value: Value) => void) | null = null;

  push(value: Value): void {
    this.all.push(value);
    this.#hand();
  }

  next(): Promise<Value> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#hand();
    });
  }

  #hand(): void {
    const value = this.all[this.#taken];
    if (this.#waiting === null || value === undefined) return;
    const resolve = this.#waiting;
    this.#waiting = null;
    this.#taken += 1;
    resolve(value);
  }
}

export function at(rig: NetworkRig, index: number): Network {
  const network = rig.networks[index];
  assert.ok(network !== undefined);
  return network;
}

export async function openStream(
  from: Network,
  to: Network,
  options: ProtocolOptions & { readonly timeoutMs: number; readonly signal?: AbortSignal } = OPEN_OPTIONS,
): Promise<FrameStream> {
  const opened = await from.open(to.self, PROTOCOL, options);
  assert.ok(opened.ok, `open failed: ${JSON.stringify(opened)}`);
  return opened.value;
}

export async function frame(
  stream: FrameStream,
  options?: { timeoutMs: number },
): Promise<Uint8Array | null> {
  const received = await stream.receive(options);
  assert.ok(received.ok, `receive failed: ${JSON.stringify(received)}`);
  return received.value;
}

export async function echo(stream: FrameStream): Promise<void> {
  for (;;) {
    const received = await stream.receive();
    if (!received.ok || received.value === null) return;
    await stream.send(received.value);
  }
}

export function isConnected(from: Network, to: Network): boolean {
  return from.connected().some(({ peer }) => peer === to.self);
}

/** Holds a handler open until the other side has gone. */
export async function untilGone(stream: FrameStream): Promise<void> {
  for (;;) {
    const received = await stream.receive();
    if (!received.ok || received.value === null) return;
  }
}

export function bytes(length: number, fill: number): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

/** A topic whose validator records and judges. */
export function listen(network: Network, name: string, judge: (text: string) => Judgement = () => "accept") {
  const arrivals = new Arrivals<{ text: string; from: PeerId }>();
  const topic: Topic = network.topic(name, {
    messageBytesMax: 1024,
    validate: async (message, from) => {
      const text = new TextDecoder().decode(message);
      arrivals.push({ text, from });
      return judge(text);
    },
  });
  return { arrivals, topic };
}

export type Contract = (
  what: string,
  links: readonly (readonly [number, number])[],
  body: (rig: NetworkRig) => Promise<void>,
) => void;
