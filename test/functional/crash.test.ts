import assert from "node:assert/strict";
import { test } from "node:test";
import { kills, newTally, runRound } from "../crash/harness.ts";

const KINDS = ["opening", "repairing", "connecting", "reorganising"] as const;
/** Which deaths come is chance and timing: far more than are needed, so that it is never for want of tries. */
const FOLDERS_MAX = 40;

test("a ledger killed at random writes, in recovery and in reorganisations too, ends as an undisturbed one and lost nothing", async () => {
  const tally = newTally();
  const isEnough = () => kills(tally) >= 15 && KINDS.every((kind) => tally.killed[kind] > 0);
  // Which writes a seed hits changes with every change of the store, so there are as many folders as it takes.
  for (let seed = 1; !isEnough() && seed <= FOLDERS_MAX; seed++) await runRound(seed, 20, 12, tally);
  assert.ok(isEnough(), `deaths: ${JSON.stringify(tally)}`);
});
