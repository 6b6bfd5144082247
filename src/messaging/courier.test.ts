/** The stream of a courier and the paths under it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeypair } from "#crypto/ed25519.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import { memoryMessages } from "#storage/memory/messages.ts";
import { orderSeries } from "#storage/memory/slip-order.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { SwitchedNetwork } from "#test/kit/switched-network.ts";
import { openMessaging } from "./index.ts";
import { RETRY_FIRST_MS } from "./limits.ts";

const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  fault: () => undefined,
  child: () => quiet,
};

const alice = createKeypair(new Uint8Array(32).fill(1));
const bob = createKeypair(new Uint8Array(32).fill(2));

test("messages keep one stream, and take a new one when a better path stands or the old one ends", async () => {
  const clock = new SimulatedClock();
  const random = seededRandom(3);
  const world = new SimulatedNetwork({ clock, random });
  const open = (keypair: typeof alice, network: Network) =>
    openMessaging(
      { keypair },
      {
        ...{ network, clock, random, log: quiet },
        store: memoryMessages(orderSeries()),
        admits: () => true,
        holds: () => null,
      },
    );
  const switched = new SwitchedNetwork(world.addPeer(alice.peerId));
  const [from, to] = [await open(alice, switched.network), await open(bob, world.addPeer(bob.peerId))];
  await clock.advanceUntil(() => switched.network.connected().length === 1, 5_000, "connected");
  const arrived = () => to.history({ limit: 99 }).length;
  const say = async (text: string) => {
    assert.ok((await from.say(bob.peerId, text)).ok);
    const expected = from.history({ limit: 99 }).length;
    await clock.advanceUntil(() => arrived() === expected, 1_000, `${text} arrived`);
    await clock.advance(10);
  };
  await say("one");
  await say("two");
  assert.equal(switched.opened.length, 1);
  switched.path(bob.peerId, "punched", true);
  await say("three");
  assert.equal(switched.opened.length, 2, "a stream on the better path");
  assert.ok((await from.say(bob.peerId, "four")).ok);
  switched.path(bob.peerId, "direct", true);
  await say("five");
  assert.equal(switched.opened.length, 3, "the message under way ended where it was, the next one moved");
  switched.breakAll();
  switched.path(bob.peerId, "relayed", false);
  await say("six");
  assert.deepEqual(
    to.history({ limit: 99 }).map(({ text }) => text),
    ["six", "five", "four", "three", "two", "one"],
  );
  await Promise.all([from.close(), to.close()]);
});

test("a peer that comes while it still refuses is asked again soon, and not after the pause for refusals", async () => {
  const clock = new SimulatedClock();
  const random = seededRandom(4);
  const world = new SimulatedNetwork({ clock, random });
  let isBlocked = true;
  const open = (keypair: typeof alice, network: Network, admits: () => boolean) =>
    openMessaging(
      { keypair },
      { network, clock, random, log: quiet, store: memoryMessages(orderSeries()), admits, holds: () => null },
    );
  const switched = new SwitchedNetwork(world.addPeer(alice.peerId));
  const from = await open(alice, switched.network, () => true);
  const to = await open(bob, world.addPeer(bob.peerId), () => {
    // Lifted, and told by a new path, while the refusal is on its way.
    const admitted = !isBlocked;
    if (isBlocked) switched.path(bob.peerId, "relayed", false);
    isBlocked = false;
    return admitted;
  });
  await clock.advanceUntil(() => switched.network.connected().length === 1, 5_000, "connected");
  assert.ok((await from.say(bob.peerId, "one")).ok);
  await clock.advanceUntil(() => to.history({ limit: 9 }).length === 1, RETRY_FIRST_MS * 2, "arrived");
  await Promise.all([from.close(), to.close()]);
});
