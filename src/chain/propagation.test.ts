import assert from "node:assert/strict";
import { test } from "node:test";
import { measurePropagation } from "#test/kit/propagation.ts";

const NODES = 50;

test("a block reaches 50 nodes over links of 100 ms: 95 of 100 have it as their tip within 600 ms", async () => {
  // The newest sixteen are in nobody's pool.
  const options = { nodes: NODES, transactions: 60, delayMs: 100, chords: 3, seed: 3, unknown: 16 };
  const { linkMs } = await measurePropagation(options);
  const sorted = linkMs.toSorted((a, b) => a - b);
  assert.equal(sorted.length, NODES - 1);
  // On the links alone; the rest is for the work at both ends.
  assert.ok((sorted[Math.floor(0.95 * sorted.length)] ?? Number.NaN) <= 400, `${sorted.at(-1)} ms at most`);
});

test("a block of which no pool has most transactions reaches everybody within a second and a half", async () => {
  const options = { nodes: 16, transactions: 40, delayMs: 100, chords: 2, seed: 4, unknown: 35 };
  const { linkMs } = await measurePropagation(options);
  assert.ok(Math.max(...linkMs) <= 1_500 && Math.min(...linkMs) >= 400, `${Math.max(...linkMs)} ms`);
});
