/** Owns seeded chance: xoshiro128** (Blackman and Vigna), its state filled from the seed by SplitMix32. */
import { utf8 } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import type { Random } from "#ports/random.ts";

export interface SeededRandom extends Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** A generator of its own for `label`: what one part draws does not shift what another draws. */
  fork(label: string): SeededRandom;
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}

/** @param seed any 32-bit integer. The same seed gives the same draws on every machine. */
export function seededRandom(seed: number): SeededRandom {
  const fill = splitMix32(seed);
  let [a, b, c, d] = [fill(), fill(), fill(), fill()] as [number, number, number, number];

  const next = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };

  const below = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) throw new RangeError(`bound ${bound}`);
    // Draws from the incomplete last stretch would favour small numbers.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let drawn = next();
    while (drawn >= limit) drawn = next();
    return drawn % bound;
  };

  return {
    below,
    bytes: (count) => {
      const bytes = new Uint8Array(count);
      for (let at = 0; at < count; at++) bytes[at] = next() & 0xff;
      return bytes;
    },
    fraction: () => next() / 2 ** 32,
    chance: (probability) => next() / 2 ** 32 < probability,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
    fork: (label) => {
      const digest = sha256(utf8(`${seed}:${label}`));
      return seededRandom(new DataView(digest.buffer, digest.byteOffset).getInt32(0, true));
    },
  };
}
