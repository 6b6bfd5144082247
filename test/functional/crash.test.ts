import assert from "node:assert/strict";
import { test } from "node:test";
import { kills, newTally, runRound } from "../crash/harness.ts";

test("a ledger killed at random writes, in recovery and in reorganisations too, ends as an undisturbed one and lost nothing", async () => {
  const tally = newTally();
  // Chosen so that each kind of death happens; `npm run test:crash` takes many more.
  for (const seed of [1, 2]) await runRound(seed, 20, 12, tally);
  assert.ok(kills(tally) >= 15, JSON.stringify(tally));
  for (const moment of ["opening", "connecting", "reorganising", "any moment"] as const) {
    assert.ok(tally.killed[moment] > 0, `nobody was killed while ${moment}: ${JSON.stringify(tally)}`);
  }
});
