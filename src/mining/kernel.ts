/**
 * Owns the search of a nonce for one header: SHA-256d (FIPS 180-4, twice) over 176 bytes of which only the last
 * eight change. Plain arithmetic on 32-bit words, so that it runs wherever JavaScript does; knows no chain, no
 * threads and no time.
 *
 * SHA-256 takes 64 bytes at a step. The first 128 bytes of the header are two constant steps, done once per header
 * (the midstate); a nonce then costs two steps: the tail with its padding, and the outer hash. Of the tail, words
 * 0 to 9 are constant and word 10 is the lower half of the nonce, held fixed while the upper half counts in word
 * 11, so that the first eleven rounds are done once as well.
 */

export const HEADER_BYTES = 176;
const NONCE_AT = 168;
const NONCE_LOW_WORD = 10;
const NONCE_HIGH_WORD = 11;
const HEADER_BITS = HEADER_BYTES * 8;
const DIGEST_BITS = 256;
const HALF_NONCES = 0x1_0000_0000;

// FIPS 180-4, 4.2.2: first 32 bits of the fractional parts of the cube roots of the first 64 primes.
const K = Int32Array.from(
  (
    "428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 d807aa98 12835b01 243185be 550c7dc3 " +
    "72be5d74 80deb1fe 9bdc06a7 c19bf174 e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da " +
    "983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967 27b70a85 2e1b2138 4d2c6dfc 53380d13 " +
    "650a7354 766a0abb 81c2c92e 92722c85 a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070 " +
    "19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3 748f82ee 78a5636f 84c87814 8cc70208 " +
    "90befffa a4506ceb bef9a3f7 c67178f2"
  )
    .split(" ")
    .map((word) => Number.parseInt(word, 16) | 0),
);
// FIPS 180-4, 5.3.3.
const INITIAL = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** FIPS 180-4, 6.2.2 step 1, from word `from` on. */
function extend(words: Int32Array, from: number): void {
  for (let t = from; t < 64; t++) {
    const w15 = words[t - 15] as number;
    const w2 = words[t - 2] as number;
    const s0 = ((w15 >>> 7) | (w15 << 25)) ^ ((w15 >>> 18) | (w15 << 14)) ^ (w15 >>> 3);
    const s1 = ((w2 >>> 17) | (w2 << 15)) ^ ((w2 >>> 19) | (w2 << 13)) ^ (w2 >>> 10);
    words[t] = (s1 + (words[t - 7] as number) + s0 + (words[t - 16] as number)) | 0;
  }
}

/** FIPS 180-4, 6.2.2 step 3: rounds `from` to `to` (exclusive), `state` to `out` without the final addition. */
function rounds(words: Int32Array, state: Int32Array, out: Int32Array, from: number, to: number): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let t = from; t < to; t++) {
    const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + big1 + ((e & f) ^ (~e & g)) + (K[t] as number) + (words[t] as number)) | 0;
    const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = d;
  out[4] = e;
  out[5] = f;
  out[6] = g;
  out[7] = h;
}

function add(state: Int32Array, addend: Int32Array): void {
  for (let at = 0; at < 8; at++) state[at] = ((state[at] as number) + (addend[at] as number)) | 0;
}

function compress(words: Int32Array, state: Int32Array): void {
  const before = state.slice();
  extend(words, 16);
  rounds(words, state, state, 0, 64);
  add(state, before);
}

function bigEndianWords(bytes: Uint8Array, from: number, count: number, into: Int32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < count; at++) into[at] = view.getInt32(from + at * 4, false);
}

function swapBytes(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | ((word >>> 24) & 0xff);
}

/** A header whose nonce is sought. Holds the constant part of the work; one per header, not reusable for another. */
export class HeaderSearch {
  readonly #midstate = INITIAL.slice();
  readonly #tail = new Int32Array(64);
  readonly #outer = new Int32Array(64);
  readonly #state = new Int32Array(8);
  readonly #target = new Int32Array(8);

  /**
   * @param header the 176 bytes; the nonce in them is ignored.
   * @param target 32 bytes, big-endian: a nonce is found when the id, read as a big-endian number, is not above it.
   */
  constructor(header: Uint8Array, target: Uint8Array) {
    if (header.length !== HEADER_BYTES) throw new RangeError(`header of ${header.length} bytes`);
    if (target.length !== 32) throw new RangeError(`target of ${target.length} bytes`);
    for (const from of [0, 64]) {
      bigEndianWords(header, from, 16, this.#tail);
      compress(this.#tail, this.#midstate);
    }
    this.#tail.fill(0);
    bigEndianWords(header, 128, (NONCE_AT - 128) / 4, this.#tail);
    this.#tail[12] = 0x80000000;
    this.#tail[15] = HEADER_BITS;
    this.#outer[8] = 0x80000000;
    this.#outer[15] = DIGEST_BITS;
    bigEndianWords(target, 0, 8, this.#target);
  }

  /**
   * Tries `count` nonces whose lower half is `low` and whose upper half counts up from `high`.
   * @returns the nonce found first, or `null`. Stays within the upper half: `high + count` is at most 2^32.
   */
  search(low: number, high: number, count: number): bigint | null {
    if (high + count > HALF_NONCES) throw new RangeError("the search leaves the upper half of the nonce");
    const { start, tail, outer } = this.#prepare(low);
    const state = this.#state;
    const midstate = this.#midstate;
    const leading = (this.#target[0] as number) >>> 0;
    for (let tried = 0; tried < count; tried++) {
      tail[NONCE_HIGH_WORD] = swapBytes((high + tried) | 0);
      extend(tail, 18);
      rounds(tail, start, state, 11, 64);
      for (let at = 0; at < 8; at++) outer[at] = ((state[at] as number) + (midstate[at] as number)) | 0;
      extend(outer, 16);
      rounds(outer, INITIAL, state, 0, 64);
      if (((state[0] as number) + (INITIAL[0] as number)) >>> 0 > leading) continue;
      add(state, INITIAL);
      if (this.#meetsTarget()) return (BigInt(high + tried) << 32n) | BigInt(low >>> 0);
    }
    return null;
  }

  #prepare(low: number): { start: Int32Array; tail: Int32Array; outer: Int32Array } {
    const tail = this.#tail;
    tail[NONCE_LOW_WORD] = swapBytes(low | 0);
    tail[NONCE_HIGH_WORD] = 0;
    extend(tail, 16);
    const start = new Int32Array(8);
    rounds(tail, this.#midstate, start, 0, NONCE_HIGH_WORD);
    return { start, tail, outer: this.#outer };
  }

  #meetsTarget(): boolean {
    for (let at = 0; at < 8; at++) {
      const word = (this.#state[at] as number) >>> 0;
      const bound = (this.#target[at] as number) >>> 0;
      if (word !== bound) return word < bound;
    }
    return true;
  }
}
