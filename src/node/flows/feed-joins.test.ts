/** Bursts become one event a period; a block that came and went within it is not told at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import type { BlockSummary } from "#chain/index.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { coalesce, tipGatherer } from "./feed-joins.ts";

function block(id: string): BlockSummary {
  const summary: Pick<BlockSummary, "id" | "height" | "miner" | "work"> = {
    id: id as BlockId,
    height: 1,
    miner: null,
    work: 1n,
  };
  return { ...summary, header: { time: 0 } } as BlockSummary;
}

function changed(connected: readonly string[], disconnected: readonly string[] = []) {
  return {
    type: "TipChanged" as const,
    tip: block("tip") as Parameters<ReturnType<typeof tipGatherer>["add"]>[0]["tip"],
    connected: connected.map(block),
    disconnected: disconnected as readonly BlockId[],
  };
}

test("any number of nudges within a period is one run, and the next nudge starts the next", async () => {
  const clock = new SimulatedClock();
  let runs = 0;
  const told = coalesce(clock, 100, () => {
    runs += 1;
  });
  for (let count = 0; count < 5; count++) told.nudge();
  assert.equal(runs, 0);
  await clock.advance(100);
  assert.equal(runs, 1);
  await clock.advance(1_000);
  assert.equal(runs, 1);
  told.nudge();
  told.stop();
  await clock.advance(1_000);
  assert.equal(runs, 1);
});

test("connected and disconnected blocks of one period are told together, once", () => {
  const tips = tipGatherer(() => null);
  tips.add(changed(["a", "b"]));
  tips.add(changed(["c", "d"], ["b", "older"]));
  const taken = tips.take();
  assert.deepEqual(
    taken.connected.map(({ id }) => id),
    ["a", "c", "d"],
  );
  // b was never told as connected, so it is not told as gone.
  assert.deepEqual(taken.disconnected, ["older"]);
  assert.deepEqual(tips.take(), { connected: [], disconnected: [] });
});
