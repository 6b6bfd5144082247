/**
 * Owns frames over one libp2p stream: backpressure both ways, the frame limit, the receive timeout, half close.
 * Knows nothing of protocols. libp2p's own waits are not used: `onDrain` of @libp2p/utils 7.4 keeps its first,
 * settled promise, so a second wait would return at once.
 */
import type { Stream } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { concat } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { FrameStream, StreamFault } from "#ports/network.ts";
import { FrameAssembler, frameHeader } from "./frame-assembler.ts";
import {
  FRAME_JOIN_BYTES_MAX,
  READ_AHEAD_BYTES,
  STREAM_CLOSE_TIMEOUT_MS,
  WRITE_AHEAD_BYTES,
} from "./limits.ts";

export interface FrameStreamDependencies {
  readonly clock: Clock;
  /** Told when bytes move, which shows that the other side lives. */
  readonly onActivity: () => void;
}

/**
 * `finished`: the other side closed its writing end. `gone`: the connection ended without that, which libp2p shows
 * much like an orderly end; whole frames that came before are still handed out. `broken`: nothing more is.
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
  readonly #assembler: FrameAssembler;
  /** Set once nothing more will come. Frames already assembled are still handed out after an orderly end. */
  #ending: Ending | null = null;
  #remoteFinished = false;
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
    this.#assembler = new FrameAssembler(options.frameBytesMax);
    stream.addEventListener("message", (event) => this.#onMessage(event.data));
    stream.addEventListener("remoteCloseWrite", () => {
      this.#remoteFinished = true;
    });
    stream.addEventListener("end", () => this.#onEnd());
    stream.addEventListener("drain", () => {
      this.#onActivity();
      // libp2p goes on sending in a microtask of its own, and only then is the room known.
      queueMicrotask(() => queueMicrotask(() => this.#wakeSenders()));
    });
    stream.addEventListener("idle", () => this.#wakeSenders());
    stream.addEventListener("close", (event) => this.#onClose(event.error));
    this.#remoteFinished = stream.remoteWriteStatus === "closed" && stream.status === "open";
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
    const next = this.#assembler.next();
    if (next instanceof Uint8Array) {
      if (this.#assembler.waitingBytes < this.#readMark()) this.#resume();
      return ok(next);
    }
    if (next !== null) {
      this.#breakOff(next, `a frame of ${next.bytes} bytes was announced`);
      return fail(next);
    }
    if (this.#ending === null) return undefined;
    // An end inside a frame is not the orderly end that `null` promises.
    const isOrderly = this.#ending.how === "finished" && !this.#assembler.isInsideFrame;
    return isOrderly ? ok(null) : fail({ code: "closed" });
  }

  #onMessage(data: Uint8Array | Iterable<Uint8Array>): void {
    this.#onActivity();
    if (this.#isDiscarding) return;
    if (data instanceof Uint8Array) this.#assembler.push(data);
    else for (const bytes of data) this.#assembler.push(bytes);
    if (!this.#isResuming && this.#assembler.waitingBytes >= this.#readMark()) this.#pause();
    this.#wakeReader?.();
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
    this.#end({ how: this.#remoteFinished ? "finished" : "gone" });
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
    return this.#stream.writeStatus === "writable" && this.#ending?.how !== "broken";
  }

  #writeFault(): StreamFault {
    return this.#ending?.how === "broken" ? this.#ending.fault : { code: "closed" };
  }

  #isFull(): boolean {
    if (this.#stream.writeStatus !== "writable") return false;
    return this.#stream.writeBufferLength > WRITE_AHEAD_BYTES || this.#stream.writableNeedsDrain;
  }

  #wakeSenders(): void {
    const waiting = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of waiting) wake();
  }

  async #closeWriting(): Promise<void> {
    if (this.#ending?.how === "broken" || this.#stream.writeStatus !== "writable") return;
    const patience = new AbortController();
    const timer = this.#clock.after(STREAM_CLOSE_TIMEOUT_MS, () => patience.abort());
    try {
      await this.#stream.close({ signal: patience.signal });
    } catch (error) {
      this.#breakOff({ code: "reset", cause: messageOf(error) }, "could not be closed in order");
    } finally {
      timer.cancel();
    }
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
