import assert from "node:assert/strict";
import { test } from "node:test";
import type { Keypair } from "#crypto/ed25519.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { ClockWatch } from "./clock-watch.ts";
import { CLOCK_LOOK_AGAIN_MS, CLOCK_TESTIMONY_MS } from "./limits.ts";
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

/** A watch over blocks that peers show, on a clock that can be set. */
function watching(peerCount: number) {
  const clock = new SimulatedClock(1_000_000_000_000);
  let setSeconds = 0;
  let changes = 0;
  const watch = new ClockWatch({
    maxFutureSeconds: 60,
    clock: {
      nowMs: () => clock.nowMs() + setSeconds * 1000,
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, task) => clock.after(delayMs, task),
    },
    peerCount: () => peerCount,
    onChange: () => {
      changes += 1;
    },
  });
  return {
    clock,
    saw(aheadSeconds: number, from: Keypair): string | null {
      watch.saw(Math.floor(clock.nowMs() / 1000) + setSeconds + aheadSeconds, from.peerId);
      return watch.problem?.cause ?? null;
    },
    set(seconds: number): void {
      setSeconds = seconds;
    },
    told: () => [watch.problem?.code ?? null, changes],
    close: () => watch.close(),
  };
}

test("one peer of several does not make a clock look wrong, however often it says so; two do", () => {
  const watch = watching(5);
  for (let time = 0; time < 10; time++) assert.equal(watch.saw(HOUR_SECONDS + time, BOB), null);
  assert.match(watch.saw(HOUR_SECONDS / 2, ALICE) ?? "", /30 min ahead/);
  assert.equal(watch.saw(0, CAROL), null, "a block that agrees takes it back");
  assert.equal(watch.saw(HOUR_SECONDS, ALICE), null, "and what was said before counts no more");
  watch.close();
  const alone = watching(1);
  assert.match(alone.saw(HOUR_SECONDS, BOB) ?? "", /60 min ahead/);
  alone.close();
});

test("the warning goes by itself: when the block is due, when nobody says so any more, and when the clock is set right", async () => {
  const due = watching(1);
  due.saw(60 + 25, BOB);
  await due.clock.advance(20_000);
  assert.deepEqual(due.told(), ["clock-differs", 1]);
  await due.clock.advance(CLOCK_LOOK_AGAIN_MS);
  assert.deepEqual(due.told(), [null, 2]);
  const silent = watching(1);
  silent.saw(1_000_000, BOB);
  await silent.clock.advance(CLOCK_TESTIMONY_MS);
  assert.deepEqual(silent.told(), ["clock-differs", 1]);
  await silent.clock.advance(CLOCK_LOOK_AGAIN_MS);
  assert.deepEqual(silent.told(), [null, 2]);
  const corrected = watching(1);
  corrected.saw(HOUR_SECONDS, BOB);
  corrected.set(HOUR_SECONDS);
  await corrected.clock.advance(CLOCK_LOOK_AGAIN_MS);
  assert.deepEqual(corrected.told(), [null, 2]);
});
