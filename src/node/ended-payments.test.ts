import assert from "node:assert/strict";
import { test } from "node:test";
import type { TxId } from "#base/brand.ts";
import { Emitter } from "#base/emitter.ts";
import type { PoolEntry, WalletEvent } from "#chain/index.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { signTransaction } from "#ledger/index.ts";
import { followEndedPayments } from "./ended-payments.ts";

const ann = createKeypair(new Uint8Array(32).fill(1));
const ben = createKeypair(new Uint8Array(32).fill(2));

function entry(id: string): PoolEntry {
  const terms = { type: "transfer", from: ann.account, to: ben.account, amount: 5, fee: 1, seq: 0 } as const;
  const transaction = signTransaction({ ...terms, validUntil: 9 }, new Uint8Array(32), ann);
  return { id: id as TxId, transaction, bytes: new Uint8Array(0), receivedMs: 0 };
}

test("a payment that was never covered again is told of; one that was is not; the newest few stay", () => {
  const events = new Emitter<WalletEvent>((error) => assert.fail(String(error)));
  let uncovered: readonly PoolEntry[] = [];
  const wallet = { subscribe: events.subscribe.bind(events), uncovered: () => uncovered };
  const payments = followEndedPayments(wallet, (account) => (account === ben.account ? "Ben" : null));
  const lose = (id: string): void => {
    uncovered = [entry(id)];
    events.emit({ type: "CoverLost", id: id as TxId });
  };
  lose("aa".repeat(32));
  events.emit({ type: "CoverFound", id: "aa".repeat(32) as TxId });
  assert.deepEqual(payments.warnings(), []);
  for (let at = 10; at < 30; at++) {
    lose(`${at}`.repeat(32));
    events.emit({ type: "UncoveredGone", id: `${at}`.repeat(32) as TxId });
  }
  const told = payments.warnings();
  assert.ok(told.length < 20);
  assert.match(told.at(-1)?.cause ?? "", /payment to Ben \(292929292929\) was not made/);
  payments.close();
});
