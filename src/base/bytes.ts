/**
 * Owns plain byte work: hex, comparison, concatenation, and the bounded little-endian reader and writer on
 * which every format of ours is built. Knows no format.
 */
import { fail, ok, type Result } from "./result.ts";

/** Character codes of the hex digits: a text made of codes at once costs a seventh of one that grows by digits. */
const CODE_OF_DIGIT = Array.from({ length: 16 }, (_, value) => value.toString(16).charCodeAt(0));
/** Bytes written as hex at once: an id. Codes are arguments of a call, of which there may not be many. */
const HEX_PART_BYTES = 32;
/** By character code: the value of a lower-case hex digit, or 255. */
const VALUE_OF_DIGIT = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value++) VALUE_OF_DIGIT[value.toString(16).charCodeAt(0)] = value;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += HEX_PART_BYTES) {
    const codes: number[] = [];
    const end = Math.min(bytes.length, from + HEX_PART_BYTES);
    for (let at = from; at < end; at++) {
      const byte = bytes[at] ?? 0;
      codes.push(CODE_OF_DIGIT[byte >> 4] ?? 0, CODE_OF_DIGIT[byte & 15] ?? 0);
    }
    text += String.fromCharCode(...codes);
  }
  return text;
}

/** Bytes of lower-case hex text; `null` when the text is not that (upper case is refused: one encoding per value). */
export function fromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    const high = VALUE_OF_DIGIT[text.charCodeAt(at * 2)] ?? 255;
    const low = VALUE_OF_DIGIT[text.charCodeAt(at * 2 + 1)] ?? 255;
    if (high === 255 || low === 255) return null;
    bytes[at] = high * 16 + low;
  }
  return bytes;
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of well-formed UTF-8 bytes; `null` otherwise. */
export function fromUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Not constant time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Lexicographic order: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = sharedBytes(a, b);
  return shared < a.length && shared < b.length ? (a[shared] ?? 0) - (b[shared] ?? 0) : a.length - b.length;
}

/** How many bytes both begin with. */
export function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a[at] === b[at]) at++;
  return at;
}

/** Space to write in, before what was written is copied out of it. */
class Space {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** Of most values ever written the encoding fits. */
const SPACE_BYTES = 512;
/** More than this is not kept for the next writer: a block is written now and then. */
const SPARE_BYTES_MAX = 64 * 1024;
const NO_SPACE = new Space(0);
/** Of the writer that was done last: making another costs more than most values take to write. */
let spare: Space | null = null;

/** Appends little-endian fields. Grows as needed: bounds belong to whoever builds the value. */
export class ByteWriter {
  #space = spare ?? new Space(SPACE_BYTES);
  #length = 0;

  constructor() {
    spare = null;
  }

  /** Where `count` bytes may be written. May replace the space: take that only afterwards. */
  #reserve(count: number): number {
    const at = this.#length;
    const { bytes } = this.#space;
    if (at + count > bytes.length) {
      this.#space = new Space(Math.max(bytes.length * 2, at + count));
      this.#space.bytes.set(bytes);
    }
    this.#length = at + count;
    return at;
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#space.view.setUint8(at, value);
    return this;
  }
  u16(value: number): this {
    const at = this.#reserve(2);
    this.#space.view.setUint16(at, value, true);
    return this;
  }
  u32(value: number): this {
    const at = this.#reserve(4);
    this.#space.view.setUint32(at, value, true);
    return this;
  }
  i32(value: number): this {
    const at = this.#reserve(4);
    this.#space.view.setInt32(at, value, true);
    return this;
  }
  u64(value: bigint | number): this {
    const at = this.#reserve(8);
    this.#space.view.setBigUint64(at, BigInt(value), true);
    return this;
  }
  u128(value: bigint): this {
    return this.u64(value & 0xffffffffffffffffn).u64(value >> 64n);
  }
  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#space.bytes.set(bytes, at);
    return this;
  }
  /** u16 length, then the bytes. */
  short(bytes: Uint8Array): this {
    if (bytes.length > 0xffff) throw new RangeError(`short field of ${bytes.length} bytes`);
    return this.u16(bytes.length).raw(bytes);
  }
  /** u32 length, then the bytes. */
  long(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }
  /** A copy of what was written; the writer is empty afterwards. */
  done(): Uint8Array {
    const written = this.#space.bytes.slice(0, this.#length);
    if (this.#space.bytes.length <= SPARE_BYTES_MAX) spare = this.#space;
    this.#space = NO_SPACE;
    this.#length = 0;
    return written;
  }
}

/** Why bytes were refused: what was being read, and where. */
export interface DecodeFault {
  readonly code: "malformed";
  readonly what: string;
  readonly at: number;
}

class Malformed extends Error {
  readonly fault: DecodeFault;
  constructor(fault: DecodeFault) {
    super(fault.what);
    this.fault = fault;
  }
}

/**
 * Reads little-endian fields and never past the end. Used only inside {@link decodeWith}, which turns a
 * refusal into a value.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get at(): number {
    return this.#at;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  refuse(what: string): never {
    throw new Malformed({ code: "malformed", what, at: this.#at });
  }

  #take(count: number): number {
    if (count > this.left) this.refuse(`needs ${count} bytes, ${this.left} are left`);
    const at = this.#at;
    this.#at += count;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }
  /** A u64 that must be exact as a number (at most 2^53 - 1). */
  safeU64(what: string): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.refuse(`${what} is above 2^53 - 1`);
    return Number(value);
  }
  u128(): bigint {
    const low = this.u64();
    return low | (this.u64() << 64n);
  }
  /** A copy, so that a decoded value never keeps a whole frame alive. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    // `slice` of a Buffer, which sockets and files give, is no copy.
    return new Uint8Array(this.#bytes.subarray(at, at + count));
  }
  short(maxBytes: number, what: string): Uint8Array {
    const length = this.u16();
    if (length > maxBytes) this.refuse(`${what} of ${length} bytes is above ${maxBytes}`);
    return this.raw(length);
  }
  long(maxBytes: number, what: string): Uint8Array {
    const length = this.u32();
    if (length > maxBytes) this.refuse(`${what} of ${length} bytes is above ${maxBytes}`);
    return this.raw(length);
  }
  /** A count of one byte, and so many items. */
  list<Item>(max: number, what: string, read: () => Item): Item[] {
    const count = this.u8();
    if (count > max) this.refuse(`${count} ${what} are above ${max}`);
    const items: Item[] = [];
    for (let at = 0; at < count; at++) items.push(read());
    return items;
  }
  text(maxBytes: number, what: string): string {
    const text = fromUtf8(this.short(maxBytes, what));
    return text ?? this.refuse(`${what} is not UTF-8`);
  }
}

/** Runs a decoder over all of `bytes`: a refusal or a trailing byte becomes a fault, never an exception. */
export function decodeWith<Value>(
  bytes: Uint8Array,
  read: (reader: ByteReader) => Value,
): Result<Value, DecodeFault> {
  const reader = new ByteReader(bytes);
  try {
    const value = read(reader);
    if (reader.left > 0) reader.refuse(`${reader.left} bytes follow the end`);
    return ok(value);
  } catch (error) {
    if (error instanceof Malformed) return fail(error.fault);
    throw error;
  }
}
