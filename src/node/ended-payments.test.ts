import assert from "node:assert/strict";
import { test } from "node:test";
import type { TxId } from "#base/brand.ts";
import type { EndedPayment } from "#chain/index.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { encodeTransaction, signTransaction, type Transfer } from "#ledger/index.ts";
import { testNetwork } from "#ledger/test-chain.ts";
import { endedPaymentActions, endedPaymentViews, endedPaymentWarnings } from "./ended-payments.ts";
import { ENDED_PAYMENTS_SHOWN } from "./limits.ts";

const ann = createKeypair(new Uint8Array(32).fill(1));
const ben = createKeypair(new Uint8Array(32).fill(2));
const nameOf = (account: string) => (account === ben.account ? "Ben" : null);

function ended(id: string, reason: EndedPayment["reason"] = "expired"): EndedPayment {
  const terms = { type: "transfer", from: ann.account, to: ben.account, amount: 5, fee: 1, seq: 0 } as const;
  const transaction: Transfer = signTransaction({ ...terms, validUntil: 9 }, new Uint8Array(32), ann);
  return { id: id as TxId, transaction, bytes: encodeTransaction(transaction), reason };
}

test("each payment that was not made has its line, with why and how it goes; of many the newest", () => {
  const all = [ended("aa".repeat(32)), ended("bb".repeat(32), "displaced")];
  const [first, second] = endedPaymentWarnings({ ended: () => all }, nameOf);
  assert.match(first?.cause ?? "", /payment to Ben \(aaaaaaaaaaaa\).*until block 9/);
  assert.match(first?.nextStep ?? "", /waybill wallet dismiss aaaaaaaaaaaa/);
  assert.match(second?.cause ?? "", /took its place/);
  const many = Array.from({ length: ENDED_PAYMENTS_SHOWN + 3 }, (_, at) => ended(`${at + 10}`.repeat(32)));
  const lines = endedPaymentWarnings({ ended: () => many }, nameOf);
  assert.equal(lines.length, ENDED_PAYMENTS_SHOWN + 1);
  assert.match(lines[0]?.cause ?? "", /^3 earlier/);
  const views = endedPaymentViews(
    { ended: () => many },
    { nameOf, names: testNetwork().params.names, standingAt: () => null },
  );
  assert.deepEqual([views.length, views[0]?.toName, views[0]?.amount], [many.length, "Ben", 5]);
});

test("one is dismissed by as much of its id as tells it from the others", async () => {
  const all = [ended(`aaaa${"0".repeat(60)}`), ended(`aaab${"0".repeat(60)}`)];
  const dismissed: TxId[] = [];
  const actions = endedPaymentActions({
    ended: () => all,
    dismiss(id) {
      dismissed.push(id);
      return dismissed.length === 1
        ? { ok: true, value: undefined }
        : { ok: false, fault: { code: "store-unavailable", cause: "full" } };
    },
    subscribe: () => () => undefined,
    close: () => undefined,
  });
  const outcome = async (id: string) => {
    const answer = await actions.dismissPayment(id);
    return answer.ok ? "ok" : answer.fault.code;
  };
  assert.deepEqual(
    [await outcome("aaa"), await outcome("ffff"), await outcome("aaab"), await outcome("aaaa")],
    ["not-found", "not-found", "ok", "payment-not-dismissed"],
  );
  assert.deepEqual(dismissed, [all[1]?.id, all[0]?.id]);
});
