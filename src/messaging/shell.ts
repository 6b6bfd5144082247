/**
 * The shell of messaging: joins streams, timers and commits to the decisions of `receive.ts` and `outbox.ts`.
 * Owns who hears of what; decides nothing about messages.
 */
import { assert } from "#base/assert.ts";
import type { DeliveryId, PeerId } from "#base/brand.ts";
import { toHex, utf8 } from "#base/bytes.ts";
import { Emitter } from "#base/emitter.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { accountOfPeer } from "#crypto/peer-id.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import {
  MESSAGE_BYTES_MAX,
  messageDigest,
  type Receipt,
  signCompletion,
  signDispatch,
} from "#receipts/index.ts";
import { type Answer, decodeFrame, type Envelope, encodeFrame } from "./codec.ts";
import { Courier } from "./courier.ts";
import {
  ANNOUNCED_REASONS_MAX,
  FRAME_BYTES_MAX,
  HISTORY_RECORDS_MAX,
  OUTBOX_MESSAGES_MAX,
  PROTOCOL,
  RECEIVER_IDLE_MS,
  STREAMS_PER_PEER_MAX,
} from "./limits.ts";
import {
  EMPTY_TEXT,
  OUTBOX_FULL,
  STORAGE_FAILED,
  TEXT_NOT_UNICODE,
  TEXT_TOO_LONG,
  TO_ONESELF,
} from "./problems.ts";
import { type InboundEffect, receive } from "./receive.ts";
import type { MessageStore } from "./store.ts";
import type { Message, Messaging, MessagingEvent } from "./types.ts";

export interface MessagingOptions {
  readonly keypair: Keypair;
}

export interface MessagingDependencies {
  readonly network: Pick<Network, "self" | "connected" | "subscribe" | "handle" | "open" | "judge">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: MessageStore;
  /** Whether messages of this peer are taken now. A refused sender keeps its messages and is told "blocked". */
  readonly admits: (peer: PeerId) => boolean;
  /** Why nothing is sent to this peer now; null when nothing stands against it. Asked before each message. */
  readonly holds: (peer: PeerId) => Problem | null;
}

/** Registers the protocol and begins to send what waits. */
export async function openMessaging(
  options: MessagingOptions,
  dependencies: MessagingDependencies,
): Promise<Messaging> {
  return new MessagingShell(options, dependencies);
}

class MessagingShell implements Messaging {
  readonly #keypair: Keypair;
  readonly #deps: MessagingDependencies;
  readonly #events: Emitter<MessagingEvent>;
  readonly #couriers = new Map<PeerId, Courier>();
  readonly #inbound = new Map<FrameStream, Promise<void>>();
  readonly #unregister: readonly (() => void)[];
  readonly #closing = new AbortController();
  readonly #dialling: Pick<Network, "open">;
  #closed = false;

  constructor({ keypair }: MessagingOptions, dependencies: MessagingDependencies) {
    assert(keypair.peerId === dependencies.network.self, "the key that signs is the key of the network");
    this.#keypair = keypair;
    this.#deps = dependencies;
    this.#events = new Emitter((error) => dependencies.log.fault("a listener of messaging failed", error));
    const { network, store } = dependencies;
    this.#dialling = {
      open: (peer, wanted, how) => network.open(peer, wanted, { ...how, signal: this.#closing.signal }),
    };
    const protocol = { frameBytesMax: FRAME_BYTES_MAX, streamsPerPeerMax: STREAMS_PER_PEER_MAX };
    this.#unregister = [
      network.handle(PROTOCOL, protocol, (stream) => this.#serve(stream)),
      network.subscribe((event) => {
        if (event.type === "disconnected") return;
        const { peer } = event.connection;
        if (event.type === "path" && event.isBetter) this.#couriers.get(peer)?.leavePath();
        this.#arrived(peer);
      }),
    ];
    for (const peer of store.outboxPeers()) this.#courier(peer).flush();
  }

  subscribe(listener: (event: MessagingEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  async say(peer: PeerId, text: string): Promise<Result<Message, Problem>> {
    assert(!this.#closed, "messaging is open");
    const { store, clock, random, log } = this.#deps;
    if (text === "") return fail(EMPTY_TEXT);
    if (!text.isWellFormed()) return fail(TEXT_NOT_UNICODE);
    const bytes = utf8(text).length;
    if (bytes > MESSAGE_BYTES_MAX) return fail(TEXT_TOO_LONG);
    if (peer === this.#keypair.peerId) return fail(TO_ONESELF);
    const deliveryId = toHex(random.bytes(32)) as DeliveryId;
    const createdMs = clock.nowMs();
    const dispatch = signDispatch(
      {
        version: 1,
        kind: "message",
        deliveryId,
        sender: this.#keypair.account,
        receiver: accountOfPeer(peer),
        contentDigest: messageDigest(text),
        bytes,
        fileCount: 0,
        dispatchedMs: createdMs,
      },
      this.#keypair,
    );
    const added: Result<Message, Problem> = (() => {
      try {
        if (store.outboxLength(peer) >= OUTBOX_MESSAGES_MAX) return fail(OUTBOX_FULL);
        const state = { state: "queued", reason: null, completion: null } as const;
        return ok(
          store.addOutgoing({ deliveryId, peer, direction: "out", text, createdMs, dispatch, ...state }),
        );
      } catch (error) {
        log.fault("a message could not be stored", error);
        return fail(STORAGE_FAILED);
      }
    })();
    if (!added.ok) return added;
    const courier = this.#courier(peer);
    const message = this.#explained(added.value);
    this.#events.emit({ type: "changed", message });
    // During a pause the peer is known not to answer: the message waits with the others.
    if (!courier.pausing) courier.flush();
    return ok(message);
  }

  history(query: {
    readonly peer?: PeerId;
    readonly before?: number;
    readonly limit: number;
  }): readonly Message[] {
    const limit = Math.min(query.limit, HISTORY_RECORDS_MAX);
    return this.#deps.store.history({ ...query, limit }).map((message) => this.#explained(message));
  }

  get(id: DeliveryId): Message | null {
    const message = this.#deps.store.get(id);
    return message === null ? null : this.#explained(message);
  }

  peers(): readonly PeerId[] {
    return this.#deps.store.peers();
  }

  countIncoming(peer: PeerId, afterOrder: number): number {
    return this.#deps.store.countIncoming(peer, afterOrder);
  }

  untakenReceipts(limit: number): readonly Receipt[] {
    return this.#deps.store.untaken(limit).flatMap(receiptOf);
  }

  receiptTaken(id: DeliveryId): void {
    this.#deps.store.markTaken(id);
  }

  retry(peer: PeerId): void {
    this.#arrived(peer);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort();
    for (const unregister of this.#unregister) unregister();
    for (const stream of this.#inbound.keys()) stream.reset("closing");
    await Promise.all([...this.#couriers.values()].map((courier) => courier.close()));
    await Promise.allSettled(this.#inbound.values());
  }

  #arrived(peer: PeerId): void {
    const known = this.#couriers.get(peer);
    if (known !== undefined) known.arrived();
    else if (this.#deps.store.outboxLength(peer) > 0) this.#courier(peer).flush();
  }

  #courier(peer: PeerId): Courier {
    const known = this.#couriers.get(peer);
    if (known !== undefined) return known;
    const { network, clock, log, store, holds } = this.#deps;
    const courier = new Courier(peer, {
      held: () => holds(peer),
      network: {
        open: this.#dialling.open,
        judge: (whom, judgement) => network.judge(whom, judgement),
      },
      clock,
      log,
      store,
      onSettled: (message) => this.#settled(message),
      onReason: () => this.#reasonChanged(peer),
    });
    this.#couriers.set(peer, courier);
    return courier;
  }

  #settled(message: Message): void {
    this.#events.emit({ type: "changed", message });
    const { deliveryId, peer } = message;
    for (const receipt of receiptOf(message)) {
      this.#events.emit({ type: "receipt-completed", receipt, deliveryId, peer });
    }
  }

  #reasonChanged(peer: PeerId): void {
    for (const message of this.#deps.store.outbox(peer, ANNOUNCED_REASONS_MAX)) {
      this.#events.emit({ type: "changed", message: this.#explained(message) });
    }
  }

  /** A queued message has the reason of its outbox, which is not stored because it ends with the process. */
  #explained(message: Message): Message {
    if (message.state !== "queued") return message;
    return { ...message, reason: this.#courier(message.peer).reason };
  }

  async #serve(stream: FrameStream): Promise<void> {
    const served = this.#serveAll(stream);
    this.#inbound.set(stream, served);
    try {
      await served;
    } finally {
      this.#inbound.delete(stream);
    }
  }

  async #serveAll(stream: FrameStream): Promise<void> {
    for (;;) {
      const received = await stream.receive({ timeoutMs: RECEIVER_IDLE_MS });
      if (!received.ok || received.value === null || this.#closed) return;
      const frame = decodeFrame(received.value);
      if (!frame.ok || frame.value.type !== "envelope") {
        this.#deps.network.judge(stream.peer, "reject");
        stream.reset("malformed envelope");
        return;
      }
      const answered = await this.#take(stream, frame.value);
      if (!answered) return;
    }
  }

  /** Carries out what `receive` decides, in order. False when the stream is of no more use. */
  async #take(stream: FrameStream, envelope: Envelope): Promise<boolean> {
    const { peer } = stream;
    const { store, clock, admits, log } = this.#deps;
    const answers: Answer[] = [];
    try {
      // No await between reading the state and the commit: two streams of one peer must not interleave here.
      const step = receive(
        {
          nextIn: store.numbers(peer).nextIn,
          known: store.get(envelope.dispatch.body.deliveryId),
          admitted: admits(peer),
        },
        envelope,
        {
          self: this.#keypair.account,
          peer,
          nowMs: clock.nowMs(),
          complete: (dispatch) => signCompletion(dispatch, clock.nowMs(), this.#keypair),
        },
      );
      this.#execute(step.effects, peer, answers);
    } catch (error) {
      log.fault("an arriving message could not be stored", error);
      answers.push({ type: "refused", refusal: "storage" });
    }
    for (const answer of answers) {
      const sent = await stream.send(encodeFrame(answer));
      if (!sent.ok) return false;
    }
    return true;
  }

  #execute(effects: readonly InboundEffect[], peer: PeerId, answers: Answer[]): void {
    let stored: Message | null = null;
    for (const effect of effects) {
      if (effect.do === "persist") stored = this.#deps.store.addIncoming(effect.message, effect.nextIn);
      else if (effect.do === "answer") answers.push(effect.answer);
      else if (effect.do === "judge") this.#deps.network.judge(peer, "reject");
      else if (stored !== null) this.#settled(stored);
    }
  }
}

function receiptOf({ dispatch, completion }: Message): readonly Receipt[] {
  return completion === null ? [] : [{ dispatch, completion }];
}
