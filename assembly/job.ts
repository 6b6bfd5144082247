/**
 * Owns what both searches share: where header and target lie in memory, what is computed once for a header, and the
 * whole check of one nonce.
 *
 * SHA-256 takes 64 bytes at a step. The first 128 of the header's 176 bytes are two steps done once (the midstate); a
 * nonce then costs two: the tail with its padding, and the outer hash. Of the tail, words 0 to 9 are constant and word
 * 10 is the lower half of the nonce, held fixed while the upper half counts in word 11. Of the eleven rounds that are the
 * same for all, eight are done once, because rounds are written eight at a time.
 */
import { add, extend, INITIAL, readWords, rounds } from "./sha256.ts";

const HEADER_BYTES: i32 = 176;
/** Of the tail. */
const NONCE_LOW_AT: usize = 40;
export const NONCE_HIGH_WORD: i32 = 11;
/** The first round that is done for each nonce. */
export const FIRST_ROUND: i32 = 8;
/** The first word of the extended message that depends on the upper half of the nonce. */
export const FIRST_WORD: i32 = 18;

const header = memory.data(176, 16);
const target = memory.data(32, 16);
/** After the first 128 bytes of the header. */
export const midstate = memory.data(32, 16);
/** After the rounds of the tail that are the same for all nonces; without the final addition. */
export const start = memory.data(32, 16);
/** 64 words each. */
export const tail = memory.data(256, 16);
export const outer = memory.data(256, 16);
const state = memory.data(32, 16);
const targetWords = memory.data(32, 16);

/** Where to write the 176 bytes of the header; the nonce in them is ignored. */
export function headerAt(): usize {
  return header;
}

/** Where to write the 32 bytes of the target, big-endian. */
export function targetAt(): usize {
  return target;
}

/** All that is the same for every upper half of the nonce. */
export function prepare(low: u32): void {
  memory.copy(midstate, INITIAL, 32);
  for (let step = 0; step < 2; step++) {
    readWords(header + (step << 6), 16, tail);
    extend(tail, 16);
    rounds(tail, midstate, state, 0, 64);
    add(midstate, state);
  }
  memory.fill(tail, 0, 64);
  readWords(header + 128, 10, tail);
  store<u32>(tail + NONCE_LOW_AT, bswap<u32>(low));
  store<u32>(tail, 0x80000000, 48);
  store<u32>(tail, HEADER_BYTES << 3, 60);
  extend(tail, 16);
  rounds(tail, midstate, start, 0, FIRST_ROUND);
  memory.fill(outer, 0, 64);
  store<u32>(outer, 0x80000000, 32);
  store<u32>(outer, 256, 60);
  readWords(target, 8, targetWords);
}

/** The leading word of the target: an id whose own is above it meets no target. */
export function leadingTarget(): u32 {
  return load<u32>(targetWords);
}

/** Whether the nonce with this upper half is found: its id, read as a big-endian number, is not above the target. */
export function meetsTarget(high: u32): bool {
  store<u32>(tail + (NONCE_HIGH_WORD << 2), bswap<u32>(high));
  extend(tail, FIRST_WORD);
  rounds(tail, start, outer, FIRST_ROUND, 64);
  add(outer, midstate);
  extend(outer, 16);
  rounds(outer, INITIAL, state, 0, 64);
  if (load<u32>(state) + load<u32>(INITIAL) > leadingTarget()) return false;
  add(state, INITIAL);
  for (let at: usize = 0; at < 32; at += 4) {
    const word = load<u32>(state + at);
    const bound = load<u32>(targetWords + at);
    if (word !== bound) return word < bound;
  }
  return true;
}
