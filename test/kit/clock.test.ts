import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "./clock.ts";
import { seededRandom } from "./random.ts";

test("timers fire in the order of their time, then of their making, and see their own moment", async () => {
  const clock = new SimulatedClock(1_000);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name}@${clock.monotonicMs()}/${clock.nowMs()}`);
  clock.after(20, note("late"));
  clock.after(10, note("first"));
  clock.after(10, note("second"));
  clock.after(15, note("cancelled")).cancel();
  clock.after(-5, note("now"));
  await clock.advance(19);
  assert.deepEqual(fired, ["now@0/1000", "first@10/1010", "second@10/1010"]);
  assert.equal(clock.pending, 1);
  await clock.advance(1);
  assert.equal(fired.at(-1), "late@20/1020");
});

test("work that a timer sets off is done before the next timer fires", async () => {
  const clock = new SimulatedClock();
  const order: string[] = [];
  clock.after(1, async () => {
    for (let step = 0; step < 50; step++) await null;
    order.push("work of the first");
  });
  clock.after(2, () => order.push("second"));
  await clock.advance(2);
  assert.deepEqual(order, ["work of the first", "second"]);
});

test("a period repeats until it is cancelled, also from within", async () => {
  const clock = new SimulatedClock();
  let count = 0;
  const timer = clock.every(10, () => {
    count += 1;
    if (count === 3) timer.cancel();
  });
  await clock.advance(100);
  assert.equal(count, 3);
});

test("waiting for what never happens fails, and says for what", async () => {
  const clock = new SimulatedClock();
  clock.every(10, () => undefined);
  await assert.rejects(
    clock.advanceUntil(() => false, 100, "the moon"),
    /not within 100 simulated ms: the moon/,
  );
  assert.equal(await clock.advanceUntilSettled(Promise.resolve(5), 1, "nothing"), 5);
});

test("the wall clock may jump and be skewed; durations do not move", async () => {
  const clock = new SimulatedClock(1_000);
  const skewed = clock.computer(60_000);
  clock.jump(-400);
  await clock.advance(100);
  assert.deepEqual([clock.nowMs(), clock.monotonicMs()], [700, 100]);
  assert.deepEqual([skewed.nowMs(), skewed.monotonicMs()], [60_700, 100]);
});

test("the timers of a computer end with it", async () => {
  const clock = new SimulatedClock();
  const computer = clock.computer();
  let fired = 0;
  const count = () => {
    fired += 1;
  };
  computer.after(5, count);
  computer.every(10, count);
  computer.after(50, count);
  await clock.advance(25);
  assert.equal(fired, 3);
  computer.end();
  computer.after(1, count);
  await clock.advance(100);
  assert.equal(fired, 3);
});

test("seeded chance repeats, is bounded, and forks do not shift each other", () => {
  const draws = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 20 }, () => random.below(1_000));
  };
  assert.deepEqual(draws(5), draws(5));
  assert.notDeepEqual(draws(5), draws(6));
  const random = seededRandom(9);
  const seen = new Set(Array.from({ length: 500 }, () => random.below(7)));
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(random.below(1), 0);
  assert.throws(() => random.below(0), RangeError);
  const [one, other] = [seededRandom(3), seededRandom(3)];
  one.bytes(100);
  assert.deepEqual(one.fork("disk").bytes(8), other.fork("disk").bytes(8));
  assert.notDeepEqual(one.fork("disk").bytes(8), one.fork("net").bytes(8));
});
