import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PeerId } from "#base/brand.ts";
import { RelayQuota } from "./relay-quota.ts";

const [ALICE, BOB] = ["alice" as PeerId, "bob" as PeerId];
const HOUR_MS = 3_600_000;

test("bytes are charged to who sent them, until the period is over", () => {
  const quota = new RelayQuota({ bytesPerPeer: 100, bytesTotal: null, periodMs: HOUR_MS });
  assert.ok(quota.charge(ALICE, 60, 1000));
  assert.deepEqual(quota.state(ALICE, 2000), { bytesMax: 100, bytesLeft: 40, renewsMs: 1000 + HOUR_MS });
  assert.equal(quota.charge(ALICE, 60, 3000), false);
  assert.equal(quota.state(ALICE, 3000).bytesLeft, 0);
  assert.equal(quota.state(BOB, 3000).bytesLeft, 100);
  assert.deepEqual(quota.stateBetween(BOB, ALICE, 3000), quota.state(ALICE, 3000));
  assert.equal(quota.stateBetween(ALICE, BOB, 3000).bytesLeft, 0);
  assert.equal(quota.state(ALICE, 1000 + HOUR_MS).bytesLeft, 100);
  assert.equal(quota.carriedBytes, 120);
});

test("what all share runs out for everybody", () => {
  const quota = new RelayQuota({ bytesPerPeer: 100, bytesTotal: 150, periodMs: HOUR_MS });
  quota.charge(ALICE, 90, 0);
  assert.equal(quota.state(BOB, 0).bytesLeft, 60);
  assert.equal(quota.charge(BOB, 60, 0), false);
  assert.ok(quota.isUsedUp(ALICE, 0));
  assert.equal(quota.isUsedUp(ALICE, HOUR_MS), false);
});

test("without limits nothing runs out, and what is carried is still counted", () => {
  const quota = new RelayQuota({ bytesPerPeer: null, bytesTotal: null, periodMs: HOUR_MS });
  assert.ok(quota.charge(ALICE, Number.MAX_SAFE_INTEGER, 0));
  assert.deepEqual(quota.state(ALICE, 0), { bytesMax: null, bytesLeft: null, renewsMs: null });
});

test("nobody waits longer than a period, whatever the clock does", () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom(ALICE, BOB), fc.nat(200), fc.integer({ min: -HOUR_MS, max: HOUR_MS })),
  );
  fc.assert(
    fc.property(steps, (all) => {
      const quota = new RelayQuota({ bytesPerPeer: 100, bytesTotal: null, periodMs: HOUR_MS });
      let nowMs = 10 * HOUR_MS;
      for (const [peer, bytes, moved] of all) {
        nowMs = Math.max(0, nowMs + moved);
        const mayGoOn = quota.charge(peer, bytes, nowMs);
        const { bytesLeft, bytesMax, renewsMs } = quota.state(peer, nowMs);
        assert.ok(bytesLeft !== null && bytesMax !== null && bytesLeft <= bytesMax);
        assert.equal(mayGoOn, bytesLeft > 0);
        assert.ok(renewsMs !== null && renewsMs > nowMs && renewsMs <= nowMs + HOUR_MS);
        assert.equal(quota.isUsedUp(peer, renewsMs), false);
      }
    }),
  );
});
