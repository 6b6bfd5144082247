/**
 * Owns frames over one libp2p stream: backpressure both ways, the frame limit, the receive timeout, half close.
 * Knows nothing of protocols. libp2p's own waits are not used: `onDrain` of @libp2p/utils 7.4 keeps its first,
 * settled promise, so a second wait would return at once. Nor is its end of a stream believed: that of a relay which
 * reached its limit, or of a data channel whose path died, looks the same as one that was meant. The end is a mark
 * of our own. Where the multiplexer holds no sender back (WebRTC), credit does (decisions 0033 and 0034).
 * This file is long because a stream's two directions, its close and its end cannot be told apart.
 */
import type { Stream } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { concat } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { FrameStream, StreamFault } from "#ports/network.ts";
import {
  CREDIT_EXCEEDED_BYTES,
  CREDIT_FIRST_BYTES,
  CREDIT_STEP_BYTES,
  FRAME_COST_BYTES,
  FRAME_JOIN_BYTES_MAX,
  READ_AHEAD_BYTES,
  STREAM_CLOSE_TIMEOUT_MS,
  WRITE_AHEAD_BYTES,
} from "../limits.ts";
import {
  creditMark,
  endMark,
  FrameAssembler,
  type FrameFault,
  type FrameMark,
  frameHeader,
} from "./frame-assembler.ts";

export interface FrameStreamDependencies {
  readonly clock: Clock;
  /** Told when bytes move, which shows that the other side lives. */
  readonly onActivity: () => void;
  /** Both sides see alike whether they need it: it goes by the multiplexer. */
  readonly needsCredit: boolean;
}

/**
 * `finished`: the other side said that no frame follows. `gone`: the stream ended without that; whole frames that came
 * before are still handed out. `broken`: nothing more is.
 */
type Ending =
  | { readonly how: "finished" }
  | { readonly how: "gone" }
  | { readonly how: "broken"; readonly fault: StreamFault };

/**
 * @param stream a negotiated stream whose bytes nobody else reads.
 * @param frameBytesMax refused beyond, in both directions.
 */
export class Libp2pFrameStream implements FrameStream {
  readonly peer: PeerId;
  readonly #stream: Stream;
  readonly #frameBytesMax: number;
  readonly #clock: Clock;
  readonly #onActivity: () => void;
  readonly #needsCredit: boolean;
  readonly #assembler: FrameAssembler;
  /** Frames taken out of the assembler before their reader came, to find the credit between them. */
  readonly #ready: Uint8Array[] = [];
  #readyBytes = 0;
  /** What we may still send, and what the other side has not yet been given back. */
  #credit = CREDIT_FIRST_BYTES;
  #unreturned = 0;
  #hasSaidEnd = false;
  /** Set once nothing more will come. Frames already there are still handed out unless it broke. */
  #ending: Ending | null = null;
  #isDiscarding = false;
  /**
   * `resume` of libp2p hands over what has piled up before it tells the muxer to go on: a pause from within would be
   * overruled, and the other side never held back again.
   */
  #isResuming = false;
  #closing: Promise<void> | null = null;
  /** Wakes whoever waits in `receive`. */
  #wakeReader: (() => void) | null = null;
  /** Wakes whoever waits in `send`; sends may overlap. */
  #wakeWriters: (() => void)[] = [];

  constructor(
    peer: PeerId,
    stream: Stream,
    options: { readonly frameBytesMax: number },
    dependencies: FrameStreamDependencies,
  ) {
    this.peer = peer;
    this.#stream = stream;
    this.#frameBytesMax = options.frameBytesMax;
    this.#clock = dependencies.clock;
    this.#onActivity = dependencies.onActivity;
    this.#needsCredit = dependencies.needsCredit;
    this.#assembler = new FrameAssembler(options.frameBytesMax, this.#needsCredit);
    stream.addEventListener("message", (event) => this.#onMessage(event.data));
    stream.addEventListener("end", () => this.#onEnd());
    stream.addEventListener("drain", () => {
      this.#onActivity();
      // libp2p goes on sending in a microtask of its own, and only then is the room known.
      queueMicrotask(() => queueMicrotask(() => this.#wakeSenders()));
    });
    stream.addEventListener("idle", () => this.#wakeSenders());
    stream.addEventListener("close", (event) => this.#onClose(event.error));
    if (stream.readableEnded) this.#onEnd();
    // What ended before we listened is told by no event.
    if (stream.status === "aborted" || stream.status === "reset") this.#onClose(new Error("reset at once"));
    else if (stream.status === "closed") this.#onClose(undefined);
  }

  async send(frame: Uint8Array): Promise<Result<undefined, StreamFault>> {
    if (frame.length > this.#frameBytesMax) {
      const fault = { code: "frame-too-large", bytes: frame.length, maxBytes: this.#frameBytesMax } as const;
      this.#breakOff(fault, "a frame of ours is too large");
      return fail(fault);
    }
    if (!this.#canWrite()) return fail(this.#writeFault());
    this.#credit -= FRAME_COST_BYTES + frame.length;
    try {
      if (frame.length <= FRAME_JOIN_BYTES_MAX) {
        this.#stream.send(concat(frameHeader(frame.length), frame));
      } else {
        this.#stream.send(frameHeader(frame.length));
        this.#stream.send(frame);
      }
    } catch (error) {
      return fail({ code: "reset", cause: messageOf(error) });
    }
    while (this.#isFull()) {
      if (!this.#canWrite()) return fail(this.#writeFault());
      await new Promise<void>((wake) => this.#wakeWriters.push(wake));
    }
    // The close may have thrown away what was still queued: only what was not broken off counts as handed on.
    return this.#ending?.how === "broken" ? fail(this.#ending.fault) : ok();
  }

  async receive(
    options: { readonly timeoutMs?: number } = {},
  ): Promise<Result<Uint8Array | null, StreamFault>> {
    let isLate = false;
    const timer =
      options.timeoutMs === undefined
        ? null
        : this.#clock.after(options.timeoutMs, () => {
            isLate = true;
            this.#wakeReader?.();
          });
    try {
      for (;;) {
        const frame = this.#nextFrame();
        if (frame !== undefined) return frame;
        if (isLate) {
          this.#breakOff({ code: "timeout" }, "nothing came in time");
          return fail({ code: "timeout" });
        }
        if (this.#wakeReader !== null) throw new Error("a frame stream is read by one reader at a time");
        await new Promise<void>((wake) => {
          this.#wakeReader = wake;
          this.#resume();
        });
        this.#wakeReader = null;
      }
    } finally {
      this.#wakeReader = null;
      timer?.cancel();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeWriting();
    return this.#closing;
  }

  /**
   * For whoever reads no more: closes our end, drops what still comes, and breaks off when the other side does
   * not close its end in time.
   */
  async finish(): Promise<void> {
    this.#isDiscarding = true;
    this.#discard();
    await this.close();
    if (this.#ending !== null) return;
    this.#clock.after(STREAM_CLOSE_TIMEOUT_MS, () => {
      if (this.#ending === null) this.reset("the other side did not close its end");
    });
    if (this.#stream.readStatus === "paused") this.#stream.resume();
  }

  reset(cause: string): void {
    this.#breakOff({ code: "reset", cause }, cause);
  }

  /** A frame, the end, or a fault; undefined while none of them is there. */
  #nextFrame(): Result<Uint8Array | null, StreamFault> | undefined {
    if (this.#ending?.how === "broken") return fail(this.#ending.fault);
    const frame = this.#ready.shift() ?? this.#takeOne();
    if (frame !== null) {
      this.#consumed(frame.length);
      if (this.#assembler.waitingBytes < this.#readMark()) this.#resume();
      return ok(frame);
    }
    return this.#conclusion();
  }

  #conclusion(): Result<null, StreamFault> | undefined {
    if (this.#ending === null) return undefined;
    if (this.#ending.how === "finished") return ok(null);
    if (this.#ending.how === "broken") return fail(this.#ending.fault);
    // A data channel tells of a reset and of a lost path alike, and most often before the reset itself arrives.
    return fail(this.#needsCredit ? { code: "reset", cause: "it broke off" } : { code: "closed" });
  }

  /** The next frame in the assembler; null when it holds none. Marks on the way are heeded. */
  #takeOne(): Uint8Array | null {
    for (;;) {
      const next = this.#assembler.next();
      if (next === null || next instanceof Uint8Array) return next;
      if (!this.#heed(next)) return null;
    }
  }

  /** Whether reading may go on. */
  #heed(mark: FrameMark | FrameFault): boolean {
    switch (mark.code) {
      case "credit":
        this.#credit += mark.bytes;
        this.#wakeSenders();
        return true;
      case "end":
        // Also of a stream that went away just behind it: all was here.
        this.#ending = { how: "finished" };
        this.#wakeReader?.();
        this.#closeWhenBothEnded();
        return true;
      case "after-end":
        this.#breakOff(
          { code: "reset", cause: "something came behind the end" },
          "something came behind the end",
        );
        return false;
      case "frame-too-large":
        this.#breakOff(mark, `a frame of ${mark.bytes} bytes was announced`);
        return false;
    }
  }

  #onMessage(data: Uint8Array | Iterable<Uint8Array>): void {
    this.#onActivity();
    if (this.#ending?.how === "broken") return;
    if (data instanceof Uint8Array) this.#assembler.push(data);
    else for (const bytes of data) this.#assembler.push(bytes);
    if (this.#isDiscarding) this.#discard();
    else if (this.#needsCredit) this.#takeAll();
    else if (!this.#isResuming && this.#assembler.waitingBytes >= this.#readMark()) this.#pause();
    this.#wakeReader?.();
  }

  /** Credit and end may stand behind frames that nobody reads yet. */
  #takeAll(): void {
    for (let frame = this.#takeOne(); frame !== null; frame = this.#takeOne()) {
      this.#ready.push(frame);
      this.#readyBytes += FRAME_COST_BYTES + frame.length;
    }
    if (this.#readyBytes + this.#assembler.waitingBytes > CREDIT_EXCEEDED_BYTES) {
      this.#breakOff({ code: "reset", cause: "more came than was allowed" }, "more came than was allowed");
    }
  }

  #discard(): void {
    for (const frame of this.#ready.splice(0)) this.#consumed(frame.length);
    for (let frame = this.#takeOne(); frame !== null; frame = this.#takeOne()) this.#consumed(frame.length);
  }

  #consumed(frameBytes: number): void {
    if (!this.#needsCredit) return;
    const cost = FRAME_COST_BYTES + frameBytes;
    this.#readyBytes = Math.max(0, this.#readyBytes - cost);
    this.#unreturned += cost;
    if (this.#unreturned < CREDIT_STEP_BYTES || this.#stream.writeStatus !== "writable") return;
    try {
      this.#stream.send(creditMark(this.#unreturned));
      this.#unreturned = 0;
    } catch {
      // The stream ends, which its events tell.
    }
  }

  /** A whole frame must always fit, or its reader would wait for bytes that are held back. */
  #readMark(): number {
    return Math.max(READ_AHEAD_BYTES, this.#frameBytesMax + READ_AHEAD_BYTES / 4);
  }

  #pause(): void {
    if (this.#stream.readStatus === "readable") this.#stream.pause();
  }

  #resume(): void {
    if (this.#stream.readStatus !== "paused" || this.#assembler.waitingBytes >= this.#readMark()) return;
    this.#isResuming = true;
    try {
      this.#stream.resume();
    } catch {
      // The connection went away while we paused: its bytes were handed over, only the window update failed.
      this.#end({ how: "gone" });
    } finally {
      this.#isResuming = false;
    }
    if (this.#assembler.waitingBytes >= this.#readMark()) this.#pause();
  }

  /** libp2p has handed over all it had. On a break-off it says so too, just before the event that tells why. */
  #onEnd(): void {
    const { status } = this.#stream;
    if (status === "aborted" || status === "reset") return;
    this.#end({ how: "gone" });
  }

  #onClose(error: Error | undefined): void {
    if (error !== undefined) this.#end({ how: "broken", fault: { code: "reset", cause: error.message } });
    else if (this.#stream.readBufferLength === 0) this.#onEnd();
    this.#wakeSenders();
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#wakeReader?.();
  }

  #canWrite(): boolean {
    return this.#stream.writeStatus === "writable" && !this.#hasSaidEnd && this.#ending?.how !== "broken";
  }

  #writeFault(): StreamFault {
    return this.#ending?.how === "broken" ? this.#ending.fault : { code: "closed" };
  }

  #isFull(): boolean {
    if (this.#stream.writeStatus !== "writable") return false;
    if (this.#needsCredit && this.#credit <= 0 && !this.#hasSaidEnd) return true;
    return this.#stream.writeBufferLength > WRITE_AHEAD_BYTES || this.#stream.writableNeedsDrain;
  }

  #wakeSenders(): void {
    const waiting = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of waiting) wake();
  }

  async #closeWriting(): Promise<void> {
    if (!this.#canWrite()) return;
    const patience = new AbortController();
    const timer = this.#clock.after(STREAM_CLOSE_TIMEOUT_MS, () => patience.abort());
    try {
      this.#stream.send(endMark());
      this.#hasSaidEnd = true;
      this.#wakeSenders();
      // Credit still has to go out for what comes in: the stream itself closes when both have said their end.
      if (this.#needsCredit && this.#ending === null) return;
      await this.#stream.close({ signal: patience.signal });
    } catch (error) {
      this.#breakOff({ code: "reset", cause: messageOf(error) }, "could not be closed in order");
    } finally {
      timer.cancel();
    }
  }

  #closeWhenBothEnded(): void {
    if (!this.#needsCredit || !this.#hasSaidEnd || this.#stream.writeStatus !== "writable") return;
    const patience = new AbortController();
    const timer = this.#clock.after(STREAM_CLOSE_TIMEOUT_MS, () => patience.abort());
    this.#stream.close({ signal: patience.signal }).then(
      () => timer.cancel(),
      (error: unknown) => {
        timer.cancel();
        this.#stream.abort(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  #breakOff(fault: StreamFault, cause: string): void {
    if (this.#ending?.how !== "broken") this.#ending = { how: "broken", fault };
    this.#stream.abort(new Error(cause));
    this.#wakeReader?.();
    this.#wakeSenders();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
