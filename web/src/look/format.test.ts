import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  countOf,
  formatAge,
  formatAmount,
  formatBytes,
  formatHashRate,
  formatSpan,
  formatWait,
  parseAmount,
  shortenKey,
} from "./format.ts";

const COIN = { symbol: "WAY", unitsPerCoin: 100_000_000 };

test("sizes are decimal, with three digits that count", () => {
  assert.equal(formatBytes(0), "0 B");
  assert.equal(formatBytes(999), "999 B");
  assert.equal(formatBytes(1000), "1.00 kB");
  assert.equal(formatBytes(999_999), "1.00 MB");
  assert.equal(formatBytes(67_108_864), "67.1 MB");
  assert.equal(formatBytes(5_000_000_000_000), "5.00 TB");
  assert.equal(formatHashRate(12_345), "12.3 kH/s");
});

test("spans and ages use the units a person would", () => {
  assert.equal(formatSpan(2_900), "3 s");
  assert.equal(formatWait(0.4), "under 1 s");
  assert.equal(formatWait(125), "2 min 5 s");
  assert.equal(formatSpan(125_000), "2 min 5 s");
  assert.equal(formatSpan(7_200_000), "2 h");
  assert.equal(formatAge(10_000, 9_000), "just now");
  assert.equal(formatAge(10_000, 20_000), "just now");
  assert.equal(formatAge(400_000, 100_000), "5 min ago");
});

test("an amount that was written can be typed back, to the last unit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000_000_000_000 }), (units) => {
      const text = formatAmount(units, COIN).replace(" WAY", "").replaceAll("\u202f", "");
      assert.equal(parseAmount(text, COIN), units);
    }),
  );
});

test("what is no amount is refused", () => {
  for (const text of ["", "0", "-1", "1e3", "1.123456789", "abc", "1.2.3", "99999999999999", "0x10"]) {
    assert.equal(parseAmount(text, COIN), null, text);
  }
  assert.equal(parseAmount(" 12,5 ", COIN), 1_250_000_000);
});

test("keys are shortened in the middle, and counted words agree", () => {
  assert.equal(shortenKey("12D3KooWAbcdefghijklmnop"), "12D3Ko…klmnop");
  assert.equal(shortenKey("short"), "short");
  assert.equal(countOf(1, "file"), "1 file");
  assert.equal(countOf(12_345, "file"), "12\u202f345 files");
});
