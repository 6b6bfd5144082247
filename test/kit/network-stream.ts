/** Owns one simulated stream: its two ends, the order and the limits of what is under way between them. */
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Result } from "#base/result.ts";
import type { FrameStream, StreamFault } from "#ports/network.ts";
import type { SimulatedNetwork } from "./network.ts";

/** A sender waits while this much of what it sent is unread: enough for one large frame, little enough to notice. */
export const STREAM_BUFFER_BYTES = 256 * 1024;

type Answer = Result<Uint8Array | null, StreamFault>;

/** One end. The pair is made by `openStreamPair`. */
export class StreamEnd implements FrameStream {
  readonly peer: PeerId;
  readonly #network: SimulatedNetwork;
  readonly #self: PeerId;
  readonly #frameBytesMax: number;
  readonly #onDone: () => void;
  #other: StreamEnd | null = null;
  /** Frames that arrived and were not read. */
  #inbox: Uint8Array[] = [];
  #waiting: ((answer: Answer) => void) | null = null;
  #fault: StreamFault | null = null;
  #closedHere = false;
  #closedThere = false;
  #abandoned = false;
  /** Bytes sent by this end that the other has not read yet. */
  #unreadBytes = 0;
  #drained: (() => void)[] = [];
  #lastArrivalMs = 0;

  constructor(
    network: SimulatedNetwork,
    self: PeerId,
    peer: PeerId,
    frameBytesMax: number,
    onDone: () => void,
  ) {
    this.#network = network;
    this.#self = self;
    this.peer = peer;
    this.#frameBytesMax = frameBytesMax;
    this.#onDone = onDone;
  }

  pairWith(other: StreamEnd): void {
    this.#other = other;
  }

  get done(): boolean {
    return this.#fault !== null || (this.#closedHere && this.#closedThere);
  }

  async send(frame: Uint8Array): Promise<Result<undefined, StreamFault>> {
    if (this.#fault !== null) return fail(this.#fault);
    if (this.#closedHere) return fail({ code: "closed" });
    if (frame.length > this.#frameBytesMax) {
      const fault: StreamFault = {
        code: "frame-too-large",
        bytes: frame.length,
        maxBytes: this.#frameBytesMax,
      };
      this.#breakOff(fault, "frame too large");
      return fail(fault);
    }
    this.#unreadBytes += frame.length;
    this.#transmit(frame.slice());
    while (this.#unreadBytes > STREAM_BUFFER_BYTES && this.#fault === null) {
      await new Promise<void>((resolve) => this.#drained.push(resolve));
    }
    return this.#fault === null ? ok() : fail(this.#fault);
  }

  #transmit(frame: Uint8Array): void {
    const { streamLoss } = this.#network.link(this.#self, this.peer);
    const lost = this.#network.random.chance(streamLoss);
    this.#carry((other) => {
      if (lost) {
        other.#fail({ code: "reset", cause: "data lost on the way" });
        this.#fail({ code: "reset", cause: "data lost on the way" });
      } else other.#arrive(frame);
    });
  }

  /** Keeps the order of all that this end sends: nothing overtakes what left earlier. */
  #carry(deliver: (other: StreamEnd) => void): void {
    const other = this.#other;
    if (other === null) return;
    this.#lastArrivalMs = this.#network.carry(this.#self, this.peer, this.#lastArrivalMs, () =>
      deliver(other),
    );
  }

  #arrive(frame: Uint8Array): void {
    if (this.#fault !== null) return;
    if (this.#abandoned) {
      this.#confirmRead(frame.length);
      return;
    }
    if (frame.length > this.#frameBytesMax) {
      const fault = { code: "frame-too-large", bytes: frame.length, maxBytes: this.#frameBytesMax } as const;
      this.#breakOff(fault, "frame too large");
      return;
    }
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#inbox.push(frame);
      return;
    }
    this.#waiting = null;
    this.#confirmRead(frame.length);
    waiting(ok(frame));
  }

  /** Tells the sender that room was made. At once: a window update costs nothing worth simulating. */
  #confirmRead(bytes: number): void {
    const other = this.#other;
    if (other === null) return;
    other.#unreadBytes -= bytes;
    if (other.#unreadBytes <= STREAM_BUFFER_BYTES) other.#wakeSenders();
  }

  #wakeSenders(): void {
    const drained = this.#drained;
    this.#drained = [];
    for (const wake of drained) wake();
  }

  receive(options: { readonly timeoutMs?: number } = {}): Promise<Answer> {
    const frame = this.#inbox.shift();
    if (frame !== undefined) {
      this.#confirmRead(frame.length);
      return Promise.resolve(ok(frame));
    }
    if (this.#fault !== null) return Promise.resolve(fail(this.#fault));
    if (this.#closedThere) return Promise.resolve(ok(null));
    if (this.#waiting !== null) throw new Error("receive() while another receive() waits");
    return new Promise((resolve) => {
      const timer =
        options.timeoutMs === undefined
          ? null
          : this.#network.clock.after(options.timeoutMs, () => {
              this.#breakOff({ code: "timeout" }, "timeout");
            });
      this.#waiting = (answer) => {
        timer?.cancel();
        resolve(answer);
      };
    });
  }

  close(): Promise<void> {
    if (this.#closedHere || this.#fault !== null) return Promise.resolve();
    this.#closedHere = true;
    this.#carry((other) => other.#closeArrives());
    this.#settleIfDone();
    return Promise.resolve();
  }

  #closeArrives(): void {
    if (this.#fault !== null) return;
    this.#closedThere = true;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(ok(null));
    this.#settleIfDone();
  }

  reset(cause: string): void {
    this.#breakOff({ code: "reset", cause: `reset here: ${cause}` }, cause);
  }

  /** Ends both directions here now, and there after the delay. */
  #breakOff(fault: StreamFault, cause: string): void {
    if (this.done) return;
    this.#fail(fault);
    this.#carry((other) => other.#fail({ code: "reset", cause: `by the other side: ${cause}` }));
  }

  /** The handler of this end has returned: closed here, and what still comes is dropped. */
  finish(): void {
    void this.close();
    this.#abandoned = true;
    for (const frame of this.#inbox.splice(0)) this.#confirmRead(frame.length);
  }

  /** The connection below is gone. */
  lose(cause: string): void {
    this.#fail({ code: "reset", cause });
  }

  #fail(fault: StreamFault): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    this.#inbox = [];
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(fail(fault));
    this.#wakeSenders();
    this.#settleIfDone();
  }

  #settleIfDone(): void {
    if (this.done) this.#onDone();
  }
}
