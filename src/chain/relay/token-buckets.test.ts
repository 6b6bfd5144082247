import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { ALICE, BOB, CAROL } from "#ledger/test-chain.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { TokenBuckets } from "./token-buckets.ts";

function allowed(buckets: TokenBuckets, peer: PeerId, tries: number): number {
  let count = 0;
  for (let at = 0; at < tries; at++) if (buckets.take(peer)) count += 1;
  return count;
}

test("a peer may send a burst, then its share each second; others have their own", async () => {
  const clock = new SimulatedClock();
  const buckets = new TokenBuckets({ perSecond: 10, burst: 30, peersMax: 8 }, clock);
  assert.equal(allowed(buckets, ALICE.peerId, 100), 30);
  assert.equal(allowed(buckets, BOB.peerId, 100), 30);
  await clock.advance(1_500);
  assert.equal(allowed(buckets, ALICE.peerId, 100), 15);
  await clock.advance(60_000);
  assert.equal(allowed(buckets, ALICE.peerId, 100), 30);
});

test("peers remembered are bounded: the one not heard of for longest is forgotten", () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 2, peersMax: 2 }, new SimulatedClock());
  for (const { peerId } of [ALICE, BOB]) assert.equal(allowed(buckets, peerId, 5), 2);
  assert.equal(allowed(buckets, CAROL.peerId, 5), 2);
  assert.equal(allowed(buckets, BOB.peerId, 5), 0);
  assert.equal(allowed(buckets, ALICE.peerId, 5), 2);
});
