import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId, TxId } from "#base/brand.ts";
import { UNCOVERED_COUNT_MAX } from "../limits.ts";
import type { PoolEntry } from "../types.ts";
import { UncoveredTransactions } from "./uncovered-transactions.ts";

const account = (digit: string) => digit.repeat(64) as AccountId;
const OWN = account("a");

function entry(from: AccountId, seq: number): PoolEntry {
  const terms = { to: OWN, amount: 1, fee: 1, seq, validUntil: 9, signature: new Uint8Array(64) };
  const id = `${from.slice(0, 1)}${seq}` as TxId;
  return { id, transaction: { type: "transfer", from, ...terms }, bytes: new Uint8Array(0), receivedMs: 0 };
}

test("of others the oldest go first, and never one of our own for them", () => {
  const kept = new UncoveredTransactions(OWN);
  assert.equal(kept.keep(entry(OWN, 0)), null);
  for (let seq = 0; seq < UNCOVERED_COUNT_MAX; seq++) assert.equal(kept.keep(entry(account("b"), seq)), null);
  for (let seq = 0; seq < 5; seq++) assert.equal(kept.keep(entry(account("c"), seq)), `b${seq}`);
  assert.equal(kept.has("a0" as TxId), true);
  kept.forget("c0" as TxId);
  assert.equal(kept.keep(entry(account("c"), 9)), null, "room came back");
});

test("our own are bounded too, and take no room of others", () => {
  const kept = new UncoveredTransactions(OWN);
  kept.keep(entry(account("b"), 0));
  for (let seq = 0; seq < UNCOVERED_COUNT_MAX; seq++) assert.equal(kept.keep(entry(OWN, seq)), null);
  assert.equal(kept.keep(entry(OWN, 3)), null, "kept again it counts once");
  assert.equal(kept.keep(entry(OWN, UNCOVERED_COUNT_MAX)), "a0");
  assert.equal(kept.has("b0" as TxId), true);
  assert.deepEqual([kept.of(OWN).length, kept.size], [UNCOVERED_COUNT_MAX, UNCOVERED_COUNT_MAX + 1]);
});
