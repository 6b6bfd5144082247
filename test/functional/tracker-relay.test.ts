import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stream } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { Libp2pFrameStream } from "#net/host/libp2p-frame-stream.ts";
import { TRACKER_SILENCE_MS } from "#net/limits.ts";
import { systemClock } from "#node/system.ts";
import type { Clock } from "#ports/clock.ts";
import { SimulatedClock } from "../kit/clock.ts";
import { openTestTracker } from "../kit/tracker.ts";
import { openTrackerPeer, presenceOf } from "../kit/tracker-peer.ts";

const ECHO = "/test/echo/1";
const SINK = "/test/sink/1";
const OPEN = { runOnLimitedConnection: true };

function frames(stream: Stream, peer: PeerId): Libp2pFrameStream {
  const options = { frameBytesMax: 65_536 };
  return new Libp2pFrameStream(peer, stream, options, {
    clock: systemClock(0),
    onActivity: () => undefined,
    needsCredit: false,
  });
}

/** Resolves with what came until `bytes` are there. */
async function read(stream: Stream, bytes: number): Promise<number> {
  let got = 0;
  for await (const part of stream) {
    got += part.byteLength;
    if (got >= bytes) return got;
  }
  return got;
}

for (const door of ["tcp", "web"] as const) {
  test(`two peers speak over the relay, both by the ${door} port alone`, async () => {
    await using opened = new AsyncDisposableStack();
    const server = await openTestTracker();
    opened.defer(() => server.tracker.close());
    const address = server[door];
    const [bob, alice] = [await openTrackerPeer(1), await openTrackerPeer(2)];
    for (const peer of [bob, alice]) opened.defer(() => peer.close());
    await bob.host.handle(
      ECHO,
      (stream) => void stream.addEventListener("message", ({ data }) => stream.send(data)),
      OPEN,
    );
    const announced = await bob.ask(await bob.dial(address), {
      type: "announce",
      record: presenceOf(bob.keypair).bytes,
      rendezvous: [],
    });
    assert.equal(announced.type, "announced");
    await bob.reserve(address);

    const relayed = await alice.dial(`${address}/p2p-circuit/p2p/${bob.keypair.peerId}`);
    assert.equal(relayed.limits, undefined, "no limit of libp2p's own");
    const stream = await relayed.newStream(ECHO, OPEN);
    stream.send(new Uint8Array(50_000).fill(3));
    assert.equal(await read(stream, 50_000), 50_000);
    const { relay } = server.tracker.status();
    assert.equal(relay?.places, 1);
    assert.equal(relay?.connections, 1);
    assert.ok((relay?.carriedBytes ?? 0) > 100_000, `${relay?.carriedBytes} bytes were booked`);

    assert.deepEqual(server.faults, []);
  });
}

test("a peer that used up its quota is told so, by a reset and by the tracker, and goes on when it renews", async () => {
  await using opened = new AsyncDisposableStack();
  const real = systemClock(0);
  let movedMs = 0;
  const clock: Clock = { ...real, nowMs: () => real.nowMs() + movedMs };
  const server = await openTestTracker(
    { relay: { placesMax: 16, connectionsPerPeer: 4, bytesPerPeer: 200_000, bytesTotal: null } },
    clock,
  );
  opened.defer(() => server.tracker.close());
  const [bob, alice] = [await openTrackerPeer(1), await openTrackerPeer(2)];
  for (const peer of [bob, alice]) opened.defer(() => peer.close());
  const sink = Promise.withResolvers<{ frames: number; end: unknown }>();
  await bob.host.handle(
    SINK,
    async (stream) => {
      const reader = frames(stream, alice.keypair.peerId);
      for (let count = 0; ; count++) {
        const frame = await reader.receive();
        if (frame.ok && frame.value !== null) continue;
        return sink.resolve({ frames: count, end: frame });
      }
    },
    OPEN,
  );
  const straight = await bob.dial(server.tcp);
  await bob.reserve(server.tcp);
  const toTracker = await alice.dial(server.tcp);
  const address = `${server.tcp}/p2p-circuit/p2p/${bob.keypair.peerId}`;
  const relayed = await alice.dial(address);
  const closed = new Promise<void>((resolve) => relayed.addEventListener("close", () => resolve()));
  const writer = frames(await relayed.newStream(SINK, OPEN), bob.keypair.peerId);
  let sent = 0;
  while (sent < 64 && (await writer.send(new Uint8Array(16_384))).ok) sent += 1;
  await closed;

  const seen = await sink.promise;
  assert.deepEqual(
    seen.end,
    { ok: false, fault: { code: "closed" } },
    "an end that is not taken for the last frame",
  );
  assert.ok(seen.frames < 16, `${seen.frames} frames came through`);
  const own = await alice.ask(toTracker, { type: "relay", other: null });
  assert.ok(own.type === "relay" && own.relay?.bytesLeft === 0 && own.relay.bytesMax === 200_000);
  const between = await bob.ask(straight, { type: "relay", other: alice.keypair.peerId });
  assert.deepEqual(
    between.type === "relay" && between.relay?.bytesLeft,
    0,
    "the other side can know as well",
  );
  const bobs = await bob.ask(straight, { type: "relay", other: null });
  assert.ok(bobs.type === "relay" && (bobs.relay?.bytesLeft ?? 0) > 190_000, "bob's own quota is whole");
  await assert.rejects(alice.dial(address), /PERMISSION_DENIED/);
  assert.ok((server.tracker.status().relay?.refused ?? 0) >= 2);

  movedMs = 3_600_000;
  const again = await alice.ask(toTracker, { type: "relay", other: null });
  assert.deepEqual(again.type === "relay" && again.relay?.bytesLeft, 200_000);
  assert.equal((await alice.dial(address)).status, "open");
  assert.deepEqual(server.faults, []);
});

test("places at the relay are limited, and free again when their peer goes", async () => {
  await using opened = new AsyncDisposableStack();
  const server = await openTestTracker({
    relay: { placesMax: 1, connectionsPerPeer: 4, bytesPerPeer: null, bytesTotal: null },
  });
  opened.defer(() => server.tracker.close());
  const [bob, alice] = [await openTrackerPeer(1), await openTrackerPeer(2)];
  for (const peer of [bob, alice]) opened.defer(() => peer.close());
  await bob.reserve(server.tcp);
  await assert.rejects(alice.reserve(server.tcp));
  await alice.dial(server.tcp);
  await bob.close();
  // The tracker hears of it a moment later than bob.
  for (;;) {
    const answer = await alice.ask(await alice.dial(server.tcp), { type: "relay", other: null });
    assert.equal(answer.type, "relay");
    if (server.tracker.status().relay?.places === 0) break;
  }
  await alice.reserve(server.tcp);
  assert.equal(server.tracker.status().relay?.places, 1);
});

test("a peer over WebSocket that fell silent is taken for gone", async (context) => {
  const clock = new SimulatedClock();
  const server = await openTestTracker({}, clock);
  context.after(() => server.tracker.close());
  const alice = await openTrackerPeer(2);
  context.after(() => alice.close());
  const connection = await alice.dial(server.web);
  const closed = new Promise<void>((resolve) => connection.addEventListener("close", () => resolve()));
  await clock.advance(30_000);
  assert.equal(connection.status, "open");
  // Its muxer pings every ten seconds; none of them has passed.
  await clock.advance(TRACKER_SILENCE_MS);
  await closed;
});

test("a tracker with a network key lets in those who hold it, and nobody else", async (context) => {
  const networkKey = new Uint8Array(32).fill(11);
  const server = await openTestTracker({ networkKey });
  context.after(() => server.tracker.close());
  const [holder, stranger] = [await openTrackerPeer(1, networkKey), await openTrackerPeer(2)];
  context.after(() => Promise.all([holder.close(), stranger.close()]));
  for (const address of [server.tcp, server.web]) {
    const answer = await holder.ask(await holder.dial(address), { type: "relay", other: null });
    assert.equal(answer.type, "relay");
    await assert.rejects(stranger.dial(address));
  }
  assert.ok((server.tracker.status().refused["network-key"] ?? 0) >= 2);
});
