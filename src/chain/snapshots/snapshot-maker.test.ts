import assert from "node:assert/strict";
import { test } from "node:test";
import { signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memorySnapshots } from "#storage/memory/snapshots.ts";
import { BestChain } from "../best-chain.ts";
import { quietLog } from "../test-node.ts";
import { MovedBlocks, NO_MOVE } from "../trail.ts";
import { SnapshotMaker } from "./snapshot-maker.ts";

const network = testNetwork();

function payment(seq: number) {
  const terms = { fee: 200, amount: 5, validUntil: 40 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A maker over six blocks that is due to make one of the fourth. @param pause is given what connects the next block. */
function standing(pause: (connectNext: () => void) => void) {
  const chain = new TestChain(network);
  for (let height = 1; height <= 8; height++) chain.grow([payment(height - 1)], BOB);
  const store = memoryBlocks();
  const opened = BestChain.open(network, store);
  assert.ok(opened.ok);
  const { best } = opened.value;
  let next = 1;
  const connectNext = () => {
    assert.ok(best.extend(chain.at(next).block).ok);
    next += 1;
  };
  while (next <= 6) connectNext();
  const faults: unknown[] = [];
  const snapshots = memorySnapshots();
  const maker = new SnapshotMaker({
    policy: { everyBlocks: 4, depthMinBlocks: 1, worthBlocks: 1 },
    store,
    snapshots,
    log: quietLog(faults),
    isBusy: () => false,
    pause: async () => pause(connectNext),
  });
  return { chain, best, snapshots, faults, maker };
}

test("a snapshot over which the tip goes a long way is given up, and made when that is over", async () => {
  let isOver = false;
  const { chain, best, snapshots, faults, maker } = standing((connectNext) => {
    if (!isOver) connectNext();
    isOver = true;
  });
  maker.consider();
  await settled();
  assert.deepEqual([best.tip.header.height, snapshots.finished()], [7, []]);
  maker.moved({ ...NO_MOVE, connected: MovedBlocks.of(chain.at(7).block) });
  maker.consider();
  await settled();
  assert.deepEqual(snapshots.finished(), [{ id: chain.at(4).block.id, height: 4 }]);
  assert.deepEqual(faults, []);
  await maker.close();
});

test("a snapshot under which the ledger begins anew is given up, without a fault", async () => {
  let isOver = false;
  const { best, snapshots, faults, maker } = standing((connectNext) => {
    if (isOver) return;
    isOver = true;
    connectNext();
    maker.moved(NO_MOVE);
  });
  maker.consider();
  await settled();
  assert.deepEqual([best.tip.header.height, snapshots.finished(), faults], [7, [], []]);
  await maker.close();
});
