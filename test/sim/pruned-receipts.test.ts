/**
 * Two nodes that keep but few blocks in full: a receipt recorded long ago must still be shown with its block to
 * somebody without any ledger, by either side, and after a restart.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { networkOf } from "#ledger/genesis.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { SimulatedNode } from "#test/kit/sim-node.ts";
import { simulatedParams } from "#test/kit/sim-params.ts";

const KEEP_BLOCKS = 3;
const MINUTE_MS = 60_000;

test("a receipt is shown with its block though both sides have pruned it", { timeout: 120_000 }, async () => {
  const clock = new SimulatedClock();
  const random = seededRandom(7);
  const network = new SimulatedNetwork({ clock, random: random.fork("network"), link: { delayMs: 20 } });
  const keypairs = [1, 2].map(() => createKeypair(random.bytes(32)));
  const allocations = keypairs.map(({ account }) => ({ account, amount: 100_000 }));
  const ledger = networkOf(simulatedParams({ allocations }));
  const shared = {
    ledger,
    clock,
    network,
    random,
    clockOffMs: 0,
    hashesPerSecond: 20,
    keepBlocks: KEEP_BLOCKS,
  };
  const nodes = keypairs.map((keypair, at) => new SimulatedNode({ ...shared, name: `node ${at}`, keypair }));
  const [sender, receiver] = nodes;
  assert.ok(sender !== undefined && receiver !== undefined);
  const start = (node: SimulatedNode) => clock.advanceUntilSettled(node.start(), MINUTE_MS, "start");
  for (const node of nodes) await start(node);
  await clock.advance(3_000);

  const say = async (text: string): Promise<DeliveryId> => {
    const said = await sender.messaging.say(receiver.id, text);
    assert.ok(said.ok);
    return said.value.deliveryId;
  };
  const heightOf = (node: SimulatedNode, id: DeliveryId): number | null => {
    const anchor = node.anchoring.anchor(id);
    return anchor?.state === "anchored" ? anchor.height : null;
  };
  const untilAnchored = (id: DeliveryId) =>
    clock.advanceUntil(() => nodes.every((node) => heightOf(node, id) !== null), 10 * MINUTE_MS, "anchored");
  /** Further receipts, and so further blocks, until the block of this one is gone from both. */
  const untilPruned = async (id: DeliveryId) => {
    const isPruned = (node: SimulatedNode) => node.chain.blockAt(heightOf(node, id) ?? 0) === null;
    for (let more = 0; !nodes.every(isPruned); more++) {
      assert.ok(more < 20, "blocks go on");
      await untilAnchored(await say(`more ${more}`));
    }
  };

  const first = await say("recorded long ago");
  await untilAnchored(first);
  await untilPruned(first);
  for (const node of nodes) {
    assert.equal(node.offlineGradeOf(first), "anchored");
    node.crash();
    await start(node);
    assert.equal(node.offlineGradeOf(first), "anchored");
    assert.equal(node.gradeOf(first), "in-my-chain");
  }
  assert.deepEqual(
    nodes.flatMap((node) => node.faults),
    [],
  );
});
