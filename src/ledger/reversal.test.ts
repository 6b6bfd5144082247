import assert from "node:assert/strict";
import { test } from "node:test";
import { reversalProbability } from "./reversal.ts";

test("the estimate gives the figures that were published", () => {
  // Rosenfeld 2012, table 1, in percent: rows by confirmations, columns by share.
  const published = [
    [1, 0.1, 20],
    [2, 0.1, 5.6],
    [6, 0.1, 0.059],
    [1, 0.3, 60],
    [6, 0.3, 15.645],
    [6, 0.2, 2.331],
    [3, 0.2, 11.584],
    [4, 0.3, 25.207],
  ] as const;
  for (const [confirmations, share, percent] of published) {
    const estimate = 100 * reversalProbability(confirmations, share);
    assert.ok(Math.abs(estimate - percent) < 0.006, `${confirmations} at ${share}: ${estimate} %`);
  }
});

test("half of the work takes anything back, none takes nothing, and more blocks never make it likelier", () => {
  assert.equal(reversalProbability(1_000, 0.5), 1);
  assert.equal(reversalProbability(1, 0), 0);
  assert.equal(reversalProbability(0, 0.1), 1);
  for (const share of [0.05, 0.2, 0.45]) {
    let last = 1;
    for (let confirmations = 1; confirmations <= 500; confirmations++) {
      const now = reversalProbability(confirmations, share);
      assert.ok(now >= 0 && now <= last + 1e-9);
      last = now;
    }
  }
});

test("a block of long ago is as firm as any: no figure is lost in numbers too small to be told from none", () => {
  for (const confirmations of [1_000, 3_000, 100_000, 5_000_000]) {
    assert.ok(reversalProbability(confirmations, 0.1) < 1e-12, `${confirmations}`);
    assert.ok(reversalProbability(confirmations, 0.3) < 1e-12, `${confirmations}`);
  }
  // Nearly half: the chance falls slowly, and never rises again.
  let last = reversalProbability(900, 0.49);
  assert.ok(last > 0.3 && last < 0.5);
  for (const confirmations of [1_500, 2_500, 10_000, 20_000, 5_000_000]) {
    const now = reversalProbability(confirmations, 0.49);
    assert.ok(now <= last, `${confirmations}: ${now} after ${last}`);
    last = now;
  }
  assert.ok(last < 0.01);
});
