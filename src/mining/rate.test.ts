import assert from "node:assert/strict";
import { test } from "node:test";
import { RATE_SPAN_MS } from "./limits.ts";
import { HashRate } from "./rate.ts";

test("the rate is hashes over the time of search, and idle time does not count", () => {
  let nowMs = 0;
  const rate = new HashRate(() => nowMs);
  rate.begin(0);
  nowMs = 10;
  assert.equal(rate.perSecond(100), 0, "too short to say");
  nowMs = 1_000;
  assert.equal(rate.perSecond(5_000), 5_000);
  nowMs = RATE_SPAN_MS;
  assert.equal(rate.perSecond(30_000), 10_000);
  nowMs += 60_000;
  rate.begin(30_000);
  nowMs += 500;
  assert.equal(rate.perSecond(31_000), 2_000);
});
