import assert from "node:assert/strict";
import { test } from "node:test";
import { measurePropagation } from "#test/kit/propagation.ts";

const NODES = 50;

test("a block reaches 50 nodes over links of 100 ms: 95 of 100 have it as their tip within 600 ms", async () => {
  // The newest eight are in nobody's pool but the finder's.
  const lacking = { unknown: 8, lackingShare: 0 };
  const options = { nodes: NODES, transactions: 16, delayMs: 100, chords: 3, seed: 3, ...lacking };
  const { linkMs } = await measurePropagation(options);
  const sorted = linkMs.toSorted((a, b) => a - b);
  assert.equal(sorted.length, NODES - 1);
  // On the links alone; the rest is for the work at both ends.
  assert.ok((sorted[Math.floor(0.95 * sorted.length)] ?? Number.NaN) <= 400, `${sorted.at(-1)} ms at most`);
});

test("a block whose transactions some pools lack reaches all of them within a second", async () => {
  const options = {
    nodes: 30,
    transactions: 40,
    delayMs: 100,
    chords: 3,
    seed: 4,
    unknown: 0,
    lackingShare: 0.1,
  };
  const { linkMs } = await measurePropagation(options);
  assert.ok(Math.max(...linkMs) <= 1_000, `${Math.max(...linkMs)} ms`);
});
