import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex } from "#base/bytes.ts";
import { applyBlock, applyTransaction, undoBlock, WorkingAccounts } from "./apply.ts";
import { sealBlock } from "./codec.ts";
import { MAX_MONEY } from "./params.ts";
import { signTransaction } from "./sign.ts";
import { EMPTY_ACCOUNT, LedgerState, verifyAccountProof } from "./state.ts";
import { issuedAt } from "./supply.ts";
import { ALICE, BOB, CAROL, mine, person, TestChain, testNetwork } from "./test-chain.ts";
import type { AccountId, SignedTransaction, Transfer } from "./types.ts";
import { decodeUndo, encodeUndo } from "./undo-codec.ts";

const network = testNetwork();
const { params, chainId } = network;

function pay(from: typeof ALICE, to: AccountId, amount: number, seq: number, fee = 2): Transfer {
  const tx = { type: "transfer" as const, from: from.account, seq, fee, validUntil: 40, to, amount };
  return signTransaction(tx, chainId, from);
}

test("a payment moves the amount to its receiver and the fee, later, to the miner", () => {
  const chain = new TestChain(network);
  const first = chain.grow([pay(ALICE, CAROL.account, 100, 0)], BOB);
  assert.deepEqual(first.state.account(ALICE.account), { balance: 9898, nextSeq: 1 });
  assert.deepEqual(first.state.account(CAROL.account), { balance: 100, nextSeq: 0 });
  assert.deepEqual(first.state.account(BOB.account), EMPTY_ACCOUNT);
  assert.deepEqual(first.state.totals, { issued: 11_000, held: 9998, pending: 1002 });
  assert.deepEqual(chain.grow().state.account(BOB.account), EMPTY_ACCOUNT);
  assert.deepEqual(chain.grow().state.account(BOB.account), { balance: 1002, nextSeq: 0 });
});

test("a reward can be spent in the block that pays it", () => {
  const chain = new TestChain(network);
  chain.grow([], BOB);
  chain.grow([], CAROL);
  const { state } = chain.grow([pay(BOB, CAROL.account, 990, 0)], CAROL);
  assert.deepEqual(state.account(BOB.account), { balance: 8, nextSeq: 1 });
});

test("sequence and balance are exact, and a refused transaction changes nothing", () => {
  const accounts = new WorkingAccounts(LedgerState.atGenesis(params));
  const code = (tx: SignedTransaction) => applyTransaction(accounts, tx)?.code;
  assert.equal(code(pay(ALICE, BOB.account, 1, 1)), "seq-wrong");
  assert.equal(code(pay(ALICE, BOB.account, 9999, 0, 2)), "balance-too-low");
  assert.equal(code(pay(BOB, ALICE.account, 1, 0, 0)), "balance-too-low");
  assert.equal(accounts.changes().length, 0);
  assert.equal(code(pay(ALICE, BOB.account, 9998, 0, 2)), undefined);
  assert.equal(code(pay(ALICE, BOB.account, 1, 0)), "seq-wrong");
  assert.deepEqual(accounts.account(ALICE.account), { balance: 0, nextSeq: 1 });
});

test("paying oneself costs the fee and no more", () => {
  const accounts = new WorkingAccounts(LedgerState.atGenesis(params));
  assert.equal(applyTransaction(accounts, pay(ALICE, ALICE.account, 9000, 0, 7)), null);
  assert.deepEqual(accounts.account(ALICE.account), { balance: 9993, nextSeq: 1 });
});

test("a transaction that cannot be applied, or another state root, makes the block invalid", () => {
  const chain = new TestChain(network);
  const { header, transactions } = chain.next([pay(ALICE, BOB.account, 1, 0)]);
  const twice = sealBlock(header, [...transactions, pay(ALICE, BOB.account, 1, 0)]);
  const fault = {
    code: "transaction-inapplicable",
    index: 2,
    fault: { code: "seq-wrong", nextSeq: 1, seq: 0 },
  };
  assert.deepEqual(applyBlock(chain.tip.state, twice, null, params), { ok: false, fault });
  const wrong = mine({ ...header, stateRoot: new Uint8Array(32) }, transactions);
  assert.deepEqual(applyBlock(chain.tip.state, wrong, null, params), {
    ok: false,
    fault: { code: "state-root-wrong" },
  });
});

test("the payout that falls due is the caller's to bring, and only that", () => {
  const chain = new TestChain(network);
  const block = chain.next();
  const stray = { height: 1, miner: BOB.account, amount: 1000 };
  assert.throws(() => applyBlock(chain.tip.state, block, stray, params), /payout due at 1/);
  chain.grow();
  chain.grow();
  assert.throws(() => applyBlock(chain.tip.state, chain.next(), null, params), /payout due at 3/);
});

/** Who pays whom how much with which fee, and who mines. */
const steps = fc.record({
  payments: fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 1, max: 4000 }), fc.nat(50)), {
    maxLength: 5,
  }),
  miner: fc.nat(3),
});
const people = [ALICE, BOB, CAROL, person(4)];

function grow(chain: TestChain, { payments, miner }: { payments: readonly number[][]; miner: number }): void {
  const nextSeqs = people.map(({ account }) => chain.tip.state.account(account).nextSeq);
  const candidates = payments.flatMap(([from = 0, to = 0, amount = 0, fee = 0]) => {
    const [payer, payee] = [people[from], people[to]];
    if (payer === undefined || payee === undefined) return [];
    const seq = nextSeqs[from] ?? 0;
    nextSeqs[from] = seq + 1;
    return [pay(payer, payee.account, amount, seq, fee)];
  });
  chain.grow(candidates, people[miner]);
}

test("whatever is paid and mined: coin is neither made nor lost, undo restores, and accounts rebuild the state", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 12 }), (list) => {
      const chain = new TestChain(network);
      for (const step of list) grow(chain, step);
      const { state, block } = chain.tip;
      const balances = people.map(({ account }) => state.account(account));
      const held = balances.reduce((sum, { balance }) => sum + balance, 0);
      assert.equal(held, state.totals.held);
      assert.equal(state.totals.issued, issuedAt(block.header.height, params));
      const entries = people.map(({ account: id }) => ({ id, account: state.account(id) }));
      const rebuilt = LedgerState.fromAccounts(entries.toReversed(), block.header.height, params);
      assert.deepEqual([rebuilt.root, rebuilt.totals], [state.root, state.totals]);
      for (const entry of entries) {
        assert.ok(verifyAccountProof(state.root, entry, state.proveAccount(entry.id)));
      }
      let undone = state;
      for (let height = block.header.height; height > 0; height--) {
        const { undo } = chain.at(height);
        assert.ok(undo);
        const stored = decodeUndo(encodeUndo(undo));
        assert.ok(stored.ok);
        undone = undoBlock(undone, stored.value);
        const before = chain.at(height - 1).state;
        assert.deepEqual([undone.root, undone.totals], [before.root, before.totals]);
      }
    }),
    { numRuns: 30 },
  );
});

test("undo records: arbitrary bytes get a verdict, and what is accepted is what would have been written", () => {
  const chain = new TestChain(network);
  const { undo } = chain.grow([pay(ALICE, BOB.account, 1, 0)]);
  assert.ok(undo);
  const encoded = encodeUndo(undo);
  const edits = fc.tuple(fc.nat(encoded.length - 1), fc.integer({ min: 0, max: 255 }));
  const edited = edits.map(([at, value]) => encoded.with(at, value));
  fc.assert(
    fc.property(fc.oneof(edited, fc.uint8Array({ maxLength: 120 })), (bytes) => {
      const decoded = decodeUndo(bytes);
      if (decoded.ok) assert.equal(toHex(encodeUndo(decoded.value)), toHex(bytes));
    }),
  );
});

test("more coin than was issued is damage, and is not taken over", () => {
  const entries = [{ id: BOB.account, account: { balance: 10_001, nextSeq: 0 } }];
  assert.throws(() => LedgerState.fromAccounts(entries, 0, params), /within the 10000 issued/);
  const huge = [ALICE, BOB].map(({ account: id }) => ({ id, account: { balance: MAX_MONEY, nextSeq: 0 } }));
  assert.throws(() => LedgerState.fromAccounts(huge, 0, params), /below 2\^53/);
});

test("a state whose sums do not agree cannot be made", () => {
  const state = LedgerState.atGenesis(params);
  const entries = [{ id: BOB.account, account: { balance: 1, nextSeq: 0 } }];
  assert.throws(() => state.with(entries, state.totals), /balances sum to 10001, expected 10000/);
  const minted = { issued: 10_000, held: 10_001, pending: 0 };
  assert.throws(() => state.with(entries, minted), /all that was issued/);
});
