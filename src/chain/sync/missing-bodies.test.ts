/** Bodies that were damaged on disk, among whole chains over a simulated network. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId, PeerId } from "#base/brand.ts";
import { ok } from "#base/result.ts";
import { encodeBlock } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { openChain } from "../chain.ts";
import { TIP_COMPARE_PERIOD_MS } from "../limits.ts";
import type { BlockStore } from "../store.ts";
import { clockFor, feed, openOn, quietLog, type TestNode } from "../test-node.ts";
import { MissingBodies } from "./missing-bodies.ts";
import { type Mischief, puppet } from "./test-puppet.ts";

const network = testNetwork();
const BLOCKS = 30;
const DAMAGED = 7;
/** Noticed, asked for, and filled in. */
const MENDED_WITHIN_MS = 3 * TIP_COMPARE_PERIOD_MS;

const source = new TestChain(network);
for (let at = 0; at < BLOCKS; at++) source.grow([], BOB);

function world() {
  const clock = clockFor(network);
  const peers = new SimulatedNetwork({ clock, random: seededRandom(4), wiring: "manual" });
  const nodes: TestNode[] = [];
  return {
    clock,
    peers,
    /** Has all blocks, unless told otherwise. */
    add: async (peer: PeerId, store: BlockStore = memoryBlocks(), blocks = BLOCKS): Promise<TestNode> => {
      const node = await openOn(network, peers.addPeer(peer), store, clock);
      await feed(node.chain, source, 1, blocks);
      nodes.push(node);
      return node;
    },
    end: async (): Promise<void> => {
      for (const node of nodes) {
        await clock.advanceUntilSettled(node.chain.close(), 60_000, "closed");
        assert.deepEqual(node.faults, []);
      }
    },
  };
}

/** A store on disk, and how to turn one bit of a body in it. */
function breakableStore() {
  const database = new Database(":memory:", [blockSchema]);
  return {
    store: diskBlocks(database),
    damage: (height: number): void => {
      const row = database.sql
        .prepare("SELECT row, bytes FROM bodies JOIN blocks USING (row) WHERE height = ?")
        .get(height);
      const [place, bytes] = [row?.["row"], row?.["bytes"]];
      assert.ok(typeof place === "number" && bytes instanceof Uint8Array);
      const changed = bytes.slice();
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
      database.sql.prepare("UPDATE bodies SET bytes = ? WHERE row = ?").run(changed, place);
    },
  };
}

test("a damaged body of the best chain is fetched again from a peer and filled in", async () => {
  const { clock, peers, add, end } = world();
  const { store, damage } = breakableStore();
  const alice = await add(ALICE.peerId, store);
  await add(BOB.peerId);
  damage(DAMAGED);
  assert.equal(alice.chain.blockAt(DAMAGED), null, "noticed by reading, and not handed out");
  const { miner } = alice.chain.summary(source.at(DAMAGED).block.id) ?? {};
  await clock.advance(MENDED_WITHIN_MS);
  assert.equal(alice.chain.blockAt(DAMAGED), null, "nobody there to ask");
  peers.connect(ALICE.peerId, BOB.peerId);
  await clock.advance(MENDED_WITHIN_MS);
  assert.deepEqual(alice.chain.blockAt(DAMAGED), source.at(DAMAGED).block);
  assert.equal(store.bodiesFrom(), 0);
  assert.equal(alice.chain.tip().id, source.tip.block.id);
  assert.deepEqual(alice.chain.summary(source.at(DAMAGED).block.id)?.miner, miner);
  await end();
});

test("a damaged body is not served: who asks for it gets it once it was fetched again", async () => {
  const { clock, peers, add, end } = world();
  const { store, damage } = breakableStore();
  await add(ALICE.peerId, store);
  damage(DAMAGED);
  const carol = await add(CAROL.peerId, memoryBlocks(), 0);
  peers.connect(ALICE.peerId, CAROL.peerId);
  await clock.advance(MENDED_WITHIN_MS);
  assert.equal(carol.chain.tip().height, DAMAGED - 1, "all that is sound");
  assert.equal(store.bodiesFrom(), DAMAGED + 1, "and no more is claimed");
  await add(BOB.peerId);
  peers.connect(ALICE.peerId, BOB.peerId);
  await clock.advance(10 * MENDED_WITHIN_MS);
  assert.equal(carol.chain.tip().id, source.tip.block.id);
  await end();
});

test("a wrong body for a damaged one is refused, and another peer is asked", async () => {
  const { clock, peers, add, end } = world();
  const { store, damage } = breakableStore();
  const alice = await add(ALICE.peerId, store);
  const other = encodeBlock({
    ...source.at(DAMAGED).block,
    transactions: source.at(DAMAGED + 1).block.transactions,
  });
  const lie: Mischief = (question, right) =>
    question.type === "get-blocks" ? [{ type: "block", bytes: other }] : right;
  const liar = puppet(peers.addPeer(CAROL.peerId), source, lie);
  peers.connect(ALICE.peerId, CAROL.peerId);
  damage(DAMAGED);
  assert.equal(alice.chain.blockAt(DAMAGED), null);
  await clock.advance(MENDED_WITHIN_MS);
  assert.ok(liar.blocksAsked.includes(source.at(DAMAGED).block.id));
  assert.equal(alice.chain.blockAt(DAMAGED), null);
  await add(BOB.peerId);
  peers.connect(ALICE.peerId, BOB.peerId);
  await clock.advance(10 * MENDED_WITHIN_MS);
  assert.deepEqual(alice.chain.blockAt(DAMAGED), source.at(DAMAGED).block);
  await end();
});

test("a node that is to keep all blocks after it kept few fetches what it had dropped", async () => {
  const { clock, peers, add, end } = world();
  const store = memoryBlocks();
  const before = await openChain(
    { network, keepBlocks: 5 },
    { store, peers: peers.addPeer(CAROL.peerId), clock, random: seededRandom(2), log: quietLog([]) },
  );
  assert.ok(before.ok);
  await feed(before.value.chain, source, 1, BLOCKS);
  await clock.advanceUntilSettled(before.value.chain.close(), 60_000, "closed");
  assert.equal(store.bodiesFrom(), BLOCKS - 5);
  const alice = await add(ALICE.peerId, store, 0);
  await add(BOB.peerId);
  peers.connect(ALICE.peerId, BOB.peerId);
  await clock.advance(MENDED_WITHIN_MS);
  assert.equal(store.bodiesFrom(), 0);
  assert.deepEqual(alice.chain.blockAt(1), source.at(1).block);
  assert.equal(alice.chain.transactionsOf(BOB.account, 100).length, BLOCKS);
  await end();
});

test("only what is to be kept is fetched again, a stretch at a time, and nothing while history is checked", () => {
  const missing = [2, 3, 12, 13, 14, 20].map((height) => ({ id: "" as BlockId, height }));
  const asking = (keepBlocks: number | null, isHistoryWhole = true) =>
    new MissingBodies({
      best: { tip: { ...source.tip.block, history: source.tip.history }, point: () => null },
      store: {
        bestAt: () => null,
        bodyless: (from) => missing.filter(({ height }) => height >= from),
      },
      log: quietLog([]),
      keepBlocks,
      isHistoryWhole: () => isHistoryWhole,
      fillIn: async () => ok({ code: "known", id: "" as BlockId }),
    }).needed();
  assert.deepEqual(asking(null), { from: 2, to: 3 });
  assert.deepEqual(asking(BLOCKS - 12), { from: 12, to: 14 });
  assert.deepEqual(asking(BLOCKS - 15), { from: 20, to: 20 });
  assert.equal(asking(BLOCKS - 21), null);
  assert.equal(asking(null, false), null);
});
