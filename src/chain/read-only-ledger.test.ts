/** Tests what becomes of a chain whose file can be written no more while it is in use. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBlock, signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { COMMIT_RETRY_PERIOD_MS } from "./limits.ts";
import { feed, openAlone, refusal } from "./test-node.ts";

const network = testNetwork();

function payment(seq: number) {
  const terms = { fee: 200, amount: 10, validUntil: 40 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

test("a ledger file that becomes read-only stops the chain where it is, says so, answers on, and goes on once it can be written", async () => {
  const database = new Database(":memory:", [blockSchema]);
  const node = await openAlone(network, diskBlocks(database));
  const source = new TestChain(network);
  for (let at = 0; at < 3; at++) source.grow([payment(at)], BOB);
  await feed(node.chain, source, 1, 2);
  // What SQLite says of it is the same as of a disk that the system has closed for writing.
  database.sql.exec("PRAGMA query_only = 1");
  assert.equal(await refusal(node.chain, encodeBlock(source.at(3).block)), "unavailable");
  const told = node.chain.problem();
  assert.equal(told?.code, "ledger-not-written");
  assert.match(`${told?.cause} ${told?.nextStep}`, /readonly database.*make it writable/);
  const own = await node.chain.submit(payment(2));
  assert.equal(own.ok ? "taken" : own.fault.code, "unavailable", "nothing is acknowledged that is not kept");
  await node.clock.advance(3 * COMMIT_RETRY_PERIOD_MS);
  assert.equal(node.chain.tip().height, 2);
  assert.notEqual(node.chain.blockAt(2), null);
  database.sql.exec("PRAGMA query_only = 0");
  await node.clock.advance(COMMIT_RETRY_PERIOD_MS);
  assert.equal(node.chain.problem(), null);
  assert.equal(node.chain.tip().height, 3, "the block that had been refused was taken");
  assert.deepEqual(node.faults, []);
  assert.deepEqual(node.chain.repairs(), []);
  await node.chain.close();
});
