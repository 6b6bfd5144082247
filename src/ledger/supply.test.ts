import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_MONEY } from "./params.ts";
import { isSupplyBounded, issuedAt, rewardAt } from "./supply.ts";
import { ALICE } from "./test-chain.ts";

const schedules = fc.record({
  initial: fc.nat(5000),
  halvingBlocks: fc.integer({ min: 1, max: 20 }),
  tail: fc.nat(50),
});

test("rewards halve down to the tail; the genesis block has none", () => {
  const schedule = { initial: 100, halvingBlocks: 10, tail: 7 };
  const at = (height: number) => rewardAt(height, schedule);
  assert.deepEqual(
    [0, 1, 10, 11, 20, 21, 31, 41, 51, 0xffff_ffff].map(at),
    [0, 100, 100, 50, 50, 25, 12, 7, 7, 7],
  );
  assert.equal(rewardAt(600, { ...schedule, tail: 0 }), 0);
  assert.equal(rewardAt(1, { initial: MAX_MONEY, halvingBlocks: 1, tail: 0 }), MAX_MONEY);
  assert.equal(rewardAt(2, { initial: MAX_MONEY, halvingBlocks: 1, tail: 0 }), (MAX_MONEY - 1) / 2);
});

test("what is issued is the sum of all rewards and allocations", () => {
  fc.assert(
    fc.property(schedules, fc.nat(300), fc.nat(1000), (reward, height, amount) => {
      const params = { reward, allocations: [{ account: ALICE.account, amount }] };
      let sum = amount;
      for (let at = 1; at <= height; at++) sum += rewardAt(at, reward);
      assert.equal(issuedAt(height, params), sum);
    }),
  );
});

test("a schedule that would pass 2^53 - 1 at the last height is found", () => {
  const bounded = (reward: { initial: number; halvingBlocks: number; tail: number }) =>
    isSupplyBounded({ reward, allocations: [] });
  assert.equal(bounded({ initial: 0, halvingBlocks: 1, tail: 2_097_152 }), true);
  assert.equal(bounded({ initial: 0, halvingBlocks: 1, tail: 2_097_153 }), false);
  assert.equal(bounded({ initial: MAX_MONEY, halvingBlocks: 1, tail: 0 }), false);
  assert.equal(bounded({ initial: MAX_MONEY, halvingBlocks: 0xffff_ffff, tail: 0 }), false);
});
