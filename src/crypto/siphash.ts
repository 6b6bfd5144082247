/**
 * Owns SipHash-2-4 (Aumasson and Bernstein, 2012) over short inputs: a keyed hash that is cheap, and whose collisions
 * nobody can prepare without the key. For tables and short ids only; nothing is signed or committed with it.
 */
import { assert } from "#base/assert.ts";

/** Four 64-bit words as halves: v0 low, v0 high, v1 low, ... BigInt would take fifty times as long. */
type State = Int32Array;

/** One SipRound. */
function round(v: State): void {
  let [v0l, v0h, v1l, v1h] = [v[0] as number, v[1] as number, v[2] as number, v[3] as number];
  let [v2l, v2h, v3l, v3h] = [v[4] as number, v[5] as number, v[6] as number, v[7] as number];
  let sum = (v0l >>> 0) + (v1l >>> 0);
  v0h = (v0h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
  v0l = sum | 0;
  let [low, high] = [(v1l << 13) | (v1h >>> 19), (v1h << 13) | (v1l >>> 19)];
  v1l = low ^ v0l;
  v1h = high ^ v0h;
  // v0 by 32 bits: its halves change places.
  [v0l, v0h] = [v0h, v0l];
  sum = (v2l >>> 0) + (v3l >>> 0);
  v2h = (v2h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
  v2l = sum | 0;
  [low, high] = [(v3l << 16) | (v3h >>> 16), (v3h << 16) | (v3l >>> 16)];
  v3l = low ^ v2l;
  v3h = high ^ v2h;
  sum = (v0l >>> 0) + (v3l >>> 0);
  v0h = (v0h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
  v0l = sum | 0;
  [low, high] = [(v3l << 21) | (v3h >>> 11), (v3h << 21) | (v3l >>> 11)];
  v3l = low ^ v0l;
  v3h = high ^ v0h;
  sum = (v2l >>> 0) + (v1l >>> 0);
  v2h = (v2h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
  v2l = sum | 0;
  [low, high] = [(v1l << 17) | (v1h >>> 15), (v1h << 17) | (v1l >>> 15)];
  v[2] = low ^ v2l;
  v[3] = high ^ v2h;
  v[0] = v0l;
  v[1] = v0h;
  v[4] = v2h;
  v[5] = v2l;
  v[6] = v3l;
  v[7] = v3h;
}

function absorb(v: State, low: number, high: number): void {
  v[6] = (v[6] as number) ^ low;
  v[7] = (v[7] as number) ^ high;
  round(v);
  round(v);
  v[0] = (v[0] as number) ^ low;
  v[1] = (v[1] as number) ^ high;
}

export class SipHash {
  readonly #start: State;
  readonly #state = new Int32Array(8);

  /** @param key 16 bytes. */
  constructor(key: Uint8Array) {
    assert(key.length === 16, "a SipHash key has 16 bytes");
    const view = new DataView(key.buffer, key.byteOffset, 16);
    const words = [0, 4, 8, 12].map((at) => view.getInt32(at, true));
    const [k0l = 0, k0h = 0, k1l = 0, k1h = 0] = words;
    // "somepseudorandomlygeneratedbytes", as the paper has it.
    this.#start = Int32Array.of(
      k0l ^ 0x70736575,
      k0h ^ 0x736f6d65,
      k1l ^ 0x6e646f6d,
      k1h ^ 0x646f7261,
      k0l ^ 0x6e657261,
      k0h ^ 0x6c796765,
      k1l ^ 0x79746573,
      k1h ^ 0x74656462,
    );
  }

  /** The lower 48 bits of the hash, exact as a number. */
  low48(bytes: Uint8Array): number {
    const [low, high] = this.#hash(bytes);
    return (low >>> 0) + (high & 0xffff) * 2 ** 32;
  }

  /** All 64 bits. */
  hash(bytes: Uint8Array): bigint {
    const [low, high] = this.#hash(bytes);
    return BigInt(low >>> 0) | (BigInt(high >>> 0) << 32n);
  }

  #hash(bytes: Uint8Array): readonly [low: number, high: number] {
    const v = this.#state;
    v.set(this.#start);
    const whole = bytes.length & ~7;
    for (let at = 0; at < whole; at += 8) absorb(v, readHalf(bytes, at), readHalf(bytes, at + 4));
    // The last word: what is left over, and the length in its highest byte.
    absorb(v, readHalf(bytes, whole), (readHalf(bytes, whole + 4) & 0xffffff) | (bytes.length << 24));
    v[4] = (v[4] as number) ^ 0xff;
    for (let turn = 0; turn < 4; turn++) round(v);
    const [v0l = 0, v0h = 0, v1l = 0, v1h = 0, v2l = 0, v2h = 0, v3l = 0, v3h = 0] = v;
    return [v0l ^ v1l ^ v2l ^ v3l, v0h ^ v1h ^ v2h ^ v3h];
  }
}

/** Four bytes, little-endian; zeros beyond the end. */
function readHalf(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}
