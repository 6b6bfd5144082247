import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex } from "#base/bytes.ts";
import { applyBlock, BlockWork, undoBlock } from "./apply.ts";
import { sealBlock } from "./codec.ts";
import { signTransaction } from "./sign.ts";
import { EMPTY_ACCOUNT, LedgerState, verifyAccountProof, verifyTotalsProof } from "./state.ts";
import { encodeTotals, payoutKey, TOTALS_KEY } from "./state-entries.ts";
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
  assert.deepEqual(first.state.totals, { issued: 11_000, held: 9998, pending: 1002, burned: 0 });
  assert.deepEqual(chain.grow().state.account(BOB.account), EMPTY_ACCOUNT);
  assert.deepEqual(chain.grow().state.account(BOB.account), { balance: 1002, nextSeq: 0 });
});

test("a ledger may begin with nobody owning anything, or stay without coins for ever", () => {
  const poor = new TestChain(testNetwork({ allocations: [] }));
  assert.deepEqual(poor.grow().state.totals, { issued: 1000, held: 0, pending: 1000, burned: 0 });
  const none = new TestChain(
    testNetwork({ allocations: [], reward: { initial: 0, halvingBlocks: 10, tail: 0 } }),
  );
  for (let height = 1; height <= 4; height++) none.grow();
  assert.deepEqual(none.tip.state.totals, { issued: 0, held: 0, pending: 0, burned: 0 });
});

test("a reward can be spent in the block that pays it", () => {
  const chain = new TestChain(network);
  chain.grow([], BOB);
  chain.grow([], CAROL);
  const { state } = chain.grow([pay(BOB, CAROL.account, 990, 0)], CAROL);
  assert.deepEqual(state.account(BOB.account), { balance: 8, nextSeq: 1 });
});

test("sequence and balance are exact, and a refused transaction changes nothing", () => {
  const work = new BlockWork(LedgerState.atGenesis(params), 1, params);
  const code = (tx: SignedTransaction) => work.apply(tx)?.code;
  assert.equal(code(pay(ALICE, BOB.account, 1, 1)), "seq-wrong");
  assert.equal(code(pay(ALICE, BOB.account, 9999, 0, 2)), "balance-too-low");
  assert.equal(code(pay(BOB, ALICE.account, 1, 0, 0)), "balance-too-low");
  assert.deepEqual(work.state.difference(), { before: [], after: [] });
  assert.equal(code(pay(ALICE, BOB.account, 9998, 0, 2)), undefined);
  assert.equal(code(pay(ALICE, BOB.account, 1, 0)), "seq-wrong");
  assert.deepEqual(work.state.account(ALICE.account), { balance: 0, nextSeq: 1 });
});

test("paying oneself costs the fee and no more", () => {
  const work = new BlockWork(LedgerState.atGenesis(params), 1, params);
  assert.equal(work.apply(pay(ALICE, ALICE.account, 9000, 0, 7)), null);
  assert.deepEqual(work.state.account(ALICE.account), { balance: 9993, nextSeq: 1 });
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
  assert.deepEqual(applyBlock(chain.tip.state, twice, params), { ok: false, fault });
  const wrong = mine({ ...header, stateRoot: new Uint8Array(32) }, transactions);
  assert.deepEqual(applyBlock(chain.tip.state, wrong, params), {
    ok: false,
    fault: { code: "state-root-wrong" },
  });
});

test("a payout stands in the state from the block that earned it to the one that pays it", () => {
  const chain = new TestChain(network);
  chain.grow([pay(ALICE, BOB.account, 1, 0, 7)], CAROL);
  assert.deepEqual(chain.tip.state.payout(1), { miner: CAROL.account, amount: 1007 });
  chain.grow([], BOB);
  assert.deepEqual(chain.tip.state.payout(1), { miner: CAROL.account, amount: 1007 });
  chain.grow([], BOB);
  assert.equal(chain.tip.state.payout(1), null);
  assert.deepEqual(chain.tip.state.payout(3), { miner: BOB.account, amount: 1000 });
});

test("a state from which a payout was lost is no state to build on", () => {
  const chain = new TestChain(network);
  chain.grow();
  chain.grow();
  const damaged = chain.tip.state.with([{ key: payoutKey(1), value: null }]);
  assert.throws(() => applyBlock(damaged, chain.next(), params), /payout of block 1 waits until 3/);
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

test("whatever is paid and mined: coin is neither made nor lost, and undo restores", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 12 }), (list) => {
      const chain = new TestChain(network);
      for (const step of list) grow(chain, step);
      const { state, block } = chain.tip;
      const balances = people.map(({ account }) => state.account(account));
      const held = balances.reduce((sum, { balance }) => sum + balance, 0);
      assert.equal(held, state.totals.held);
      assert.equal(state.totals.issued, issuedAt(block.header.height, params));
      for (const { account: id } of people) {
        const entry = { id, account: state.account(id) };
        assert.ok(verifyAccountProof(state.root, entry, state.proveAccount(id)));
      }
      assert.ok(verifyTotalsProof(state.root, state.totals, state.prove(TOTALS_KEY)));
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

test("a state whose sums do not agree cannot be built on", () => {
  const chain = new TestChain(network);
  const { state } = chain.tip;
  const minted = state.with([{ key: TOTALS_KEY, value: encodeTotals({ ...state.totals, held: 10_001 }) }]);
  assert.throws(() => applyBlock(minted, chain.next(), params), /11000 issued, 10001 \+ 1000 \+ 0 there/);
});
