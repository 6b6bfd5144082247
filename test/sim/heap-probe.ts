/**
 * A program: what running nodes hold in memory that a start does not bring back from their disks. After each of the given numbers of busy
 * minutes all nodes are stopped and started anew: what the heap loses by it is what they held. Prints a line of JSON for each.
 *
 * node --expose-gc heap-probe.ts MINUTES…
 */
import assert from "node:assert/strict";
import { argv, memoryUsage } from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MINUTE_MS, SimWorld } from "./world.ts";

export interface HeapSample {
  readonly busyMinutes: number;
  /** Of the best chain, and transactions that were submitted, since the last sample. */
  readonly blocks: number;
  readonly transactions: number;
  /** By all nodes together. */
  readonly heldBytes: number;
}

const NODES = 6;
const SEED = 1;
const COLLECTIONS = 4;
/** What waits is recorded: how much waits just now is chance. */
const QUIET_MS = MINUTE_MS;
/** Longer than anything of ours waits for. */
const TIMERS_GONE_MS = 20 * MINUTE_MS;

/** After collections: what the first finds out about weak references the next one frees. */
async function heapBytes(): Promise<number> {
  assert.ok(globalThis.gc, "run with --expose-gc");
  for (let round = 0; round < COLLECTIONS; round++) {
    globalThis.gc();
    await nextTurn();
  }
  const { heapUsed, arrayBuffers } = memoryUsage();
  return heapUsed + arrayBuffers;
}

async function sample(world: SimWorld, busyMinutes: number): Promise<HeapSample> {
  const before = { blocks: heightOf(world), transactions: world.submitted.length };
  world.beginTraffic();
  await world.clock.advance(busyMinutes * MINUTE_MS);
  world.endTraffic();
  await world.clock.advance(QUIET_MS);
  const blocks = heightOf(world) - before.blocks;
  const transactions = world.submitted.length - before.transactions;
  const runningBytes = await heapBytes();
  for (const node of world.honest) await world.stop(node);
  // Timers that were cancelled stay in the simulated clock, with all that they know, until their time has come.
  await world.clock.advance(TIMERS_GONE_MS);
  await world.startAll();
  await world.clock.advance(QUIET_MS);
  return { busyMinutes, blocks, transactions, heldBytes: runningBytes - (await heapBytes()) };
}

function heightOf(world: SimWorld): number {
  return world.running()[0]?.chain.tip().height ?? 0;
}

const world = new SimWorld({
  seed: SEED,
  nodes: NODES,
  minesAlways: true,
  trafficSeconds: 0.5,
  trace: () => undefined,
});
await world.startAll();
for (const minutes of argv.slice(2).map(Number)) console.log(JSON.stringify(await sample(world, minutes)));
