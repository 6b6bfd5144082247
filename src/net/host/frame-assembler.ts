/**
 * Owns how frames are cut out of a stream of bytes: u32 length, little-endian, then the bytes; and the two marks that
 * stand where a length would: the end, and credit (spec/framing.md). Pure: chunks go in, whole frames come out. Each
 * frame's bytes are copied once, into a buffer of their own.
 */
import { assert } from "#base/assert.ts";
import { concat } from "#base/bytes.ts";
import { FRAME_HEADER_BYTES, GATHERED_BYTES, SMALL_PIECE_BYTES } from "../limits.ts";

export type FrameFault =
  | { readonly code: "frame-too-large"; readonly bytes: number; readonly maxBytes: number }
  /** Something else than credit came behind the end. */
  | { readonly code: "after-end" };

/** What stands between frames: that no frame follows, or that so many bytes more may be sent the other way. */
export type FrameMark = { readonly code: "end" } | { readonly code: "credit"; readonly bytes: number };

/** Far above any frame, so that no length is mistaken for a mark. */
const END_MARK = 0xffff_ffff;
const CREDIT_MARK = 0xffff_fffe;

/** Waiting bytes, in order, consumed from the front. */
interface Chunk {
  bytes: Uint8Array;
  used: number;
  /** What `bytes` lie at the beginning of, where it is ours and the next small piece may be copied behind them. */
  readonly room: Uint8Array | null;
}

export class FrameAssembler {
  readonly #maxBytes: number;
  readonly #chunks: Chunk[] = [];
  #waiting = 0;
  /** Length announced by the header that was read, or null while the next header is awaited. */
  #announced: number | null = null;
  #awaitsCredit = false;
  #isOver = false;
  readonly #knowsCredit: boolean;

  /**
   * @param maxBytes longest frame accepted.
   * @param knowsCredit whether marks of credit may stand between frames; else they are lengths out of bounds.
   */
  constructor(maxBytes: number, knowsCredit = false) {
    this.#maxBytes = maxBytes;
    this.#knowsCredit = knowsCredit;
  }

  /** Bytes taken in and not yet given out. */
  get waitingBytes(): number {
    return this.#waiting;
  }

  /** May keep a reference to `bytes` until they are consumed: the caller must not change them. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting += bytes.length;
    const rest = this.#fill(bytes);
    if (rest.length >= SMALL_PIECE_BYTES) {
      this.#chunks.push({ bytes: rest, used: 0, room: null });
    } else if (rest.length > 0) {
      // A frame of a mebibyte that comes byte by byte would else be a million objects.
      const room = new Uint8Array(GATHERED_BYTES);
      room.set(rest);
      this.#chunks.push({ bytes: room.subarray(0, rest.length), used: 0, room });
    }
  }

  /** Copies what there is room for behind the last small piece, so that no room is left half empty; the rest of it. */
  #fill(bytes: Uint8Array): Uint8Array {
    const last = this.#chunks.at(-1);
    if (last === undefined || last.room === null) return bytes;
    const end = last.bytes.length;
    const part = bytes.subarray(0, last.room.length - end);
    last.room.set(part, end);
    last.bytes = last.room.subarray(0, end + part.length);
    return bytes.subarray(part.length);
  }

  /**
   * The next whole frame or mark, null while it is incomplete, or the fault of what may not stand there; after a
   * fault the assembler must not be used again.
   */
  next(): Uint8Array | FrameMark | FrameFault | null {
    if (this.#announced === null && !this.#awaitsCredit) {
      const read = this.#readHeader();
      if (read !== undefined) return read;
    }
    if (this.#awaitsCredit) return this.#readCredit();
    if (this.#announced === null || this.#waiting < this.#announced) return null;
    const frame = this.#take(this.#announced);
    this.#announced = null;
    return frame;
  }

  /** Undefined once it is known what follows. */
  #readHeader(): FrameMark | FrameFault | null | undefined {
    if (this.#waiting < FRAME_HEADER_BYTES) return null;
    const length = this.#takeU32();
    if (this.#knowsCredit && length === CREDIT_MARK) {
      this.#awaitsCredit = true;
      return undefined;
    }
    if (this.#isOver) return { code: "after-end" };
    if (length === END_MARK) {
      this.#isOver = true;
      return { code: "end" };
    }
    if (length > this.#maxBytes) return { code: "frame-too-large", bytes: length, maxBytes: this.#maxBytes };
    this.#announced = length;
    return undefined;
  }

  #readCredit(): FrameMark | null {
    if (this.#waiting < FRAME_HEADER_BYTES) return null;
    this.#awaitsCredit = false;
    return { code: "credit", bytes: this.#takeU32() };
  }

  #takeU32(): number {
    const [first] = this.#chunks;
    if (first !== undefined && first.bytes.length - first.used >= FRAME_HEADER_BYTES) {
      // Nearly always in one piece: a copy for each header would cost more than the header.
      const { bytes, used } = first;
      first.used += FRAME_HEADER_BYTES;
      this.#waiting -= FRAME_HEADER_BYTES;
      if (first.used === bytes.length) this.#chunks.shift();
      return new DataView(bytes.buffer, bytes.byteOffset + used, FRAME_HEADER_BYTES).getUint32(0, true);
    }
    return new DataView(this.#take(FRAME_HEADER_BYTES).buffer).getUint32(0, true);
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

/** No frame follows. */
export function endMark(): Uint8Array {
  return frameHeader(END_MARK);
}

/** The other side may send `bytes` more than it was allowed before. */
export function creditMark(bytes: number): Uint8Array {
  return concat(frameHeader(CREDIT_MARK), frameHeader(bytes));
}
