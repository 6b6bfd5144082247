/**
 * Four nodes of one room on a chain that was idle: targets are at their easiest, so that twins of a block are common,
 * and once nothing waits nobody has a reason of its own to mine. They must come to stand on one tip all the same.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeypair } from "#crypto/ed25519.ts";
import { networkOf } from "#ledger/genesis.ts";
import type { ChainParams } from "#ledger/index.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { SimulatedNode } from "#test/kit/sim-node.ts";
import { simulatedParams } from "#test/kit/sim-params.ts";

/** 256 hashes, which all nodes together try in a fifth of a second. */
const EASIEST = 0x20010000;
const HASHES_PER_SECOND = 320;
const SEEDS = 8;
const AGREED_WITHIN_MS = 60_000;

const PARAMS: Partial<ChainParams> = {
  name: "ties",
  genesisTime: Date.UTC(2026, 0, 1) / 1000 - 3_600,
  minGapSeconds: 1,
  powLimitBits: EASIEST,
  initialBits: EASIEST,
  payoutDelayBlocks: 2,
  freeAnchors: { perBlock: 16, perAccountPerBlock: 4, stampBits: 4 },
};

/** How often a block had a twin while the four spoke, all standing on one tip in the end. */
async function twinsOfOneRoom(seed: number): Promise<number> {
  const clock = new SimulatedClock();
  const random = seededRandom(seed);
  const link = { delayMs: 40, jitterMs: 40 };
  const network = new SimulatedNetwork({ clock, random: random.fork("network"), link });
  const keypairs = [1, 2, 3, 4].map(() => createKeypair(random.bytes(32)));
  const allocations = keypairs.map(({ account }) => ({ account, amount: 100_000 }));
  const ledger = networkOf(simulatedParams({ ...PARAMS, allocations }));
  const shared = { ledger, clock, network, random, clockOffMs: 0, hashesPerSecond: HASHES_PER_SECOND };
  const nodes = keypairs.map((keypair, at) => new SimulatedNode({ ...shared, name: `node ${at}`, keypair }));
  let twins = 0;
  for (const node of nodes) {
    await clock.advanceUntilSettled(node.start(), 10_000, "start");
    node.chain.subscribe((event) => {
      if (event.type === "TipChanged") twins += event.disconnected.length;
    });
  }
  await clock.advance(3_000);
  for (const [at, from] of nodes.entries()) {
    const to = nodes[(at + 1) % nodes.length];
    assert.ok(to);
    assert.ok((await from.messaging.say(to.id, `from ${at}`)).ok);
    await clock.advance(700);
  }
  await clock.advance(5_000);
  const tips = () => new Set(nodes.map((node) => node.chain.tip().id));
  const rested = () => nodes.every((node) => node.chain.pool().length === 0);
  await clock.advanceUntil(() => rested() && tips().size === 1, AGREED_WITHIN_MS, `one tip, seed ${seed}`);
  assert.deepEqual(
    nodes.flatMap((node) => node.faults),
    [],
  );
  return twins;
}

test("blocks found at the same time leave no lasting split", { timeout: 120_000 }, async () => {
  let twins = 0;
  for (let seed = 1; seed <= SEEDS; seed++) twins += await twinsOfOneRoom(seed);
  assert.ok(twins > 0, "rooms without a single twin test nothing");
});
