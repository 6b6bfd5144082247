import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import { feed, openAlone } from "#chain/test-node.ts";
import { TestChain, testNetwork } from "#ledger/test-chain.ts";
import { ledgerActions, walletProblem } from "./ledger-actions.ts";

test("what a payment lacks is told exactly, in the coins of this network", () => {
  const coin = { symbol: "CHESS", unitsPerCoin: 100_000_000 };
  const low = walletProblem({ code: "balance-too-low", needed: 250_000_010, spendable: 7 }, coin);
  assert.equal(low.cause, "This takes 2.5000001 CHESS with its fee; 0.00000007 CHESS can be spent.");
  const nobody = walletProblem({ code: "key-inadmissible", field: "to" }, coin);
  assert.match(nobody.cause, /no key of anybody/);
  const cheap = walletProblem({ code: "fee-below-minimum", fee: 1, minimum: 30 }, coin);
  assert.equal(cheap.cause, "The fee is below 0.0000003 CHESS, the least that is passed on.");
});

test("a block whose body was pruned is not unknown: its header stands, and that is said", async () => {
  const network = testNetwork();
  const node = await openAlone(network);
  const source = new TestChain(network);
  for (let at = 0; at < 3; at++) source.grow();
  await feed(node.chain, source, 1, 3);
  const old = source.at(1).block.id;
  const chain = { ...node.chain, block: (id: BlockId) => (id === old ? null : node.chain.block(id)) };
  const parts = {
    ...{ chain, persons: { nameOfAccount: () => null }, wallet: { account: "" } },
    checkpoints: { status: () => null },
  };
  const { block } = ledgerActions(parts as unknown as Parameters<typeof ledgerActions>[0]);
  for (const asked of ["1", old]) {
    const answer = await block(asked);
    assert.equal(answer.ok ? "" : answer.fault.code, "block-pruned", asked);
  }
  for (const asked of ["2", source.at(2).block.id]) {
    const answer = await block(asked);
    assert.equal(answer.ok && answer.value.height, 2, asked);
  }
  for (const asked of ["4", "99999999999", "x", "ab".repeat(32)]) {
    const answer = await block(asked);
    assert.equal(answer.ok ? "" : answer.fault.code, "not-found", asked);
  }
  await node.chain.close();
});
