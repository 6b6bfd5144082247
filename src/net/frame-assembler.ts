/**
 * Owns how frames are cut out of a stream of bytes: u32 length, little-endian, then the bytes (spec/framing.md).
 * Pure: chunks go in, whole frames come out. Each frame's bytes are copied once, into a buffer of their own.
 */
import { assert } from "#base/assert.ts";
import { FRAME_HEADER_BYTES } from "./limits.ts";

export type FrameFault = {
  readonly code: "frame-too-large";
  readonly bytes: number;
  readonly maxBytes: number;
};

/** Waiting bytes, in order, consumed from the front. */
interface Chunk {
  readonly bytes: Uint8Array;
  used: number;
}

export class FrameAssembler {
  readonly #maxBytes: number;
  readonly #chunks: Chunk[] = [];
  #waiting = 0;
  /** Length announced by the header that was read, or null while the next header is awaited. */
  #announced: number | null = null;

  /** @param maxBytes longest frame accepted. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes taken in and not yet given out. */
  get waitingBytes(): number {
    return this.#waiting;
  }

  /** Whether a frame or its header has begun and not ended. */
  get isInsideFrame(): boolean {
    return this.#announced !== null || this.#waiting > 0;
  }

  /** Keeps a reference to `bytes` until they are consumed: the caller must not change them. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push({ bytes, used: 0 });
    this.#waiting += bytes.length;
  }

  /**
   * The next whole frame, null while it is incomplete, or the fault of a frame that announces too much; after a
   * fault the assembler must not be used again.
   */
  next(): Uint8Array | FrameFault | null {
    if (this.#announced === null) {
      if (this.#waiting < FRAME_HEADER_BYTES) return null;
      const header = this.#take(FRAME_HEADER_BYTES);
      const length = new DataView(header.buffer).getUint32(0, true);
      if (length > this.#maxBytes)
        return { code: "frame-too-large", bytes: length, maxBytes: this.#maxBytes };
      this.#announced = length;
    }
    if (this.#waiting < this.#announced) return null;
    const frame = this.#take(this.#announced);
    this.#announced = null;
    return frame;
  }

  #take(count: number): Uint8Array {
    // Every byte is written below, so clearing the memory first would be wasted on large frames.
    const taken = Buffer.allocUnsafeSlow(count);
    let at = 0;
    while (at < count) {
      const chunk = this.#chunks[0];
      assert(chunk !== undefined, "waiting bytes are held in chunks");
      const part = chunk.bytes.subarray(chunk.used, chunk.used + count - at);
      taken.set(part, at);
      at += part.length;
      chunk.used += part.length;
      if (chunk.used === chunk.bytes.length) this.#chunks.shift();
    }
    this.#waiting -= count;
    return new Uint8Array(taken.buffer, taken.byteOffset, count);
  }
}

/** The header of a frame of `length` bytes. */
export function frameHeader(length: number): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, length, true);
  return header;
}
