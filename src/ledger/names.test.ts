import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex } from "#base/bytes.ts";
import { checkTransactionTerms } from "./check.ts";
import { burnedBy, commitmentOf, costOfTransaction, isName, nameCost } from "./names.ts";
import { MAX_MONEY } from "./params.ts";
import { signTransaction } from "./sign.ts";
import { ALICE, BOB, testNetwork } from "./test-chain.ts";
import type { AccountId, NameClaim, NameUpdate, Unsigned } from "./types.ts";

const network = testNetwork();
const { names } = network.params;

function claim(changed: Partial<NameClaim> = {}): NameClaim {
  const salt = new Uint8Array(32).fill(7);
  const base = { seq: 0, fee: 2, validUntil: 20, salt, name: "alice", key: ALICE.account };
  return { type: "name-claim", from: ALICE.account, ...base, signature: new Uint8Array(64), ...changed };
}

function update(change: NameUpdate["change"]): NameUpdate {
  const base = { from: ALICE.account, seq: 0, fee: 2, validUntil: 20, name: "alice", change };
  return { type: "name-update", ...base, signature: new Uint8Array(64) };
}

function formFault(tx: NameClaim | NameUpdate): unknown {
  const { signature, ...terms } = tx;
  return checkTransactionTerms(
    signTransaction(terms as Unsigned<NameClaim | NameUpdate>, network.chainId, ALICE),
    network,
    1,
  );
}

test("a name is 3 to 32 of a-z, 0-9 and hyphens, with no hyphen at either end", () => {
  for (const name of ["abc", "a-b", "0-9", "a--b", "a".repeat(32), "xn--ls8h"]) assert.ok(isName(name), name);
  const wrong = [
    "",
    "ab",
    "-ab",
    "ab-",
    "a".repeat(33),
    "aBc",
    "a_b",
    "a.b",
    "a b",
    "abc\n",
    "\nabc",
    "аbc",
    "ａbc",
  ];
  for (const name of wrong) assert.ok(!isName(name), JSON.stringify(name));
  const alphabet = fc.constantFrom(..."ab09-_A \n");
  fc.assert(
    fc.property(fc.string({ unit: alphabet, maxLength: 34 }), (text) => {
      const letters = [...text].every((char) => "abcdefghijklmnopqrstuvwxyz0123456789-".includes(char));
      const ends = !text.startsWith("-") && !text.endsWith("-");
      assert.equal(isName(text), letters && ends && text.length >= 3 && text.length <= 32);
    }),
  );
});

test("a short name costs twice as much for each character that it is shorter", () => {
  assert.deepEqual(
    [3, 4, 5, 6, 7, 32].map((chars) => nameCost(chars, names)),
    [80, 40, 20, 10, 10, 10],
  );
});

test("commitments, claims and renewals burn their price; other changes cost the fee alone", () => {
  assert.equal(burnedBy(claim(), names), 20);
  assert.equal(costOfTransaction(claim(), names), 22);
  assert.equal(burnedBy(update({ kind: "renew" }), names), 20);
  assert.equal(costOfTransaction(update({ kind: "key", key: BOB.account }), names), 2);
  assert.equal(costOfTransaction(update({ kind: "owner", owner: BOB.account }), names), 2);
});

test("a commitment differs with salt, name, key and account", () => {
  const base = claim();
  const ids = new Set(
    [
      commitmentOf(base, ALICE.account),
      commitmentOf({ ...base, salt: new Uint8Array(32) }, ALICE.account),
      commitmentOf({ ...base, name: "alicf" }, ALICE.account),
      commitmentOf({ ...base, key: BOB.account }, ALICE.account),
      commitmentOf(base, BOB.account),
    ].map(toHex),
  );
  assert.equal(ids.size, 5);
});

test("claims and updates of what is no name, or for keys that anyone can sign for, are refused", () => {
  const small = "01".padEnd(64, "0") as AccountId;
  assert.equal(formFault(claim()), null);
  assert.deepEqual(formFault(claim({ name: "Alice" })), { code: "name-malformed" });
  assert.deepEqual(formFault(claim({ key: small })), { code: "key-inadmissible", field: "key" });
  assert.deepEqual(formFault(update({ kind: "key", key: small })), {
    code: "key-inadmissible",
    field: "key",
  });
  const owner = { code: "key-inadmissible", field: "owner" };
  assert.deepEqual(formFault(update({ kind: "owner", owner: small })), owner);
  const dear = { code: "amount-out-of-range", amount: 20, fee: MAX_MONEY - 19 };
  assert.deepEqual(formFault(claim({ fee: MAX_MONEY - 19 })), dear);
  assert.equal(formFault(claim({ fee: MAX_MONEY - 20 })), null);
});
