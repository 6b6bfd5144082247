/**
 * Owns SHA-256 (FIPS 180-4) on 32-bit words in linear memory, without SIMD: what the searches prepare once for each
 * header, and what the search without SIMD does for each nonce.
 */

/** FIPS 180-4, 4.2.2: first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
export const K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

/** FIPS 180-4, 5.3.3. */
export const INITIAL = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/** The message is 64 words here: 16 given, the rest extended from them (6.2.2 step 1). */
export function extend(words: usize, from: i32): void {
  for (let t = from; t < 64; t++) {
    const at = words + (t << 2);
    const w15 = load<u32>(at - 60);
    const w2 = load<u32>(at - 8);
    const s0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >> 3);
    const s1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >> 10);
    store<u32>(at, s1 + load<u32>(at - 28) + s0 + load<u32>(at - 64));
  }
}

function temporary1(e: u32, f: u32, g: u32, h: u32, kw: u32): u32 {
  return h + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + (g ^ (e & (f ^ g))) + kw;
}

function temporary2(a: u32, b: u32, c: u32): u32 {
  return (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + ((a & b) | (c & (a | b)));
}

function kw(words: usize, t: i32): u32 {
  return load<u32>(K + (t << 2)) + load<u32>(words + (t << 2));
}

/**
 * Rounds `from` to `to` (exclusive; a multiple of eight apart) of 6.2.2 step 3, from state to state, without the final
 * addition.
 */
export function rounds(words: usize, state: usize, out: usize, from: i32, to: i32): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  // Eight at a time, so that no value has to move from name to name.
  for (let t = from; t < to; t += 8) {
    h = temporary1(e, f, g, h, kw(words, t));
    d += h;
    h += temporary2(a, b, c);
    g = temporary1(d, e, f, g, kw(words, t + 1));
    c += g;
    g += temporary2(h, a, b);
    f = temporary1(c, d, e, f, kw(words, t + 2));
    b += f;
    f += temporary2(g, h, a);
    e = temporary1(b, c, d, e, kw(words, t + 3));
    a += e;
    e += temporary2(f, g, h);
    d = temporary1(a, b, c, d, kw(words, t + 4));
    h += d;
    d += temporary2(e, f, g);
    c = temporary1(h, a, b, c, kw(words, t + 5));
    g += c;
    c += temporary2(d, e, f);
    b = temporary1(g, h, a, b, kw(words, t + 6));
    f += b;
    b += temporary2(c, d, e);
    a = temporary1(f, g, h, a, kw(words, t + 7));
    e += a;
    a += temporary2(b, c, d);
  }
  store<u32>(out, a);
  store<u32>(out, b, 4);
  store<u32>(out, c, 8);
  store<u32>(out, d, 12);
  store<u32>(out, e, 16);
  store<u32>(out, f, 20);
  store<u32>(out, g, 24);
  store<u32>(out, h, 28);
}

/** The final addition: eight words onto eight words. */
export function add(state: usize, addend: usize): void {
  for (let at: usize = 0; at < 32; at += 4) {
    store<u32>(state + at, load<u32>(state + at) + load<u32>(addend + at));
  }
}

/** Big-endian bytes as words. */
export function readWords(bytes: usize, count: i32, into: usize): void {
  for (let at: usize = 0; at < <usize>(count << 2); at += 4) {
    store<u32>(into + at, bswap<u32>(load<u32>(bytes + at)));
  }
}
