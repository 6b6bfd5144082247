import assert from "node:assert/strict";
import { test } from "node:test";
import { type FirstLightSummary, runFirstLight } from "./first-light.ts";

const TIMEOUT_MS = 120_000;

/** Each was chosen for what happens in it. */
const SEEDS: readonly (readonly [seed: number, what: string])[] = [
  [1, "three are cut off from four"],
  [5, "a node of the smaller side is killed and comes back"],
];

const summaries = new Map<number, FirstLightSummary>();

for (const [seed, what] of SEEDS) {
  test(`eight nodes agree and lose nothing, seed ${seed}: ${what}`, { timeout: TIMEOUT_MS }, async () => {
    const summary = await runFirstLight(seed);
    summaries.set(seed, summary);
    assert.ok(summary.messages > 50 && summary.payments > 10, JSON.stringify(summary));
    assert.ok(summary.blocksUndone > 0, "a run without a reorganisation tests too little");
  });
}

test("a seed gives the same run again, to the last block", { timeout: TIMEOUT_MS }, async () => {
  assert.deepEqual(await runFirstLight(1), summaries.get(1));
});

test("a failure names its seed and the command that replays it", async () => {
  await assert.rejects(
    runFirstLight(1, () => {
      throw new Error("expected by this test");
    }),
    /seed 1 failed; replay it with: npx node test\/sim\/replay\.ts 1/,
  );
});
