/**
 * Brings the outbox of one peer across: one message at a time, oldest first, over one stream that is kept for a
 * while. Owns the attempts and their pauses; what an answer means is decided in `outbox.ts`.
 */
import type { PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { decodeFrame, encodeFrame, type Frame } from "./codec.ts";
import {
  ANSWER_TIMEOUT_MS,
  FRAME_BYTES_MAX,
  HELD_RETRY_MS,
  OPEN_TIMEOUT_MS,
  PROTOCOL,
  RETRY_FIRST_MS,
  SENDER_IDLE_MS,
  STREAMS_PER_PEER_MAX,
} from "./limits.ts";
import { afterAnswer, afterDialFault, afterStreamFault, type OutboxEffect, retryDelayMs } from "./outbox.ts";
import { BAD_ANSWER, NOT_SENT_YET, STORAGE_FAILED } from "./problems.ts";
import type { MessageStore } from "./store.ts";
import type { Message } from "./types.ts";

export interface CourierDependencies {
  readonly network: Pick<Network, "open" | "judge">;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<MessageStore, "outbox" | "numbers" | "complete" | "fail" | "setNextOut">;
  /** Why nothing is sent now; null when nothing stands against it. */
  readonly held: () => Problem | null;
  /** Called after each commit. */
  readonly onSettled: (message: Message) => void;
  /** Called when the reason why messages wait has changed. */
  readonly onReason: () => void;
}

type Exchange =
  | { readonly kind: "answered"; readonly frame: Frame }
  | { readonly kind: "decided"; readonly effect: OutboxEffect };

export class Courier {
  readonly #peer: PeerId;
  readonly #deps: CourierDependencies;
  #stream: FrameStream | null = null;
  #idle: Timer | null = null;
  #retry: Timer | null = null;
  #running: Promise<void> | null = null;
  /** Something changed during a flush that was about to end. */
  #again = false;
  #leaving = false;
  #failures = 0;
  /** The peer came during the attempt: what that ends with may be older than its coming. */
  #hasArrived = false;
  #closed = false;
  #reason: Problem = NOT_SENT_YET;

  constructor(peer: PeerId, dependencies: CourierDependencies) {
    this.#peer = peer;
    this.#deps = dependencies;
  }

  /** Why the outbox waits now. */
  get reason(): Problem {
    return this.#reason;
  }

  /** Whether a pause between attempts is running. */
  get pausing(): boolean {
    return this.#retry !== null;
  }

  /** Sends what waits, now. While that runs, asks for one more look at the outbox at its end. */
  flush(): void {
    if (this.#closed) return;
    this.#retry?.cancel();
    this.#retry = null;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#flushAll().finally(() => {
      this.#running = null;
      if (this.#again && this.#retry === null) {
        this.#again = false;
        this.flush();
      }
    });
  }

  /** As `flush`, and forgets earlier failures: the peer is here again. */
  arrived(): void {
    this.#failures = 0;
    this.#hasArrived = this.#running !== null;
    this.flush();
  }

  /** A better path stands: the message under way ends where it is, the next one goes over a stream of its own. */
  leavePath(): void {
    if (this.#running === null) this.#closeStream();
    else this.#leaving = true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#again = false;
    this.#retry?.cancel();
    this.#dropStream("closing");
    await this.#running;
  }

  async #flushAll(): Promise<void> {
    this.#idle?.cancel();
    this.#again = false;
    let renumbers = 0;
    for (;;) {
      if (this.#closed) return;
      try {
        const message = this.#deps.store.outbox(this.#peer, 1)[0];
        if (message === undefined) return this.#rest();
        const number = this.#deps.store.numbers(this.#peer).nextOut;
        this.#hasArrived = false;
        const effect = await this.#attempt(message, number, renumbers);
        if (this.#closed && effect.do === "wait") return;
        renumbers = effect.do === "renumber" ? renumbers + 1 : 0;
        if (!this.#carryOut(effect, message)) return;
      } catch (error) {
        // A commit that failed (full disk): nothing was lost, for the other side still answers a repeat.
        this.#deps.log.fault("outbox could not go on", error);
        this.#carryOut(afterOwnFault(this.#failures), null);
        return;
      }
    }
  }

  async #attempt(message: Message, number: number, renumbers: number): Promise<OutboxEffect> {
    const held = this.#deps.held();
    if (held !== null) return { do: "wait", reason: held, delayMs: HELD_RETRY_MS, offence: false };
    const attempt = { message, number, renumbers, failures: this.#failures };
    const reused = this.#stream !== null;
    let exchange = await this.#exchange(message, number);
    // A stream kept from before may have died unnoticed; only a fresh one tells whether the peer is there.
    if (reused && this.#stream === null && exchange.kind === "decided" && !this.#closed) {
      exchange = await this.#exchange(message, number);
    }
    return exchange.kind === "answered" ? afterAnswer(attempt, exchange.frame) : exchange.effect;
  }

  async #exchange(message: Message, number: number): Promise<Exchange> {
    if (this.#leaving) this.#closeStream();
    if (this.#stream === null) {
      const opened = await this.#deps.network.open(this.#peer, PROTOCOL, {
        frameBytesMax: FRAME_BYTES_MAX,
        streamsPerPeerMax: STREAMS_PER_PEER_MAX,
        timeoutMs: OPEN_TIMEOUT_MS,
      });
      if (!opened.ok) return { kind: "decided", effect: afterDialFault(opened.fault, this.#failures) };
      this.#stream = opened.value;
    }
    const { dispatch, text } = message;
    const stream = this.#stream;
    const sent = await stream.send(encodeFrame({ type: "envelope", number, dispatch, text }));
    const received = sent.ok ? await stream.receive({ timeoutMs: ANSWER_TIMEOUT_MS }) : sent;
    if (!received.ok) {
      this.#dropStream("no answer");
      return { kind: "decided", effect: afterStreamFault(received.fault, this.#failures) };
    }
    if (received.value === null) {
      this.#dropStream("ended early");
      return { kind: "decided", effect: afterStreamFault({ code: "closed" }, this.#failures) };
    }
    const frame = decodeFrame(received.value);
    if (frame.ok) return { kind: "answered", frame: frame.value };
    this.#dropStream("malformed answer");
    return {
      kind: "decided",
      effect: { ...afterOwnFault(this.#failures), reason: BAD_ANSWER, offence: true },
    };
  }

  /** False when the flush ends here. */
  #carryOut(effect: OutboxEffect, message: Message | null): boolean {
    const { store, onSettled, network, clock } = this.#deps;
    if (effect.do === "wait") {
      this.#failures += 1;
      this.#setReason(effect.reason);
      if (effect.offence) network.judge(this.#peer, "reject");
      this.#dropStream("pausing");
      if (this.#closed) return false;
      const delayMs = this.#hasArrived ? Math.min(effect.delayMs, RETRY_FIRST_MS) : effect.delayMs;
      this.#retry = clock.after(delayMs, () => {
        this.#retry = null;
        this.flush();
      });
      // A wish to look again is honoured by the retry; at once it would spin.
      this.#again = false;
      return false;
    }
    if (message === null) return false;
    this.#failures = 0;
    if (effect.do === "renumber") store.setNextOut(this.#peer, effect.nextOut);
    else if (effect.do === "fail") onSettled(store.fail(message.deliveryId, effect.reason));
    else onSettled(store.complete(message.deliveryId, effect.completion, effect.nextOut));
    return true;
  }

  #setReason(reason: Problem): void {
    const changed = reason.code !== this.#reason.code || reason.cause !== this.#reason.cause;
    this.#reason = reason;
    if (changed) this.#deps.onReason();
  }

  /** Everything is across: the stream stays open for a while. */
  #rest(): void {
    this.#reason = NOT_SENT_YET;
    this.#idle = this.#deps.clock.after(SENDER_IDLE_MS, () => {
      if (this.#running === null) this.#closeStream();
    });
  }

  #closeStream(): void {
    this.#leaving = false;
    this.#idle?.cancel();
    const stream = this.#stream;
    this.#stream = null;
    void stream?.close();
  }

  #dropStream(cause: string): void {
    this.#leaving = false;
    this.#idle?.cancel();
    this.#stream?.reset(cause);
    this.#stream = null;
  }
}

function afterOwnFault(failures: number): Extract<OutboxEffect, { readonly do: "wait" }> {
  return { do: "wait", reason: STORAGE_FAILED, delayMs: retryDelayMs(failures), offence: false };
}
