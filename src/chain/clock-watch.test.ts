import assert from "node:assert/strict";
import { test } from "node:test";
import { ALICE, BOB, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { compactOf, encodeCompactBlock } from "./relay/compact-block.ts";
import { topicName } from "./relay/relay.ts";
import { openOn } from "./test-node.ts";

const network = testNetwork();
const HOUR_SECONDS = 3_600;

/** Bob tells alice blocks of a chain that stands 15, 30, 45 … seconds after the genesis. */
async function told(aliceSeconds: number, gaps: readonly number[]): Promise<readonly (string | null)[]> {
  const clock = new SimulatedClock((network.params.genesisTime + aliceSeconds) * 1000);
  const world = new SimulatedNetwork({ clock, random: seededRandom(4) });
  const alice = await openOn(network, world.addPeer(ALICE.peerId), memoryBlocks(), clock);
  const topic = world
    .addPeer(BOB.peerId)
    .topic(topicName(network.chainId, "block"), { messageBytesMax: 65_536, validate: async () => "ignore" });
  await clock.advance(3_000);
  const source = new TestChain(network);
  const problems: (string | null)[] = [];
  for (const gap of gaps) {
    await topic.publish(encodeCompactBlock(compactOf(source.grow([], BOB, gap).block, 1n, () => false)));
    await clock.advance(100);
    problems.push(alice.chain.problem()?.code ?? null);
  }
  assert.deepEqual(alice.faults, []);
  await clock.advanceUntilSettled(alice.chain.close(), 60_000, "closed");
  return problems;
}

test("a clock an hour behind is told by the first block, and no more by one that agrees", async () => {
  assert.deepEqual(await told(0, [HOUR_SECONDS]), ["clock-differs"]);
  assert.deepEqual(await told(HOUR_SECONDS, [HOUR_SECONDS]), [null]);
});

test("a clock an hour ahead is told when blocks in a row say so, not by an old one told again", async () => {
  assert.deepEqual(await told(HOUR_SECONDS, [15, 15, 15]), [null, null, "clock-differs"]);
  assert.deepEqual(await told(HOUR_SECONDS, [15, 15, 3_500, 15]), [null, null, null, null]);
  assert.deepEqual(await told(HOUR_SECONDS, [15, 15, 15, 3_500]), [null, null, "clock-differs", null]);
});
