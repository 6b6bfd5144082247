import assert from "node:assert/strict";
import { test } from "node:test";
import { RACE_PAUSE_SPACINGS } from "./limits.ts";
import { type RacedBlock, raceView } from "./race.ts";

/** @param times of blocks 0, 1, 2 …, in seconds; each takes so many hashes. */
function blocks(times: readonly number[], work: bigint): RacedBlock[] {
  return times.map((time, height) => ({ height, header: { time }, work })).toReversed();
}

test("the rate is work over time, and the next block is expected by it", () => {
  const race = raceView(blocks([0, 1_000, 1_010, 1_030], 3_000n), 5_000n, 15);
  assert.deepEqual(race, { blocks: 2, hashesPerSecond: 200, expectedBlockSeconds: 25 });
});

test("a night without blocks counts as a short pause", () => {
  const pause = RACE_PAUSE_SPACINGS * 15;
  const race = raceView(blocks([0, 1_000, 1_010, 50_000], 700n), 1n, 15);
  assert.equal(race.hashesPerSecond, 1_400 / (10 + pause));
});

test("from one block or none nothing is reckoned", () => {
  for (const times of [[], [0], [0, 1_000]]) {
    const race = raceView(blocks(times, 10n), 5n, 15);
    assert.deepEqual(race, { blocks: 0, hashesPerSecond: null, expectedBlockSeconds: null });
  }
});
