import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBlock, signTransaction } from "#ledger/index.ts";
import { ALICE, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import type { Timer } from "#ports/clock.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { TURN_MS } from "./limits.ts";
import { openAlone } from "./test-node.ts";

/** A slow computer: a turn is over each time somebody looks. */
class SlowClock extends SimulatedClock {
  turns = 0;
  #spentMs = 0;

  override monotonicMs(): number {
    this.#spentMs += TURN_MS;
    return super.monotonicMs() + this.#spentMs;
  }

  override after(delayMs: number, task: () => void): Timer {
    if (delayMs > 0) return super.after(delayMs, task);
    this.turns += 1;
    queueMicrotask(task);
    return { cancel: () => undefined };
  }
}

test("others get turns while the signatures of one block are checked", async () => {
  const network = testNetwork({ maxBlockSignatures: 200, maxBlockBytes: 65_536 });
  const payments = Array.from({ length: 200 }, (_, seq) => {
    const terms = { seq, fee: 1, amount: 5, validUntil: 40 };
    const body = { type: "transfer", from: ALICE.account, to: CAROL.account, ...terms } as const;
    return signTransaction(body, network.chainId, ALICE);
  });
  const { block } = new TestChain(network).grow(payments);
  assert.equal(block.transactions.length, 201);
  const clock = new SlowClock((network.params.genesisTime + 1_000_000) * 1000);
  const { chain } = await openAlone(network, memoryBlocks(), clock);
  const before = clock.turns;
  assert.ok((await chain.submitBlock(encodeBlock(block))).ok);
  assert.ok(clock.turns - before >= 6, `${clock.turns - before} turns`);
  await chain.close();
});
