import assert from "node:assert/strict";
import { test } from "node:test";
import { ALICE, BOB, CAROL, testNetwork } from "#ledger/test-chain.ts";
import type { Judgement } from "#ports/network.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import {
  TRANSACTION_BURST_PER_PEER_MAX,
  TRANSACTION_QUEUE_MAX,
  TRANSACTIONS_PER_PEER_PER_SECOND_MAX,
} from "../limits.ts";
import { quietLog } from "../test-node.ts";
import { Relay, topicName } from "./relay.ts";

const { chainId } = testNetwork();

/** A relay of Bob's, and peers that gossip transactions to it. */
async function world(takeTransaction: (bytes: Uint8Array) => Promise<Judgement>) {
  const clock = new SimulatedClock();
  const random = seededRandom(3);
  const peers = new SimulatedNetwork({ clock, random });
  const faults: unknown[] = [];
  const relay = new Relay({
    network: peers.addPeer(BOB.peerId),
    clock,
    random,
    log: quietLog(faults),
    chainId,
    judgeAnnouncement: () => "ignore",
    takeTransaction,
  });
  const [alice, carol] = [ALICE, CAROL].map(({ peerId }) =>
    peers
      .addPeer(peerId)
      .topic(topicName(chainId, "tx"), { messageBytesMax: 200, validate: async () => "ignore" }),
  );
  assert.ok(alice !== undefined && carol !== undefined);
  await clock.advance(2_000);
  return { clock, relay, alice, carol, faults };
}

const message = (number: number): Uint8Array => Uint8Array.of(number & 255, number >> 8, 0, 0);

test("a flood of one peer's transactions: beyond its share they are dropped before any check, others are heard", async () => {
  let taken = 0;
  const { clock, relay, alice, carol, faults } = await world(async () => {
    taken += 1;
    return "accept";
  });
  const sent = TRANSACTION_BURST_PER_PEER_MAX + 500;
  // In parts, so that the queue has room: its own bound is another matter.
  for (let at = 0; at < sent; at++) {
    await alice.publish(message(at));
    if (at % 500 === 499) await clock.advance(1);
  }
  await clock.advance(10);
  const passed = taken;
  assert.ok(passed >= TRANSACTION_BURST_PER_PEER_MAX && passed < sent - 400, `${passed} were looked at`);
  assert.equal(relay.dropped.share, sent - passed);
  await carol.publish(message(60_000));
  await clock.advance(1_000);
  assert.equal(taken, passed + 1);
  await alice.publish(message(60_001));
  await clock.advance(10);
  assert.equal(taken, passed + 2, `${TRANSACTIONS_PER_PEER_PER_SECOND_MAX} came back in a second`);
  await relay.close();
  assert.deepEqual(faults, []);
});

test("transactions wait in a bounded queue: what finds no room is dropped, counted, and judged no offence", async () => {
  const held = Promise.withResolvers<void>();
  const { clock, relay, alice } = await world(async () => {
    await held.promise;
    return "accept";
  });
  for (let at = 0; at < TRANSACTION_QUEUE_MAX + 100; at++) await alice.publish(message(at));
  await clock.advance(10);
  assert.equal(relay.dropped.queue, 99);
  held.resolve();
  await relay.close();
});
