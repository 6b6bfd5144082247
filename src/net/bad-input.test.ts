/** Whatever strangers send, the peer lives and serves the next one; real sockets, loopback only. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { concat } from "#base/bytes.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { memoryAddresses } from "#storage/memory/addresses.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { ANNOUNCEMENT_PORT, firstAddress, QUIET, until, withPeers } from "#test/kit/peer-network.ts";
import { realClock } from "#test/kit/real.ts";
import { endpointOf, withoutPeer } from "./addresses.ts";
import { signAnnouncement } from "./discovery/announcement.ts";
import { PEERS_PROTOCOL, PROFILE_PROTOCOL } from "./discovery/exchange.ts";
import { signProfile } from "./discovery/profile.ts";
import { EXCHANGE_FRAME_BYTES_MAX, HEARTBEAT_PERIOD_MS, HEARTBEAT_TIMEOUT_MS } from "./limits.ts";

const TEST_TIMEOUT_MS = 15_000;

function portOf(address: string): number {
  const port = endpointOf(withoutPeer(address))?.port;
  assert.ok(port !== undefined);
  return port;
}

test("bytes that are no handshake cost nobody else the service", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const a = await open(201, { discovery: QUIET });
    const port = portOf(firstAddress(a.net));
    const openings: readonly Uint8Array[] = [
      new Uint8Array(0),
      randomBytes(64),
      randomBytes(200_000),
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      Buffer.from("\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n\x16\x03\x01\xff\xff"),
      Buffer.from(`\x13/multistream/1.0.0\n${"\xff".repeat(2000)}`, "latin1"),
    ];
    for (const bytes of openings) {
      await new Promise<void>((closed) => {
        const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
        socket.on("error", () => undefined);
        socket.on("close", () => closed());
        socket.resume();
      });
    }
    const b = await open(202, { discovery: QUIET });
    assert.ok((await b.net.connect(firstAddress(a.net))).ok);
  }),
);

test(
  "a profile that is none, or another's, is judged, and in the end costs the connection",
  { timeout: TEST_TIMEOUT_MS },
  () =>
    withPeers(async (open) => {
      const a = await open(211, { discovery: QUIET });
      const b = await open(212, { discovery: QUIET });
      assert.ok((await b.net.connect(firstAddress(a.net))).ok);
      await until(a.net, b.peer, (entry) => entry.claimedName === "peer 212");
      const another = signProfile(
        {
          name: "Mallory",
          version: "1",
          capabilities: [],
          chainId: new Uint8Array(32),
          issuedMs: Number.MAX_SAFE_INTEGER,
          addresses: [],
        },
        createKeypair(new Uint8Array(32).fill(213)),
      );
      const gone = until(a.net, b.peer, (entry) => !entry.online);
      const bad: readonly (readonly [string, Uint8Array])[] = [
        [PROFILE_PROTOCOL, another.bytes],
        [PROFILE_PROTOCOL, randomBytes(300)],
        [PEERS_PROTOCOL, randomBytes(300)],
        [PEERS_PROTOCOL, concat(Uint8Array.of(1, 33), randomBytes(50))],
        [PROFILE_PROTOCOL, new Uint8Array(0)],
      ];
      for (const [protocol, frame] of bad) {
        const opened = await b.net.network.open(a.peer, protocol, {
          frameBytesMax: EXCHANGE_FRAME_BYTES_MAX,
          streamsPerPeerMax: 4,
          timeoutMs: 5000,
        });
        assert.ok(opened.ok);
        await opened.value.send(frame);
        await opened.value.close();
        await opened.value.receive();
      }
      await gone;
      assert.equal(a.net.directory.get(b.peer)?.claimedName, "peer 212");
      assert.equal(a.net.directory.get(another.profile.peer), null);
    }),
);

test(
  "packets that are no announcement, or not signed, find nobody; the next good one does",
  { timeout: TEST_TIMEOUT_MS },
  () =>
    withPeers(async (open) => {
      const a = await open(221);
      const stranger = createKeypair(new Uint8Array(32).fill(229));
      const fields = {
        name: "Stranger",
        chainPrefix: new Uint8Array(8).fill(9),
        runMs: 1,
        counter: 1,
        isNewcomer: true,
        port: 9,
        addresses: [],
      };
      const good = signAnnouncement(fields, stranger);
      const socket = createSocket("udp4");
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      socket.setMulticastInterface("127.0.0.1");
      const say = (bytes: Uint8Array) =>
        new Promise((resolve) => socket.send(bytes, ANNOUNCEMENT_PORT, "239.255.87.66", resolve));
      for (const length of [0, 1, 4, 100, 1201, 9000]) await say(randomBytes(length));
      await say(good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1));
      // As peers do, again and again: a single packet may be lost.
      let counter = 2;
      const repeated = realClock.every(200, () => {
        void say(signAnnouncement({ ...fields, counter: counter++, name: "Second" }, stranger));
      });
      const entry = await until(a.net, stranger.peerId, () => true);
      repeated.cancel();
      assert.equal(entry.claimedName, "Second");
      assert.deepEqual(entry.addresses, ["/ip4/127.0.0.1/tcp/9"]);
      const unreached = await until(
        a.net,
        stranger.peerId,
        (each) => each.problem?.code === "connection-refused",
      );
      assert.equal(unreached.online, false);
      socket.close();
    }),
);

/** Passes bytes on until told to swallow them, as a path that died without a word. */
async function deadEnd(
  port: number,
): Promise<{ readonly port: number; readonly die: () => void; readonly close: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer((inner) => {
    const outer = connect(port, "127.0.0.1");
    sockets.push(inner, outer);
    for (const socket of [inner, outer]) socket.on("error", () => undefined);
    inner.pipe(outer);
    outer.pipe(inner);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    port: address.port,
    die: () => {
      for (const socket of sockets) socket.unpipe();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("a path that died without a word is noticed within 10 s", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const clock = new SimulatedClock();
    const b = await open(231, { discovery: QUIET });
    const a = await open(232, { discovery: QUIET }, memoryAddresses(), clock);
    const path = await deadEnd(portOf(firstAddress(b.net)));
    try {
      assert.ok((await a.net.connect(`/ip4/127.0.0.1/tcp/${path.port}/p2p/${b.peer}`)).ok);
      await until(a.net, b.peer, (entry) => entry.latencyMs !== null && entry.version !== null);
      path.die();
      const gone = until(a.net, b.peer, (entry) => !entry.online);
      await clock.advance(HEARTBEAT_PERIOD_MS);
      await clock.advance(HEARTBEAT_TIMEOUT_MS);
      await gone;
    } finally {
      path.close();
    }
  }),
);

/** A socket that calls as peers do; sends to the group of announcements on loopback. */
async function caller(): Promise<{
  readonly say: (bytes: Uint8Array) => Promise<unknown>;
  readonly close: () => void;
}> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  socket.setMulticastInterface("127.0.0.1");
  return {
    say: (bytes) => new Promise((resolve) => socket.send(bytes, ANNOUNCEMENT_PORT, "239.255.87.66", resolve)),
    close: () => socket.close(),
  };
}

const CALL = {
  name: "Somebody",
  chainPrefix: new Uint8Array(8).fill(9),
  runMs: 1,
  counter: 1,
  isNewcomer: false,
  port: 9,
  addresses: [],
} as const;

test(
  "ten thousand announcements in a second, forged, replayed and of as many keys: counted, and few are believed",
  { timeout: 40_000 },
  () =>
    withPeers(async (open) => {
      const a = await open(241);
      const victim = await open(242, { discovery: QUIET });
      assert.ok((await victim.net.connect(firstAddress(a.net))).ok);
      const known = await until(a.net, victim.peer, (entry) => entry.claimedName === "peer 242");
      const mallory = createKeypair(new Uint8Array(32).fill(243));
      const own = signAnnouncement(CALL, mallory);
      // The victim's key in the place of Mallory's: the signature does not stand.
      const at = Buffer.from(own).indexOf(Buffer.from(mallory.publicKey));
      const forged = own.slice();
      forged.set(createKeypair(new Uint8Array(32).fill(242)).publicKey, at);
      const { say, close } = await caller();
      try {
        const startedMs = realClock.monotonicMs();
        for (let round = 0; round < 200; round++) {
          const several = Array.from({ length: 50 }, (_, each) => (each % 2 === 0 ? own : forged));
          await Promise.all(several.map(say));
          // Both ends are in this process: the ear must get its turns, or the system drops what it does not hear.
          await nextTurn();
        }
        const tookMs = realClock.monotonicMs() - startedMs;
        const { refused } = a.net.reach();
        const told = JSON.stringify({ refused, tookMs });
        const counted = Object.values(refused).reduce((sum, each) => sum + each, 0);
        assert.ok((refused["announcement-flood"] ?? 0) > 3_000, told);
        assert.ok((refused["announcement-forged"] ?? 0) > 0, told);
        assert.ok((refused["announcement-replayed"] ?? 0) > 0, told);
        assert.ok(counted <= 10_000, told);
      } finally {
        close();
      }
      const after = a.net.directory.get(victim.peer);
      assert.equal(after?.claimedName, known.claimedName);
      assert.deepEqual(after?.addresses, known.addresses);
      assert.equal(after?.online, true);
    }),
);

test(
  "a peer of a private network answers only calls of its own, and says no name",
  { timeout: TEST_TIMEOUT_MS },
  () =>
    withPeers(async (open) => {
      const networkKey = new Uint8Array(32).fill(1);
      const outside = await open(251);
      const a = await open(252, { networkKey });
      const b = await open(253, { networkKey });
      await until(a.net, b.peer, (entry) => entry.online && entry.claimedName === "peer 253");
      const seen = await until(outside.net, a.peer, () => true);
      assert.equal(seen.claimedName, null);
      assert.equal(a.net.directory.get(outside.peer), null);
      const refused = await outside.net.connect(firstAddress(a.net));
      assert.ok(!refused.ok);
      assert.ok((a.net.doors().refused["network-key"] ?? 0) > 0);
      const otherKey = await open(254, { networkKey: new Uint8Array(32).fill(2), discovery: QUIET });
      assert.equal((await otherKey.net.connect(firstAddress(a.net))).ok, false);
    }),
);
