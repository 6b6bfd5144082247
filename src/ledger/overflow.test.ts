/** Numbers at their edges: 2^53, where doubles stop being exact, 2^63 and 2^64. No sum wraps, rounds, or becomes NaN. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Keypair } from "#crypto/ed25519.ts";
import { merkleRoot } from "#crypto/merkle.ts";
import { applyBlock } from "./apply.ts";
import { checkBlock, checkHeader, checkTransaction } from "./check.ts";
import {
  decodeBlock,
  decodeHeader,
  decodeTransaction,
  encodeBlock,
  encodeHeader,
  encodeTransaction,
} from "./codec.ts";
import { networkOf } from "./genesis.ts";
import { MAX_MONEY } from "./params.ts";
import { signTransaction } from "./sign.ts";
import { LedgerState } from "./state.ts";
import { issuedAt } from "./supply.ts";
import { workOfBits } from "./target.ts";
import { ALICE, BOB, CAROL, mine, TestChain, testNetwork } from "./test-chain.ts";
import type { SignedTransaction } from "./types.ts";

const network = testNetwork();
const EDGES = [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

function pay(fee: number, amount: number, from: Keypair = ALICE, of = network): SignedTransaction {
  const terms = { from: from.account, seq: 0, fee, validUntil: 9, to: BOB.account, amount };
  return signTransaction({ type: "transfer", ...terms }, of.chainId, from);
}

/** Where the u64 fields of a transfer stand. */
const FIELDS = { seq: 33, fee: 41, amount: 85 } as const;

test("a seq, fee or amount from 2^53 on is refused by the decoder, up to that it is exact", () => {
  for (const at of Object.values(FIELDS)) {
    const bytes = encodeTransaction(pay(1, 1));
    const view = new DataView(bytes.buffer);
    for (const edge of EDGES) {
      view.setBigUint64(at, edge, true);
      const decoded = decodeTransaction(bytes);
      assert.ok(!decoded.ok && /2\^53/.test(decoded.fault.what), `${edge} at ${at}`);
    }
    view.setBigUint64(at, 2n ** 53n - 1n, true);
    const decoded = decodeTransaction(bytes);
    assert.ok(decoded.ok);
    assert.deepEqual(encodeTransaction(decoded.value), bytes);
  }
});

test("amount and fee, each in range, are refused together from 2^53 on", () => {
  const code = (fee: number, amount: number) =>
    checkTransaction(pay(fee, amount), network, 1)?.code ?? "fine";
  assert.equal(code(0, MAX_MONEY), "fine");
  assert.equal(code(1, MAX_MONEY - 1), "fine");
  assert.equal(code(1, MAX_MONEY), "amount-out-of-range");
  assert.equal(code(MAX_MONEY, 1), "amount-out-of-range");
  assert.equal(code(MAX_MONEY, MAX_MONEY), "amount-out-of-range");
  assert.equal(code(2 ** 52, 2 ** 52), "amount-out-of-range");
});

test("an account of all the money there can be pays all of it, and no unit more", () => {
  const all = MAX_MONEY;
  const rich = testNetwork({
    allocations: [{ account: ALICE.account, amount: all }],
    reward: { initial: 0, halvingBlocks: 1, tail: 0 },
  });
  const chain = new TestChain(rich);
  const { state } = chain.grow([pay(1, all - 1, ALICE, rich)], CAROL);
  assert.deepEqual(state.totals, { issued: all, held: all - 1, pending: 1, burned: 0 });
  assert.equal(state.account(BOB.account).balance, all - 1);
  const again = new TestChain(rich);
  again.grow([pay(0, all, ALICE, rich)], CAROL);
  assert.equal(again.tip.state.account(BOB.account).balance, all);
  // A coin more in the genesis, or a reward: the network could not be.
  const [one, two] = [ALICE, BOB].map(({ account }, at) => ({ account, amount: all - at }));
  assert.ok(one && two);
  const params = { ...rich.params, allocations: [one, two] };
  assert.throws(() => issuedAt(0, params), /above 2\^53/);
  assert.throws(() => LedgerState.atGenesis(params), /below 2\^53/);
  assert.throws(() => networkOf(params), /below 2\^53/);
});

test("a block whose fees sum beyond 2^53 cannot be carried out: nobody owns so much", () => {
  const chain = new TestChain(network);
  const greedy = [pay(MAX_MONEY - 1, 1), pay(MAX_MONEY - 1, 1, BOB)];
  const { header, transactions } = chain.next(greedy, CAROL);
  assert.equal(transactions.length, 1, "left out of a template");
  const all = [...transactions, ...greedy];
  const forced = mine({ ...header, txRoot: merkleRoot(all.map(encodeTransaction)) }, all);
  assert.equal(checkBlock(forced, network.params, network.chainId), null);
  const applied = applyBlock(chain.tip.state, forced, network.params);
  assert.ok(!applied.ok && applied.fault.code === "transaction-inapplicable");
  assert.equal(applied.fault.fault.code, "balance-too-low");
});

test("work that would reach 2^128 is refused, not wrapped", () => {
  const chain = new TestChain(network);
  const { block: parent, history } = chain.tip;
  const block = chain.next();
  const full = { ...parent.header, chainWork: 2n ** 128n - 1n };
  const wrapped = workOfBits(block.header.bits) - 1n;
  const next = mine({ ...block.header, chainWork: wrapped }, block.transactions);
  const context = { parent: { id: parent.id, header: full }, history, nowSeconds: block.header.time };
  assert.equal(checkHeader(next, context, network.params)?.code, "chain-work-wrong");
});

test("heights, times and counts at the end of their range are told apart, and survive their encoding", () => {
  const { header } = new TestChain(network).next();
  for (const height of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    const decoded = decodeHeader(encodeHeader({ ...header, height }));
    assert.ok(decoded.ok);
    assert.equal(decoded.value.height, height);
  }
  for (const lag of [-(2 ** 31), 2 ** 31 - 1]) {
    const decoded = decodeHeader(encodeHeader({ ...header, lag }));
    assert.ok(decoded.ok);
    assert.equal(decoded.value.lag, lag);
  }
  const bytes = encodeHeader(header);
  for (const edge of EDGES) {
    new DataView(bytes.buffer).setBigUint64(156, edge, true);
    assert.equal(decodeHeader(bytes).ok, false, `time ${edge}`);
  }
  const block = encodeBlock(new TestChain(network).next());
  for (const count of [2 ** 16, 2 ** 31, 2 ** 32 - 1]) {
    new DataView(block.buffer).setUint32(176, count, true);
    assert.equal(decodeBlock(block).ok, false, `${count} transactions`);
  }
});
