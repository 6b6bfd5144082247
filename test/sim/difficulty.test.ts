/** Holds the numbers of `docs/difficulty.md` that matter, in smaller samples: what the rule promises under each attack. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nextWork, targetOfBits } from "#ledger/target.ts";
import { seededRandom } from "#test/kit/random.ts";
import {
  afterChange,
  afterIdle,
  CLASSROOM,
  crowdAtGap,
  DEFAULT,
  deviant,
  eyalSirer,
  INTERNET,
  many,
  paramsOf,
  quantile,
  steadyIntervals,
} from "./difficulty/experiments.ts";
import { backward, forward, honest, paced } from "./difficulty/model.ts";

const RUNS = 40;

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function assertNear(actual: number, expected: number, part: number, what: string): void {
  const off = Math.abs(actual / expected - 1);
  assert.ok(off <= part, `${what}: ${actual.toFixed(1)}, expected ${expected} within ${part * 100} %`);
}

test("attack 1: no sequence of dates that others take makes the target easier than the true time allows", () => {
  const params = paramsOf(DEFAULT);
  const { targetSpacingSeconds: spacing, minGapSeconds, maxFutureSeconds } = params;
  const steps = fc.array(fc.record({ waits: fc.nat(90), date: fc.double({ min: 0, max: 1, noNaN: true }) }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (blocks) => {
      let [now, parent] = [0, { time: 0, lag: 0 }];
      for (const { waits, date } of blocks) {
        now = Math.max(now + waits, parent.time + minGapSeconds - maxFutureSeconds);
        const earliest = parent.time + minGapSeconds;
        const time = earliest + Math.floor(date * (now + maxFutureSeconds - earliest));
        const next = nextWork(parent, time, params);
        parent = { time, lag: next.lag };
      }
      // Of a chain that began on schedule: the lag is what the clock says, F more at most, less what was mined.
      assert.ok(parent.lag <= now + maxFutureSeconds - spacing * blocks.length);
    }),
  );
});

test("attack 1: a block dated before its parent, or less than the gap after it, would only be harder", () => {
  const params = paramsOf(DEFAULT);
  const parent = { time: 1_000, lag: 300 };
  const even = nextWork(parent, 1_000 + DEFAULT.spacing, params);
  const early = nextWork(parent, 1_000 - 3_600, params);
  assert.equal(targetOfBits(early.bits), targetOfBits(even.bits));
  assert.ok(early.lag < even.lag);
});

test("attack 29: withholding a third or less earns no more than it is worth when nobody takes its side", () => {
  for (const share of [0.3, 1 / 3]) {
    const { reward } = deviant(
      DEFAULT,
      { share, habit: paced, withholds: true, delay: 5 },
      { habit: paced, delay: 0.1 },
      20_000,
      seededRandom(29),
    );
    assert.ok(reward < share + 0.01, `${share} of the hash rate earned ${reward}`);
  }
});

test("attack 29: what withholding earns is what the formula of Eyal and Sirer says, the difficulty rule adds nothing", () => {
  for (const [share, delay, gamma] of [
    [0.36, 5, 0],
    [0.4, 5, 0],
    [0.36, -0.05, 1],
    [0.4, -0.05, 1],
  ] as const) {
    const plan = { share, habit: paced, withholds: true, delay };
    const { reward, pace } = deviant(DEFAULT, plan, { habit: paced, delay: 0.1 }, 30_000, seededRandom(30));
    assertNear(reward, eyalSirer(share, gamma), 0.08, `reward of ${share}, gamma ${gamma}`);
    assertNear(pace, 1, 0.02, "time per block over T");
  }
});

test("attack 33: after a thousandth of the hash rate blocks come again in the time that the design says", () => {
  const expected = [
    [DEFAULT, 2_280, 6_273],
    [CLASSROOM, 1_481, 4_192],
    [INTERNET, 4_948, 12_612],
  ] as const;
  for (const [timing, first, recovered] of expected) {
    const runs = many(RUNS, seededRandom(33), (random) => afterChange(timing, 1 / 1_000, random));
    assertNear(median(runs.map((run) => run.firstSeconds)), first, 0.2, "first block");
    assertNear(median(runs.map((run) => run.recoveredSeconds)), recovered, 0.1, "recovered");
  }
});

test("attack 33: a thousandfold hash rate is followed in the time that the design says, without a storm", () => {
  const runs = many(RUNS, seededRandom(34), (random) => afterChange(DEFAULT, 1_000, random));
  assertNear(median(runs.map((run) => run.recoveredSeconds)), 1_552, 0.1, "recovered");
  for (const { densestMinute } of runs) assert.ok(densestMinute <= 60 / DEFAULT.gap);
  for (const { blocks } of runs) {
    const [first] = blocks;
    const early = blocks.filter(({ foundAt }) => foundAt < (first?.foundAt ?? 0) + 60).length;
    assert.ok(early <= (60 + DEFAULT.future) / DEFAULT.gap + 1, `${early} blocks in the first true minute`);
  }
});

test("attack 33: a weekend costs no more than a night, since idle time beyond the easiest target is forgotten", () => {
  for (const [hours, recovered, blocks] of [
    [12, 1_426, 456],
    [64, 1_542, 463],
  ] as const) {
    const runs = many(RUNS, seededRandom(hours), (random) => afterIdle(DEFAULT, hours * 3_600, random));
    assertNear(median(runs.map((run) => run.recoveredSeconds)), recovered, 0.1, `after ${hours} h`);
    assertNear(median(runs.map((run) => run.recoveredBlocks)), blocks, 0.05, `blocks after ${hours} h`);
  }
});

test("attack 35: dating every block F ahead gains 40 % of the hash rate less than 7 %, and the chain keeps its pace", () => {
  for (const habit of [honest, paced]) {
    const { gain, pace } = deviant(
      DEFAULT,
      { share: 0.4, habit: forward },
      { habit, delay: 0 },
      40_000,
      seededRandom(35),
    );
    assert.ok(gain < 0.07, `gain of ${gain}`);
    assertNear(pace, 1, 0.01, "time per block over T");
  }
});

test("dating every block as early as the rules allow gains nothing", () => {
  for (const habit of [honest, paced]) {
    const plan = { share: 0.4, habit: backward };
    const { gain } = deviant(DEFAULT, plan, { habit, delay: 0 }, 40_000, seededRandom(36));
    assert.ok(gain < 0.015, `gain of ${gain}`);
  }
});

test("a steady hash rate gives one block in T, and the stall ease hardly shows", () => {
  const intervals = steadyIntervals(DEFAULT, 40_000, seededRandom(37));
  const mean = intervals.reduce((sum, one) => sum + one, 0) / intervals.length;
  assertNear(mean, 15, 0.01, "mean");
  assertNear(quantile(intervals, 0.99), 70, 0.05, "p99");
});

test("two big miners at the gap fork deeply after a thousandfold hash rate, and agree again", () => {
  const { stale, deepest } = crowdAtGap(
    { timing: DEFAULT, miners: 2, factor: 1_000, delay: 0.25, seconds: 2_400, habit: paced },
    seededRandom(38),
  );
  assert.ok(deepest > 1 && deepest < 200, `deepest ${deepest}`);
  assert.ok(stale < 0.5, `stale ${stale}`);
});
