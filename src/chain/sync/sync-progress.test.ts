import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SyncProgress } from "./sync-progress.ts";

function watched() {
  const clock = new SimulatedClock();
  let told = 0;
  const onChange = (): void => {
    told += 1;
  };
  const progress = new SyncProgress({ clock, height: () => 7, onChange });
  return { clock, progress, told: () => told };
}

function blocks(done: number) {
  return { phase: "blocks", isBehind: true, targetHeight: 1_000, done, total: 1_000 } as const;
}

test("what is left is told from the rate of the last half minute, and not before there is one", async () => {
  const { clock, progress } = watched();
  progress.set(blocks(0));
  assert.equal(progress.state().secondsLeft, null);
  for (let second = 1; second <= 10; second++) {
    await clock.advance(1_000);
    progress.set(blocks(second * 20));
  }
  assert.deepEqual(
    [progress.state().state, progress.state().done, progress.state().secondsLeft],
    ["syncing", 200, 40],
  );
  for (let second = 1; second <= 60; second++) {
    await clock.advance(1_000);
    progress.set(blocks(200 + second * 5));
  }
  const left = progress.state().secondsLeft;
  assert.ok(left !== null && left >= 90 && left <= 105, `${left} s for 500 blocks at 5 a second`);
});

test("it is told at once when it becomes something else, and once a second otherwise", async () => {
  const { clock, progress, told } = watched();
  progress.rest("asking");
  progress.set(blocks(0));
  assert.equal(told(), 2);
  for (let at = 1; at <= 100; at++) {
    await clock.advance(50);
    progress.set(blocks(at));
  }
  assert.ok(told() >= 6 && told() <= 8, `${told()} times in 5 s`);
  progress.rest("level");
  const { state, phase, height, targetHeight, secondsLeft } = progress.state();
  assert.deepEqual([state, phase, height, targetHeight, secondsLeft], ["synced", "level", 7, 7, null]);
});

test("the check of history is told beside whatever else is done, and its end too", async () => {
  const { clock, progress, told } = watched();
  progress.rest("level");
  progress.setHistory({ height: 10, targetHeight: 100 });
  await clock.advance(2_000);
  progress.setHistory({ height: 30, targetHeight: 100 });
  assert.deepEqual(progress.state().history, { height: 30, targetHeight: 100, secondsLeft: 7 });
  const before = told();
  progress.setHistory(null);
  assert.equal(told(), before + 1);
  assert.equal(progress.state().history, null);
});
