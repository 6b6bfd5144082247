/** Owns the making of new inputs from old ones: seeded, so that a run can be repeated. */
import { concat } from "#base/bytes.ts";
import type { SeededRandom } from "#test/kit/random.ts";

/** Edges of the integers that formats carry, little-endian. */
const EDGES: readonly (readonly number[])[] = [
  [0x00],
  [0x7f],
  [0x80],
  [0xff],
  [0xff, 0xff],
  [0xff, 0xff, 0xff, 0x7f],
  [0x00, 0x00, 0x00, 0x80],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x00],
  [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];
/** What text formats turn on. */
const TOKENS = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "/",
  "-",
  ".",
  "%",
  "\0",
  "\n",
  "\u202e",
  "é",
  "😀",
  "\ud800",
  "__proto__",
  "constructor",
  "1e999",
  "-0",
  "0x10",
  "9007199254740993",
  "/ip6/::/tcp/",
  "/p2p-circuit",
  "localhost",
].map((token) => new TextEncoder().encode(token));

const INPUT_BYTES_MAX = 64 * 1024;

type Mutation = (input: Uint8Array, random: SeededRandom, others: readonly Uint8Array[]) => Uint8Array;

function place(input: Uint8Array, random: SeededRandom): number {
  return random.below(input.length + 1);
}

function overwrite(input: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array {
  const copy = Uint8Array.from(input);
  for (let offset = 0; offset < bytes.length && at + offset < copy.length; offset++) {
    copy[at + offset] = bytes[offset] ?? 0;
  }
  return copy;
}

function insert(input: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  return concat(input.subarray(0, at), bytes, input.subarray(at));
}

const MUTATIONS: readonly Mutation[] = [
  (input, random) => {
    const at = place(input, random);
    return overwrite(input, at, [(input[at] ?? 0) ^ (1 << random.below(8))]);
  },
  (input, random) => overwrite(input, place(input, random), [random.below(256)]),
  (input, random) => {
    const at = place(input, random);
    return overwrite(input, at, [(input[at] ?? 0) + (random.chance(0.5) ? 1 : -1)]);
  },
  (input, random) => overwrite(input, place(input, random), random.pick(EDGES)),
  (input, random) => overwrite(input, place(input, random), random.bytes(1 + random.below(32))),
  (input, random) => insert(input, place(input, random), random.bytes(1 + random.below(16))),
  (input, random) => insert(input, place(input, random), random.pick(TOKENS)),
  (input, random) => input.slice(0, place(input, random)),
  (input, random) => input.slice(place(input, random)),
  (input, random) => {
    const at = place(input, random);
    return concat(input.subarray(0, at), input.subarray(at + 1 + random.below(32)));
  },
  (input, random) => {
    const at = place(input, random);
    return insert(input, at, input.slice(at, at + 1 + random.below(64)));
  },
  (input, random, others) => {
    const other = random.pick(others);
    return concat(input.subarray(0, place(input, random)), other.subarray(place(other, random)));
  },
  (input, random) => {
    const times = 2 + random.below(6);
    return concat(...Array.from({ length: times }, () => input));
  },
];

/** One to four changes to an input; now and then bytes out of nowhere. */
export function mutate(input: Uint8Array, random: SeededRandom, others: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.02)) return random.bytes(random.below(300));
  let mutant = input;
  for (let left = 1 + random.below(4); left > 0; left--) {
    mutant = random.pick(MUTATIONS)(mutant, random, others);
  }
  return mutant.slice(0, INPUT_BYTES_MAX);
}
