/** Tests what the door does by itself; that blocks come in through it, the tests of the whole chain show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fail } from "#base/result.ts";
import { inThreadSignatureChecker } from "#crypto/signature-checker.ts";
import { TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { BestChain } from "./best-chain.ts";
import { BlockDoor } from "./block-door.ts";
import { COMMIT_RETRY_PERIOD_MS } from "./limits.ts";
import { clockFor, quietLog } from "./test-node.ts";

const network = testNetwork();

test("a block that is to be left, and cannot be marked once the chain went back, is left later, as far forward as blocks lead", async () => {
  const store = memoryBlocks();
  const opened = BestChain.open(network, store);
  assert.ok(opened.ok);
  const { best } = opened.value;
  const [clock, faults] = [clockFor(network), [] as unknown[]];
  const door = new BlockDoor({
    best,
    store,
    clock,
    log: quietLog(faults),
    isVerified: () => false,
    signatures: inThreadSignatureChecker(),
    onMove: async () => undefined,
    onRival: () => undefined,
    onStore: () => undefined,
    onTakenOver: () => undefined,
    onRepaired: () => undefined,
  });
  const source = new TestChain(network);
  for (let height = 1; height <= 6; height++) assert.ok((await door.submitBlock(source.grow().block)).ok);
  const { markInvalid } = store;
  store.markInvalid = () => fail({ code: "store-unavailable", cause: "full" });
  let isLeft = false;
  const leaving = door.leave(source.at(4).block.id, () => {
    isLeft = true;
  });
  await clock.advanceUntilSettled(leaving, 1_000, "tried");
  assert.equal(isLeft, false);
  store.markInvalid = markInvalid;
  await clock.advance(COMMIT_RETRY_PERIOD_MS);
  assert.deepEqual([isLeft, best.tip.header.height], [true, 3]);
  assert.deepEqual(faults, []);
  await door.close();
});
