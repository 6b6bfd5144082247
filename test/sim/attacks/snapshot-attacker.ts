/**
 * Owns peers that attack whoever comes new: their nodes serve the sync protocol as all do, but what they offer and bring
 * of snapshots is changed on its way. What is changed, and how, is in `snapshot-attacks.ts`.
 */
import type { BlockId, PeerId } from "#base/brand.ts";
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type Hello,
  SYNC_PROTOCOL,
  type SyncMessage,
} from "#chain/sync/sync-codec.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import type { SeededRandom } from "#test/kit/random.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { SimWorld } from "../world.ts";
import { CHUNK_ATTACKS, OFFER_ATTACKS } from "./snapshot-attacks.ts";

/** How often an offer is false: whoever offers nothing true is asked for nothing. */
const FALSE_OFFER_CHANCE = 0.3;

/** What the attackers of one world do together, each kind in turn. */
export class SnapshotCoalition {
  readonly world: SimWorld;
  /** By kind, how often it was really told to, or brought to, a newcomer. */
  readonly made = new Map<string, number>();
  newcomers: readonly ChainNode[] = [];
  readonly #decks = new Map<object, string[]>();

  constructor(world: SimWorld) {
    this.world = world;
  }

  missing(): readonly string[] {
    const kinds = [...Object.keys(OFFER_ATTACKS), ...Object.keys(CHUNK_ATTACKS)];
    return kinds.filter((kind) => !this.made.has(kind));
  }

  count(kind: string): void {
    this.made.set(kind, (this.made.get(kind) ?? 0) + 1);
  }

  /** All kinds in turn, in an order by chance. */
  next(kinds: Readonly<Record<string, unknown>>, random: SeededRandom): string {
    const left = this.#decks.get(kinds) ?? [];
    const deck = left.length === 0 ? Object.keys(kinds) : left;
    this.#decks.set(kinds, deck);
    return deck.splice(random.below(deck.length), 1)[0] ?? "";
  }

  /** Whether this is one of those whom they wait for, and it stands at the beginning. */
  isNew(peer: PeerId): boolean {
    const node = this.newcomers.find(({ id }) => id === peer);
    return node?.running === true && node.chain.tip().height === 0;
  }
}

export class SnapshotAttacker {
  readonly coalition: SnapshotCoalition;
  readonly random: SeededRandom;
  readonly #self: PeerId;

  constructor(coalition: SnapshotCoalition, self: PeerId, at: number) {
    this.coalition = coalition;
    this.random = coalition.world.random.fork(`snapshot attacker ${at}`);
    this.#self = self;
  }

  get world(): SimWorld {
    return this.coalition.world;
  }

  get node(): ChainNode {
    const node = this.world.malicious.find(({ id }) => id === this.#self);
    if (node === undefined) throw new Error("an attacker without a node");
    return node;
  }

  /** The same network, but that others' questions are answered otherwise. */
  wrap(network: Network): Network {
    return {
      self: network.self,
      connected: () => network.connected(),
      subscribe: (listener) => network.subscribe(listener),
      open: (peer, protocol, options) => network.open(peer, protocol, options),
      topic: (name, options) => network.topic(name, options),
      judge: (peer, judgement) => network.judge(peer, judgement),
      handle: (protocol, options, handler) =>
        network.handle(protocol, options, (stream) =>
          handler(protocol === SYNC_PROTOCOL ? new ChangedStream(stream, this) : stream),
        ),
    };
  }

  /** What goes out instead of these answers. */
  async hello(stream: FrameStream, hello: Hello): ReturnType<FrameStream["send"]> {
    const isFalse = this.coalition.isNew(stream.peer) && this.random.chance(FALSE_OFFER_CHANCE);
    const kind = isFalse ? this.coalition.next(OFFER_ATTACKS, this.random) : null;
    const snapshots = kind === null ? null : (OFFER_ATTACKS[kind]?.(this, hello) ?? null);
    if (kind === null || snapshots === null) return await stream.send(encodeSyncMessage(hello));
    const sent = await stream.send(encodeSyncMessage({ ...hello, snapshots }));
    if (sent.ok) this.coalition.count(kind);
    return sent;
  }

  async chunk(stream: FrameStream, answer: Chunk, asked: ChunkQuestion): ReturnType<FrameStream["send"]> {
    const kind = this.coalition.isNew(stream.peer) ? this.coalition.next(CHUNK_ATTACKS, this.random) : null;
    const { chunk } = answer;
    if (kind === null || chunk === null) return await stream.send(encodeSyncMessage(answer));
    const sent = await CHUNK_ATTACKS[kind]?.({ attacker: this, stream, chunk, asked });
    if (sent === null || sent === undefined) return await stream.send(encodeSyncMessage(answer));
    if (sent.ok) this.coalition.count(kind);
    return sent;
  }
}

export type Chunk = Extract<SyncMessage, { type: "chunk" }>;
/** The last one on the stream. */
export interface ChunkQuestion {
  readonly at: BlockId;
  readonly key: Uint8Array;
}

/** What an honest node says on it reaches the other side changed. */
class ChangedStream implements FrameStream {
  readonly peer: PeerId;
  readonly #inner: FrameStream;
  readonly #attacker: SnapshotAttacker;
  #asked: ChunkQuestion | null = null;

  constructor(inner: FrameStream, attacker: SnapshotAttacker) {
    this.peer = inner.peer;
    this.#inner = inner;
    this.#attacker = attacker;
  }

  async receive(options?: { readonly timeoutMs?: number }): ReturnType<FrameStream["receive"]> {
    const frame = await this.#inner.receive(options);
    const question = frame.ok && frame.value !== null ? decodeSyncMessage(frame.value) : null;
    if (question?.ok === true && question.value.type === "get-chunk") this.#asked = question.value;
    return frame;
  }

  async send(frame: Uint8Array): ReturnType<FrameStream["send"]> {
    const answer = decodeSyncMessage(frame);
    if (answer.ok && answer.value.type === "hello")
      return await this.#attacker.hello(this.#inner, answer.value);
    if (answer.ok && answer.value.type === "chunk" && this.#asked !== null) {
      return await this.#attacker.chunk(this.#inner, answer.value, this.#asked);
    }
    return await this.#inner.send(frame);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  reset(cause: string): void {
    this.#inner.reset(cause);
  }
}
