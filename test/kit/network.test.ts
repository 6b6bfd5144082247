import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeypair } from "#crypto/ed25519.ts";
import { testNetwork } from "#test/contract/network.ts";
import { SimulatedClock } from "./clock.ts";
import { SimulatedNetwork, type SimulatedNetworkOptions } from "./network.ts";
import { STREAM_BUFFER_BYTES } from "./network-stream.ts";
import { seededRandom } from "./random.ts";

function ids(count: number) {
  return Array.from({ length: count }, (_, at) => createKeypair(new Uint8Array(32).fill(at + 1)).peerId);
}

function build(options: Partial<SimulatedNetworkOptions> = {}) {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork({ clock, random: seededRandom(7), ...options });
  return { clock, network };
}

testNetwork("simulated network", async (count, links) => {
  const { clock, network } = build({ wiring: "manual", link: { delayMs: 5, jitterMs: 3 } });
  const peers = ids(count);
  const networks = peers.map((peer) => network.addPeer(peer));
  const peerAt = (at: number) => {
    const peer = peers[at];
    assert.ok(peer);
    return peer;
  };
  const [relay] = ids(count + 1).slice(-1);
  assert.ok(relay);
  for (const [a, b] of links) {
    network.reroute(peerAt(a), peerAt(b), { path: "relayed", via: relay }, false);
    network.connect(peerAt(a), peerAt(b));
  }
  await clock.advance(2_000);
  // Time passes by itself for the tests of the contract, which know nothing of simulated time.
  let open = true;
  const passing = (async () => {
    while (open) await clock.advance(1);
  })();
  return {
    networks,
    streamBufferBytesMax: STREAM_BUFFER_BYTES,
    listening: async () => undefined,
    reroute: async (a, b, to) => {
      const path = to === "better" ? { path: "punched" as const, via: null } : { path: to, via: relay };
      network.reroute(peerAt(a), peerAt(b), path, to === "better");
    },
    cut: async (a, b) => network.disconnect(peerAt(a), peerAt(b)),
    close: async () => {
      open = false;
      await passing;
    },
  };
});

test("a partition loses what is under way, is noticed late, and heals", async () => {
  const { clock, network } = build({ link: { delayMs: 10 }, detectMs: 3_000, reconnectMs: 500 });
  const [one, two] = ids(2);
  assert.ok(one && two);
  const [a, b] = [network.addPeer(one), network.addPeer(two)];
  const log: string[] = [];
  a.subscribe((event) => log.push(`${clock.monotonicMs()} ${event.type}`));
  const heard: string[] = [];
  const options = {
    messageBytesMax: 100,
    validate: async (message: Uint8Array) => {
      heard.push(new TextDecoder().decode(message));
      return "accept" as const;
    },
  };
  const topic = a.topic("t", options);
  b.topic("t", options);
  await clock.advance(1_000);
  await topic.publish(new TextEncoder().encode("lost"));
  await clock.advance(5);
  network.partition([one]);
  await clock.advance(10_000);
  await topic.publish(new TextEncoder().encode("nobody"));
  network.heal();
  await clock.advance(1_000);
  await topic.publish(new TextEncoder().encode("heard"));
  await clock.advance(100);
  assert.deepEqual(heard, ["heard"]);
  assert.deepEqual(log, ["500 connected", "4005 disconnected", "11505 connected"]);
});

test("a cut that heals before it is noticed still breaks streams, so that no frame is missing from one", async () => {
  const { clock, network } = build({ detectMs: 60_000 });
  const [one, two] = ids(2);
  assert.ok(one && two);
  const [a, b] = [network.addPeer(one), network.addPeer(two)];
  const options = { frameBytesMax: 100, streamsPerPeerMax: 1, timeoutMs: 1_000 };
  const got: unknown[] = [];
  b.handle("/p", options, async (stream) => {
    for (;;) {
      const received = await stream.receive();
      got.push(received.ok ? received.value?.[0] : received.fault.code);
      if (!received.ok || received.value === null) return;
    }
  });
  await clock.advance(2_000);
  const opened = await clock.advanceUntilSettled(a.open(two, "/p", options), 1_000, "stream");
  assert.ok(opened.ok);
  await opened.value.send(Uint8Array.of(1));
  await clock.advance(10);
  network.partition([one]);
  await opened.value.send(Uint8Array.of(2));
  await clock.advance(10);
  network.heal();
  await opened.value.send(Uint8Array.of(3));
  await clock.advance(5_000);
  assert.deepEqual(got, [1, "reset"]);
});

test("a peer that was stopped is another run when it starts, and the old one reaches nobody", async () => {
  const { clock, network } = build();
  const [one, two] = ids(2);
  assert.ok(one && two);
  const a = network.addPeer(one);
  const oldRun = network.addPeer(two);
  const options = { frameBytesMax: 100, streamsPerPeerMax: 1, timeoutMs: 1_000 };
  oldRun.handle("/old", options, async () => undefined);
  const events: string[] = [];
  oldRun.subscribe((event) => events.push(event.type));
  await clock.advance(2_000);
  network.stop(two);
  assert.deepEqual(a.connected(), []);
  const newRun = network.start(two);
  await clock.advance(2_000);
  assert.equal(newRun.connected().length, 1);
  assert.deepEqual(oldRun.connected(), []);
  assert.deepEqual(events, ["connected"]);
  const opened = await clock.advanceUntilSettled(a.open(two, "/old", options), 2_000, "answer");
  assert.deepEqual(opened, { ok: false, fault: { code: "protocol-unknown" } });
  const fromOld = await clock.advanceUntilSettled(oldRun.open(one, "/x", options), 2_000, "answer");
  assert.ok(!fromOld.ok);
});

test("one seed gives one run, and losses follow their rate", async () => {
  const run = async (seed: number) => {
    const clock = new SimulatedClock();
    const network = new SimulatedNetwork({
      clock,
      random: seededRandom(seed),
      link: { delayMs: 10, jitterMs: 20, gossipLoss: 0.3 },
    });
    const [one, two] = ids(2);
    assert.ok(one && two);
    const [a, b] = [network.addPeer(one), network.addPeer(two)];
    const heard: string[] = [];
    const validate = async (message: Uint8Array) => {
      heard.push(`${clock.monotonicMs().toFixed(3)} ${message[0]}`);
      return "accept" as const;
    };
    const topic = a.topic("t", { messageBytesMax: 10, validate });
    b.topic("t", { messageBytesMax: 10, validate });
    await clock.advance(2_000);
    for (let at = 0; at < 200; at++) await topic.publish(Uint8Array.of(at));
    await clock.advance(1_000);
    return heard;
  };
  const first = await run(1);
  assert.deepEqual(await run(1), first);
  assert.notDeepEqual(await run(2), first);
  assert.ok(first.length > 110 && first.length < 170, `${first.length} of 200 at a loss of 0.3`);
});
