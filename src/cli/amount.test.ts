import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAmount, parseAmount } from "./amount.ts";

const COIN = 100_000_000;

test("every amount survives being written and read", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.constantFrom(1, 100, COIN),
      (units, coin) => {
        assert.deepEqual(parseAmount(formatAmount(units, coin), coin), { ok: true, value: units });
      },
    ),
  );
});

test("amounts are exact where floating point is not", () => {
  const read = (text: string) => {
    const amount = parseAmount(text, COIN);
    return amount.ok ? amount.value : amount.fault.code;
  };
  assert.equal(read("0.1"), 10_000_000);
  assert.equal(read("90071992.54740991"), Number.MAX_SAFE_INTEGER);
  assert.equal(read("1.10000000000"), 110_000_000);
  for (const text of [
    "",
    "0",
    "0.000",
    "-1",
    "+1",
    "1e3",
    "1,5",
    "0.000000001",
    "90071992.54740992",
    "٣",
    " 1",
    ".5",
  ]) {
    assert.equal(read(text), "amount-malformed", text);
  }
});

test("written amounts have no needless zeros", () => {
  assert.equal(formatAmount(250_000_000, COIN), "2.5");
  assert.equal(formatAmount(1, COIN), "0.00000001");
  assert.equal(formatAmount(5 * COIN, COIN), "5");
  assert.equal(formatAmount(7, 1), "7");
});
