/** Bodies that are changed under a header, and transactions that are brought again: rows 2 and 14 of docs/attacks.md. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { merkleRoot } from "#crypto/merkle.ts";
import { applyBlock, BlockWork } from "./apply.ts";
import { checkBlock, checkTransaction } from "./check.ts";
import { encodeTransaction, sealBlock } from "./codec.ts";
import { signTransaction } from "./sign.ts";
import { ALICE, BOB, CAROL, mine, TestChain, testNetwork } from "./test-chain.ts";
import type { Block, Transaction, Transfer } from "./types.ts";

const network = testNetwork({
  allocations: [ALICE, BOB].map(({ account }) => ({ account, amount: 10_000 })),
});
const { params, chainId } = network;
const TRANSACTIONS_MAX = 9;

function pay(seq: number, from = ALICE, amount = 1): Transfer {
  const body = { type: "transfer", from: from.account, seq, fee: 2, validUntil: 40 } as const;
  return signTransaction({ ...body, to: CAROL.account, amount }, chainId, from);
}

const pays = (count: number, from = ALICE): Transfer[] =>
  Array.from({ length: count }, (_, seq) => pay(seq, from));

/** The same header, its root right for another body. */
function rooted(block: Block, transactions: readonly Transaction[]): Block {
  const header = { ...block.header, txRoot: merkleRoot(transactions.map(encodeTransaction)) };
  return sealBlock(header, transactions);
}

test("row 2: a block whose tail is repeated has another root than the block, whatever its length (CVE-2012-2459)", () => {
  for (let count = 0; count < TRANSACTIONS_MAX; count++) {
    const block = new TestChain(network).next(pays(count));
    assert.equal(checkBlock(block, params, chainId), null);
    for (let tail = 1; tail <= count + 1; tail++) {
      const transactions = [...block.transactions, ...block.transactions.slice(-tail)];
      const mutated = { ...block, transactions };
      assert.equal(mutated.id, block.id, "a block with the very header");
      const code = checkBlock(mutated, params, chainId)?.code;
      assert.equal(code, "tx-root-wrong", `${count}, the last ${tail}`);
    }
  }
});

test("row 2: a miner that commits to a transaction twice has an invalid block, wherever the second stands", () => {
  const block = new TestChain(network).next(pays(4));
  const [coinbase, ...signed] = block.transactions;
  assert.ok(coinbase !== undefined && signed.length === 4);
  for (const again of signed) {
    for (let at = 0; at <= signed.length; at++) {
      const transactions: readonly Transaction[] = [coinbase, ...signed.toSpliced(at, 0, again)];
      assert.equal(checkBlock(rooted(block, transactions), params, chainId)?.code, "transaction-repeated");
    }
  }
});

test("row 14: what a block took up is refused in every later block, alone and beside others", () => {
  const turns = fc.array(fc.constantFrom(ALICE, BOB), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(turns, (payers) => {
      const chain = new TestChain(network);
      const taken: Transfer[] = [];
      for (const payer of payers) {
        const next = pay(chain.tip.state.account(payer.account).nextSeq, payer);
        chain.grow([next]);
        taken.push(next);
        const work = new BlockWork(chain.tip.state, chain.tip.block.header.height + 1, params);
        const before = work.state.difference();
        for (const old of taken) assert.equal(work.apply(old)?.code, "seq-wrong");
        assert.deepEqual(work.state.difference(), before, "and what was refused changed nothing");
      }
    }),
    { numRuns: 20 },
  );
});

test("row 14: a seq is one more than the last, and neither skipped nor taken twice within a block", () => {
  const chain = new TestChain(network);
  const code = (...candidates: readonly Transfer[]): string | undefined => {
    const { header, transactions } = chain.next();
    const block = rooted(mine(header, transactions), [...transactions, ...candidates]);
    const applied = applyBlock(chain.tip.state, block, params);
    return applied.ok || applied.fault.code !== "transaction-inapplicable"
      ? undefined
      : applied.fault.fault.code;
  };
  assert.equal(code(pay(0), pay(1)), undefined);
  assert.equal(code(pay(1)), "seq-wrong", "skipped");
  assert.equal(code(pay(0), pay(0, ALICE, 2)), "seq-wrong", "twice");
  assert.equal(code(pay(1), pay(0)), "seq-wrong", "out of order");
});

test("row 14: a transaction whose life is over is refused for good, also when it never stood in a block", () => {
  const late = pay(0);
  assert.equal(checkTransaction(late, network, late.validUntil), null);
  for (const height of [late.validUntil + 1, late.validUntil + params.validUntilMaxBlocks, 2 ** 32 - 1]) {
    assert.equal(checkTransaction(late, network, height)?.code, "expired");
  }
});
