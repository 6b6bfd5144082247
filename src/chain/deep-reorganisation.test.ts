import assert from "node:assert/strict";
import { test } from "node:test";
import { equalBytes } from "#base/bytes.ts";
import { encodeBlock, signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { BestChain } from "./best-chain.ts";
import { newBlockOf } from "./block-records.ts";
import { MOVED_BLOCKS_HELD, UNDO_KEPT_BLOCKS } from "./limits.ts";
import { checkLedger } from "./self-check.ts";
import type { BlockStore } from "./store.ts";
import { entriesOf } from "./test-node.ts";

const network = testNetwork({ validUntilMaxBlocks: 100_000 });
const OPTIONS = { nowSeconds: network.params.genesisTime + 1_000_000, progress: async () => undefined };

function transfer(seq: number) {
  const terms = { fee: 200, amount: 1, validUntil: 90_000 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

/** Blocks above a shared one; every hundredth pays. */
function grown(from: TestChain, blocks: number, miner: typeof BOB, firstSeq: number): TestChain {
  for (let at = 0, seq = firstSeq; at < blocks; at++) {
    from.grow(at % 100 === 0 && seq < firstSeq + 20 ? [transfer(seq++)] : [], miner);
  }
  return from;
}

function opened(store: BlockStore, keepBlocks: number | null = null): BestChain {
  const result = BestChain.open(network, store, { keepBlocks });
  assert.ok(result.ok);
  return result.value.best;
}

function extend(best: BestChain, chain: TestChain, from: number, to: number): void {
  for (let height = from; height <= to; height++) assert.ok(best.extend(chain.at(height).block).ok);
}

/** Beside the best chain, as what came from others. */
function keep(store: BlockStore, chain: TestChain, from: number, to: number): void {
  for (let height = from; height <= to; height++) {
    const { block: parent, history } = chain.at(height - 1);
    assert.ok(store.keep(newBlockOf(chain.at(height).block, { ...parent, history }), false).ok);
  }
}

const SHARED = 5;
const pause = async () => undefined;

for (const depth of [1, 10, 100, 3_000]) {
  for (const [name, open] of [
    ["memory", memoryBlocks],
    ["disk", () => diskBlocks(new Database(":memory:", [blockSchema]))],
  ] as const) {
    // What the one in memory cannot show, the one on disk does.
    if (depth === 3_000 && name === "memory") continue;
    test(`a reorganisation of ${depth} blocks on ${name} ends on the root of an undisturbed chain`, async () => {
      const ours = grown(new TestChain(network), SHARED, BOB, 0);
      const theirs = grown(ours.fork(SHARED), depth + 1, CAROL, 1);
      grown(ours, depth, BOB, 1);
      const store = open();
      const best = opened(store);
      extend(best, ours, 1, SHARED + depth);
      keep(store, theirs, SHARED + 1, SHARED + depth + 1);
      const { disconnected, connected, stopped } = await best.advance(pause);
      assert.equal(stopped, null);
      assert.equal(best.tip.id, theirs.tip.block.id);
      assert.deepEqual([disconnected.length, connected.length], [depth, depth + 1]);
      assert.ok(equalBytes(best.state.root, theirs.tip.state.root));
      const told = [...disconnected.reversed(), ...connected].map(({ id }) => id);
      assert.equal(
        new Set(told).size,
        2 * depth + 1,
        "each block is told, whether it was held or read again",
      );
      assert.ok(told.length > MOVED_BLOCKS_HELD || depth < 10);
      assert.equal((await checkLedger(network, store, OPTIONS)).disagreement, null);
      assert.equal(store.undone().length, depth);

      const other = memoryBlocks();
      const straight = opened(other);
      extend(straight, theirs, 1, SHARED + depth + 1);
      assert.deepEqual(entriesOf(store), entriesOf(other));
    });
  }
}

test("where undo records end, the way is taken from genesis, once", async () => {
  const depth = UNDO_KEPT_BLOCKS + 20;
  const ours = grown(new TestChain(network), depth, BOB, 0);
  const theirs = grown(new TestChain(network), depth + 1, CAROL, 0);
  const store = memoryBlocks();
  let rewinds = 0;
  const counted = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (name === "rewind") rewinds += 1;
        return Reflect.apply(member, target, args);
      };
    },
  });
  const best = opened(counted);
  extend(best, ours, 1, depth);
  assert.equal(store.undo(ours.at(10).block.id), null);
  assert.notEqual(store.undo(ours.at(30).block.id), null);
  keep(store, theirs, 1, depth + 1);
  await best.advance(pause);
  assert.equal(best.tip.id, theirs.tip.block.id);
  assert.equal(rewinds, 1);
});

test("a peer that pruned the blocks on the way stands on genesis, keeps the headers, and goes on when bodies come", async () => {
  const depth = UNDO_KEPT_BLOCKS + 20;
  const ours = grown(new TestChain(network), depth, BOB, 0);
  const fork = 5;
  const theirs = grown(ours.fork(fork), depth - fork + 1, CAROL, 1);
  const store = memoryBlocks();
  const best = opened(store, UNDO_KEPT_BLOCKS);
  extend(best, ours, 1, depth);
  assert.equal(store.bodiesFrom(), 20);
  keep(store, theirs, fork + 1, depth + 1);
  await best.advance(pause);
  assert.notEqual(best.tip.id, theirs.tip.block.id, "out of reach: the blocks below the fork were pruned");
  // Headers say where the work is, so that whoever catches up fetches what is missing.
  assert.equal(store.heaviestHeader()?.id, theirs.tip.block.id);
  for (let height = 1; height <= fork; height++) {
    const { block: parent, history } = ours.at(height - 1);
    store.keep(
      newBlockOf(ours.at(height).block, { ...parent, history }, encodeBlock(ours.at(height).block)),
      false,
    );
  }
  await best.advance(pause);
  assert.equal(best.tip.id, theirs.tip.block.id);
  assert.ok(equalBytes(best.state.root, theirs.tip.state.root));
});
