import assert from "node:assert/strict";
import { test } from "node:test";
import { checkBlock, checkHeader } from "./check.ts";
import { transactionBytes } from "./codec.ts";
import { signTransaction } from "./sign.ts";
import { searchStamp, stampPrefix } from "./stamp.ts";
import { buildTemplate } from "./template.ts";
import { ALICE, BOB, CAROL, mine, person, TestChain, testNetwork } from "./test-chain.ts";
import type { SignedTransaction, StampedAnchor, Transfer } from "./types.ts";

const network = testNetwork();

function pay(seq: number, changed: Partial<Transfer> = {}): Transfer {
  const base = { from: ALICE.account, seq, fee: 2, validUntil: 20, to: CAROL.account, amount: 5 };
  return signTransaction({ type: "transfer", ...base, ...changed }, network.chainId, ALICE);
}

function free(who: number, seq: number): StampedAnchor {
  const from = person(who);
  const subject = { from: from.account, seq, validUntil: 20, root: new Uint8Array(32) };
  const stamp = searchStamp(stampPrefix(subject, network.chainId), 4, 0n, 1000) ?? 0n;
  return signTransaction({ type: "stamped-anchor", ...subject, fee: 0, stamp }, network.chainId, from);
}

function selected(candidates: readonly SignedTransaction[], of = network): readonly SignedTransaction[] {
  const { transactions } = new TestChain(of).next(candidates);
  return transactions.filter((tx) => tx.type !== "coinbase");
}

test("a template passes every check once its nonce is found", () => {
  const chain = new TestChain(network);
  for (let height = 1; height <= 5; height++) {
    const { block: parent, history } = chain.tip;
    const candidates = [pay(2 * height - 2), pay(2 * height - 1), free(3 + height, 0)];
    const block = chain.next(candidates);
    assert.equal(block.transactions.length, 4);
    assert.equal(
      checkHeader(block, { parent, history, nowSeconds: block.header.time }, network.params),
      null,
    );
    assert.equal(checkBlock(block, network.params, network.chainId), null);
    chain.connect(block);
  }
});

test("the time is never below what the rules allow, and as asked above it", () => {
  const chain = new TestChain(network);
  const { block: parent, state, history } = chain.tip;
  const rest = { parent, state, history, candidates: [], miner: BOB.account };
  const timeOf = (timeSeconds: number) =>
    buildTemplate({ ...rest, extra: new Uint8Array(0), timeSeconds }, network).header.time -
    parent.header.time;
  assert.deepEqual([timeOf(0), timeOf(parent.header.time + 500)], [3, 500]);
});

test("what cannot stand in the block is left out, and the rest is kept in order", () => {
  const [first, second] = [pay(0), pay(1)];
  assert.deepEqual(selected([first, second]), [first, second]);
  assert.deepEqual(selected([second, first]), [first]);
  assert.deepEqual(selected([first, first, second]), [first, second]);
  assert.deepEqual(selected([pay(0, { validUntil: 0 }), first]), [first]);
  assert.deepEqual(selected([pay(0, { amount: 20_000 }), first]), [first]);
  assert.deepEqual(selected([pay(0, { validUntil: 9999 }), first]), [first]);
});

test("the free share, the size and the signatures of a block are kept to", () => {
  const anchors = [free(4, 0), free(4, 1), free(4, 2), free(5, 0), free(6, 0)];
  assert.deepEqual(selected([...anchors, pay(0)]), [anchors[0], anchors[1], anchors[3], pay(0)]);
  const many = Array.from({ length: 50 }, (_, seq) => pay(seq));
  assert.equal(selected(many).length, 40);
  const [some] = many;
  assert.ok(some);
  const room = testNetwork({ maxBlockBytes: 180 + 38 + 3 * transactionBytes(some) + 5 });
  const resigned = many.map(({ signature, ...tx }) => signTransaction(tx, room.chainId, ALICE));
  assert.equal(selected(resigned, room).length, 3);
});

test("mining tries nonces until the header meets its own target", () => {
  const chain = new TestChain(testNetwork({ initialBits: 0x200fffff, powLimitBits: 0x200fffff }));
  const block = chain.next();
  assert.ok(block.id.startsWith("0"));
  assert.deepEqual(mine(block.header, block.transactions).id, block.id);
});
