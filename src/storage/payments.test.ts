/** Runs the contract of followed payments on both stores. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TxId } from "#base/brand.ts";
import { testPaymentStore } from "#test/contract/payments.ts";
import { Database } from "./disk/database.ts";
import { diskPayments, paymentsSchema } from "./disk/payments.ts";
import { memoryPayments } from "./memory/payments.ts";

const open = () => new Database(":memory:", [paymentsSchema]);

testPaymentStore("memory", memoryPayments);
testPaymentStore("disk", () => diskPayments(open(), "c1".repeat(32)));

test("disk: payments of another network are not ours here, and what cannot be written is a fault", () => {
  const database = open();
  const [one, two] = [diskPayments(database, "c1".repeat(32)), diskPayments(database, "c2".repeat(32))];
  const payment = { id: "aa".repeat(32) as TxId, bytes: new Uint8Array([1]) };
  one.put(payment);
  assert.deepEqual(two.list(), []);
  two.put(payment);
  one.remove(payment.id);
  assert.deepEqual(two.list(), [payment]);
  database.sql.exec("PRAGMA query_only = 1");
  const refused = two.remove(payment.id);
  assert.equal(refused.ok ? "written" : refused.fault.code, "store-unavailable");
});
