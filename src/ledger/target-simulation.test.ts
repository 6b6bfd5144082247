/** Runs the difficulty rule over hours of simulated mining, from a seed: what people notice of it, in numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextWork, workOfBits } from "./target.ts";
import { testNetwork } from "./test-chain.ts";

/** On schedule a block takes 2^30 hashes; the easiest target is a 1024th of that. */
const { params } = testNetwork({ initialBits: 0x1d040000, powLimitBits: 0x1e100000 });
const T = params.targetSpacingSeconds;
/** Hashes per second that keep the chain on schedule at the initial target. */
const EVEN = 2 ** 30 / T;

interface Mined {
  readonly time: number;
  readonly lag: number;
  readonly work: number;
}

/** Uniform in (0, 1], from a seed (xorshift32). */
function chance(seed: number): () => number {
  let word = seed;
  return () => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return ((word >>> 0) + 1) / 2 ** 32;
  };
}

/** Blocks found at this hash rate from `start` on, until `end`: a Poisson process whose rate follows the rule. */
function mineFrom(start: Mined, rate: number, end: number, random: () => number): readonly Mined[] {
  const blocks: Mined[] = [];
  let parent = start;
  for (;;) {
    let luck = -Math.log(random());
    let time = parent.time + params.minGapSeconds;
    let next = nextWork(parent, time, params);
    // The target changes within a block only when the stall ease takes its next step, so whole steps are taken.
    for (;;) {
      const work = Number(workOfBits(next.bits));
      const step = T - ((time - parent.time) % T);
      if (luck <= (step * rate) / work) {
        time += Math.floor((luck * work) / rate);
        break;
      }
      luck -= (step * rate) / work;
      time += step;
      if (time > end) return blocks;
      next = nextWork(parent, time, params);
    }
    if (time > end) return blocks;
    const { bits, lag } = nextWork(parent, time, params);
    parent = { time, lag, work: Number(workOfBits(bits)) };
    blocks.push(parent);
  }
}

const FRESH: Mined = { time: 0, lag: 0, work: 2 ** 30 };
const SEEDS = [1, 20, 300, 4000];

function last(blocks: readonly Mined[]): Mined {
  const block = blocks.at(-1);
  assert.ok(block);
  return block;
}

/** The most blocks within any window of so many seconds. */
function densest(blocks: readonly Mined[], seconds: number): number {
  let [most, from] = [0, 0];
  for (const [at, { time }] of blocks.entries()) {
    while ((blocks[from]?.time ?? time) <= time - seconds) from += 1;
    most = Math.max(most, at - from + 1);
  }
  return most;
}

test("at a steady hash rate blocks come every T on average", () => {
  for (const seed of SEEDS) {
    const blocks = mineFrom(FRESH, EVEN, 1000 * T, chance(seed));
    assert.ok(
      Math.abs(blocks.length - 1000) < 50,
      `seed ${seed}: ${blocks.length} blocks in the time of 1000`,
    );
  }
});

test("after a weekend without blocks the true difficulty is back within 40 minutes and 700 blocks", () => {
  const monday = 64 * 3600;
  const { lag } = nextWork(FRESH, monday, params);
  for (const seed of SEEDS) {
    const blocks = mineFrom({ time: monday, lag, work: 1 }, EVEN, monday + 2400, chance(seed));
    const back = blocks.findIndex(({ work }) => work > 2 ** 29);
    assert.ok(back >= 0 && back < 700, `seed ${seed}: back after ${back} of ${blocks.length} blocks`);
  }
});

test("a thousandfold hash rate brings no storm: never more than a block in g, and the difficulty follows", () => {
  for (const seed of SEEDS) {
    const blocks = mineFrom(FRESH, 1000 * EVEN, 3600, chance(seed));
    assert.ok(densest(blocks, 60) <= 60 / params.minGapSeconds, `seed ${seed}`);
    assert.ok(last(blocks).work > 500 * 2 ** 30, `seed ${seed}: ${last(blocks).work / 2 ** 30}`);
  }
});

test("when all but a thousandth of the hash rate leaves, blocks come again within two hours", () => {
  for (const seed of SEEDS) {
    const blocks = mineFrom(FRESH, EVEN / 1000, 4 * 3600, chance(seed));
    const [first] = blocks;
    assert.ok(first && first.time < 5000, `seed ${seed}: first after ${first?.time}`);
    const late = blocks.filter(({ time }) => time > 2 * 3600).length;
    assert.ok(late > (2 * 3600) / T / 2, `seed ${seed}: ${late} in the last two hours`);
  }
});
