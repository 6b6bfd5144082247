import assert from "node:assert/strict";
import { test } from "node:test";
import { openWallet } from "#chain/index.ts";
import { feed, openAlone, quietLog } from "#chain/test-node.ts";
import { signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { seededRandom } from "#test/kit/random.ts";
import { blockView, locatedView, walletView } from "./chain-view.ts";

const network = testNetwork();
const WORDS = { nameOf: () => null, names: network.params.names };
const FEE = 200;

function payment(seq: number) {
  const terms = { from: ALICE.account, to: CAROL.account, seq, fee: FEE, amount: 10, validUntil: 40 };
  return signTransaction({ type: "transfer", ...terms }, network.chainId, ALICE);
}

test("the reward of a block says in every list what its miner is paid, fees included", async () => {
  const node = await openAlone(network);
  const source = new TestChain(network);
  source.grow([payment(0), payment(1)]);
  for (let more = 0; more < network.params.payoutDelayBlocks; more++) source.grow();
  await feed(node.chain, source, 1, 1);
  const wallet = openWallet({
    chain: node.chain,
    keypair: BOB,
    clock: node.clock,
    random: seededRandom(3),
    log: quietLog(node.faults),
  });
  const before = wallet.balance();
  const { block } = source.at(1);
  const summary = node.chain.summary(block.id);
  assert.ok(summary !== null);
  const [reward, first] = blockView(block, summary, 1, WORDS).transactions;
  assert.ok(reward !== undefined && first !== undefined);
  assert.deepEqual([reward.type, first.type, first.amount], ["coinbase", "transfer", 10]);
  const [listed] = walletView(node.chain, wallet, WORDS).recent;
  const located = node.chain.transaction(reward.id);
  assert.ok(located !== null);
  const asked = locatedView(located, WORDS);
  assert.equal(listed?.id, reward.id);
  await feed(node.chain, source, 2, 1 + network.params.payoutDelayBlocks);
  const paid = wallet.balance() - before;
  assert.equal(paid, summary.reward + 2 * FEE);
  assert.deepEqual([reward.amount, listed.amount, asked.amount], [paid, paid, paid]);
  await wallet.close();
  await node.chain.close();
  assert.deepEqual(node.faults, []);
});
