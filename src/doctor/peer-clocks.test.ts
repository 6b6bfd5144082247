import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createKeypair } from "#crypto/ed25519.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { CLOCK_PROTOCOL, decodeTime, encodeTime, isQuestion, openPeerClocks } from "./peer-clocks.ts";

const peer = (seed: number) => createKeypair(new Uint8Array(32).fill(seed)).peerId;

test("one encoding of a time; whatever else comes is refused without a fault", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (timeMs) => {
      const decoded = decodeTime(encodeTime(timeMs));
      assert.ok(decoded.ok && decoded.value === timeMs);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const decoded = decodeTime(bytes);
      if (decoded.ok) assert.deepEqual(encodeTime(decoded.value), bytes);
      if (isQuestion(bytes)) assert.deepEqual(bytes, Uint8Array.of(1));
    }),
  );
});

test("connected peers tell their time; the way there is taken off, and silence is no answer", async () => {
  const clock = new SimulatedClock();
  const net = new SimulatedNetwork({ clock, random: seededRandom(1), link: { delayMs: 40 } });
  const here = net.addPeer(peer(1));
  const ahead = net.addPeer(peer(2));
  const old = net.addPeer(peer(3));
  const mute = net.addPeer(peer(4));
  const clocks = openPeerClocks({ network: here, clock });
  openPeerClocks({
    network: ahead,
    clock: { ...clock, nowMs: () => clock.nowMs() + 5_000, monotonicMs: () => 0 },
  });
  mute.handle(CLOCK_PROTOCOL, { frameBytesMax: 9, streamsPerPeerMax: 2 }, async (stream) => {
    await stream.receive();
    await stream.send(Uint8Array.of(2, 0, 0));
  });
  await clock.advanceUntil(() => here.connected().length === 3, 5_000, "all are connected");
  const offsets = await clock.advanceUntilSettled(clocks.ask(), 10_000, "all were asked");
  assert.equal(offsets.length, 1);
  assert.ok(Math.abs((offsets[0] ?? 0) - 5_000) <= 2, `${offsets[0]} ms`);
  assert.equal(old.connected().length, 3);
  assert.deepEqual(net.faults, []);
});
