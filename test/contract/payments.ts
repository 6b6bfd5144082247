/** What every store of payments that are followed must do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TxId } from "#base/brand.ts";
import type { KeptPayment, PaymentStore } from "#chain/index.ts";

const FIRST: KeptPayment = { id: "bb".repeat(32) as TxId, bytes: new Uint8Array([1, 2, 3]) };
const SECOND: KeptPayment = { id: "aa".repeat(32) as TxId, bytes: new Uint8Array([4]) };

export function testPaymentStore(name: string, open: () => PaymentStore): void {
  test(`${name}: payments come back as they were put, oldest first, each once`, () => {
    const store = open();
    assert.deepEqual(store.list(), []);
    for (const payment of [FIRST, SECOND, FIRST]) assert.ok(store.put(payment).ok);
    assert.deepEqual(store.list(), [FIRST, SECOND]);
  });

  test(`${name}: removing removes, and an unknown payment is no fault`, () => {
    const store = open();
    store.put(FIRST);
    store.put(SECOND);
    for (let time = 0; time < 2; time++) assert.ok(store.remove(FIRST.id).ok);
    assert.deepEqual(store.list(), [SECOND]);
  });
}
