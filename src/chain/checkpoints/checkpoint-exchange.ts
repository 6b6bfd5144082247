/**
 * Owns the asking and answering about checkpoints, peer to peer: with each on connecting, with one picked by chance
 * every little while. Gossip carries what is new; this finds what gossip lost, and what a newcomer never heard.
 */
import type { PeerId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { Holding } from "../holding.ts";
import {
  CHECKPOINT_ANSWER_TIMEOUT_MS,
  CHECKPOINT_COMPARE_PERIOD_MS,
  CHECKPOINT_FRAME_BYTES_MAX,
  CHECKPOINT_ON_CONNECT_DELAY_MS,
  CHECKPOINT_STREAMS_PER_PEER_MAX,
  CONVERSATIONS_MAX,
} from "../limits.ts";
import {
  asManyNotesAsFit,
  CHECKPOINT_PROTOCOL,
  decodeCheckpointMessage,
  encodeCheckpointMessage,
} from "./checkpoint-codec.ts";

const PROTOCOL_OPTIONS = {
  frameBytesMax: CHECKPOINT_FRAME_BYTES_MAX,
  streamsPerPeerMax: CHECKPOINT_STREAMS_PER_PEER_MAX,
};

export interface CheckpointExchangeDependencies {
  readonly peers: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** 32 bytes. */
  readonly chainId: Uint8Array;
  /** All that we know, most important first. */
  readonly notes: () => Iterable<string>;
  readonly take: (note: string, from: PeerId) => void;
  /** A peer has answered, and all its notes were taken. */
  readonly asked: () => void;
}

export class CheckpointExchange {
  readonly #dependencies: CheckpointExchangeDependencies;
  readonly #unsubscribes: readonly Unsubscribe[];
  readonly #timers = new Map<PeerId, Timer>();
  readonly #asking = new Map<PeerId, Promise<void>>();
  readonly #streams = new Set<FrameStream>();
  readonly #period: Timer;
  #answers = 0;
  #closed = false;

  constructor(dependencies: CheckpointExchangeDependencies) {
    this.#dependencies = dependencies;
    const { peers, clock } = dependencies;
    this.#unsubscribes = [
      peers.handle(CHECKPOINT_PROTOCOL, PROTOCOL_OPTIONS, (stream) => this.#serve(stream)),
      peers.subscribe((event) => {
        if (event.type === "connected") this.#soon(event.connection.peer);
        else if (event.type === "disconnected") this.#gone(event.peer);
      }),
    ];
    this.#period = clock.every(CHECKPOINT_COMPARE_PERIOD_MS, () => this.#askOne());
    for (const { peer } of peers.connected()) this.#soon(peer);
  }

  /** How often peers of this network have answered since the start. */
  get answers(): number {
    return this.#answers;
  }

  holdings(): readonly Holding[] {
    const limit = this.#dependencies.peers.connected().length;
    return [
      { what: "peers asked for checkpoints", count: this.#asking.size, limit: CONVERSATIONS_MAX },
      { what: "peers to ask for checkpoints", count: this.#timers.size, limit },
    ];
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#period.cancel();
    for (const timer of this.#timers.values()) timer.cancel();
    for (const stream of this.#streams) stream.reset("closing");
    await Promise.all(this.#asking.values());
  }

  #soon(peer: PeerId): void {
    if (this.#closed || this.#timers.has(peer)) return;
    const timer = this.#dependencies.clock.after(CHECKPOINT_ON_CONNECT_DELAY_MS, () => {
      this.#timers.delete(peer);
      this.#ask(peer);
    });
    this.#timers.set(peer, timer);
  }

  #gone(peer: PeerId): void {
    this.#timers.get(peer)?.cancel();
    this.#timers.delete(peer);
  }

  #askOne(): void {
    const { peers, random } = this.#dependencies;
    const connected = peers.connected();
    const chosen = connected.length === 0 ? undefined : connected[random.below(connected.length)];
    if (chosen !== undefined) this.#ask(chosen.peer);
  }

  #ask(peer: PeerId): void {
    if (this.#closed || this.#asking.has(peer) || this.#asking.size >= CONVERSATIONS_MAX) return;
    const asking = this.#converse(peer)
      .catch((error: unknown) =>
        this.#dependencies.log.fault("a peer could not be asked for checkpoints", error),
      )
      .finally(() => this.#asking.delete(peer));
    this.#asking.set(peer, asking);
  }

  async #converse(peer: PeerId): Promise<void> {
    const { peers, chainId, take, asked } = this.#dependencies;
    const opened = await peers.open(peer, CHECKPOINT_PROTOCOL, {
      ...PROTOCOL_OPTIONS,
      timeoutMs: CHECKPOINT_ANSWER_TIMEOUT_MS,
    });
    // Who does not speak of checkpoints is of another network, or of an older Waybill.
    if (!opened.ok) return;
    const stream = opened.value;
    this.#streams.add(stream);
    try {
      if (this.#closed) return stream.reset("closing");
      const sent = await stream.send(encodeCheckpointMessage({ type: "get-notes", chainId }));
      const frame = sent.ok ? await stream.receive({ timeoutMs: CHECKPOINT_ANSWER_TIMEOUT_MS }) : sent;
      // Closed without a word: the peer stands on another network.
      if (!frame.ok || frame.value === null) return;
      const message = decodeCheckpointMessage(frame.value);
      if (!message.ok || message.value.type !== "notes") return peers.judge(peer, "reject");
      for (const note of message.value.notes) take(note, peer);
      this.#answers += 1;
      asked();
      await stream.close();
    } finally {
      this.#streams.delete(stream);
    }
  }

  async #serve(stream: FrameStream): Promise<void> {
    const { peers, chainId, notes } = this.#dependencies;
    const frame = await stream.receive({ timeoutMs: CHECKPOINT_ANSWER_TIMEOUT_MS });
    if (!frame.ok || frame.value === null) return;
    const message = decodeCheckpointMessage(frame.value);
    if (!message.ok || message.value.type !== "get-notes") {
      peers.judge(stream.peer, "reject");
      stream.reset("message malformed or out of order");
      return;
    }
    if (!equalBytes(message.value.chainId, chainId)) return;
    await stream.send(encodeCheckpointMessage({ type: "notes", notes: asManyNotesAsFit(notes()) }));
  }
}
