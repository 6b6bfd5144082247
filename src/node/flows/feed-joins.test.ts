/** Bursts become one event a period; a block that came and went within it is not told at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId, TxId } from "#base/brand.ts";
import type { BlockSummary, PoolEntry } from "#chain/index.ts";
import { quietLog } from "#chain/test-node.ts";
import { TestChain, testNetwork } from "#ledger/test-chain.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { FEED_REMOVED_MAX, PENDING_LISTED_MAX } from "../limits.ts";
import { coalesce, poolEvent, tipGatherer } from "./feed-joins.ts";

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
  const told = coalesce({ clock, log: quietLog([]) }, 100, () => {
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

test("a change that cannot be told, as while the ledger is damaged, is a fault that is logged, and the next is told", async () => {
  const clock = new SimulatedClock();
  const faults: unknown[] = [];
  let isDamaged = true;
  let runs = 0;
  const told = coalesce({ clock, log: quietLog(faults) }, 100, () => {
    if (isDamaged) throw new Error("database disk image is malformed");
    runs += 1;
  });
  told.nudge();
  await clock.advance(100);
  assert.equal(faults.length, 1);
  isDamaged = false;
  told.nudge();
  await clock.advance(100);
  assert.equal(runs, 1);
  assert.equal(faults.length, 1);
});

test("what comes and goes with a large reorganisation is read anew, not told one by one", () => {
  const event = { type: "PoolChanged", added: [], removed: [] } as const;
  const words = { nameOf: () => null, names: testNetwork().params.names, standingAt: () => null };
  const ids = (count: number) => Array.from({ length: count }, (_, at) => `${at}` as TxId);
  const told = (count: number) => poolEvent({ ...event, removed: ids(count) }, words);
  assert.deepEqual(told(FEED_REMOVED_MAX), { type: "pool", added: [], removed: ids(FEED_REMOVED_MAX) });
  assert.deepEqual(told(FEED_REMOVED_MAX + 1), { type: "reset" });
  const transaction = new TestChain(testNetwork()).next()
    .transactions[0] as unknown as PoolEntry["transaction"];
  const entry: PoolEntry = { id: "a" as TxId, transaction, bytes: new Uint8Array(0), receivedMs: 0 };
  const added = Array.from({ length: PENDING_LISTED_MAX + 1 }, () => entry);
  assert.deepEqual(poolEvent({ ...event, added }, words), { type: "reset" });
});

test("connected and disconnected blocks of one period are told together, once", () => {
  const tips = tipGatherer(() => null);
  tips.add(changed(["a", "b"]));
  tips.add(changed(["c", "d"], ["b", "older"]));
  const taken = tips.take();
  assert.ok(taken !== null);
  assert.deepEqual(
    taken.connected.map(({ id }) => id),
    ["a", "c", "d"],
  );
  // b was never told as connected, so it is not told as gone.
  assert.deepEqual(taken.disconnected, ["older"]);
  assert.deepEqual(tips.take(), { connected: [], disconnected: [] });
});

test("of a ledger that left thousands of blocks all is read anew", () => {
  const tips = tipGatherer(() => null);
  const left = (count: number) =>
    changed(
      [],
      Array.from({ length: count }, (_, at) => `${at}`),
    );
  tips.add(left(FEED_REMOVED_MAX));
  assert.equal(tips.take()?.disconnected.length, FEED_REMOVED_MAX);
  // A genesis may let transactions wait for more.
  tips.add(left(200_000));
  tips.add(changed(["a"]));
  assert.equal(tips.take(), null);
  assert.deepEqual(tips.take(), { connected: [], disconnected: [] });
});
