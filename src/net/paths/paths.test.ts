/** Paths between real hosts on loopback: relayed, punched, lost, dead; and gossip and streams on them meanwhile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { utf8 } from "#base/bytes.ts";
import type { FrameStream, Judgement, NetworkEvent, Topic } from "#ports/network.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import {
  type HostPeer,
  startHostPeer,
  startRelay,
  type TestRelay,
  untilPath,
} from "#test/kit/network-hosts.ts";
import { faultLog, realClock, realRandom } from "#test/kit/real.ts";
import { routeOf, withoutPeer } from "../addresses.ts";
import { Pulse } from "../host/pulse.ts";
import {
  CREDIT_EXCEEDED_BYTES,
  FRAME_COST_BYTES,
  FRAME_HEADER_BYTES,
  HEARTBEAT_PERIOD_MS,
  SUSPECT_SILENCE_MS,
} from "../limits.ts";

const PROTOCOL = "/waybill/paths-test/1";
const OPTIONS = { frameBytesMax: 1024, streamsPerPeerMax: 8, timeoutMs: 10_000 };
const TOPIC = "waybill/paths-test";
const TEST_TIMEOUT_MS = 40_000;

async function echo(stream: FrameStream): Promise<void> {
  for (;;) {
    const received = await stream.receive();
    if (!received.ok || received.value === null) return;
    await stream.send(received.value);
  }
}

async function speak(from: HostPeer, to: HostPeer): Promise<FrameStream> {
  const opened = await from.network.open(to.network.self, PROTOCOL, OPTIONS);
  assert.ok(opened.ok, JSON.stringify(opened));
  await opened.value.send(utf8("there?"));
  const answer = await opened.value.receive();
  assert.ok(answer.ok && answer.value !== null);
  return opened.value;
}

/** Publishes with each pulse of gossip until one message arrived: one may be lost, the listener may not. */
async function gossips(from: HostPeer, topic: Topic, heard: Set<string>, what: string): Promise<void> {
  for (let time = 0; ; time++) {
    await topic.publish(utf8(`${what} ${time}`));
    await once(from.host.services.gossip, "gossipsub:heartbeat");
    if ([...heard].some((text) => text.startsWith(what))) return;
    assert.ok(time < 20, `nothing "${what}" arrived`);
  }
}

function listen(peer: HostPeer): { readonly topic: Topic; readonly heard: Set<string> } {
  const heard = new Set<string>();
  const validate = async (message: Uint8Array): Promise<Judgement> => {
    heard.add(new TextDecoder().decode(message));
    return "accept";
  };
  return { topic: peer.network.topic(TOPIC, { messageBytesMax: 100, validate }), heard };
}

async function withRelay(body: (relay: TestRelay, peers: HostPeer[]) => Promise<void>): Promise<void> {
  const peers: HostPeer[] = [];
  const relay = await startRelay();
  try {
    await body(relay, peers);
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
    await relay.stop();
  }
  for (const { faults } of peers) assert.deepEqual(faults, []);
}

test(
  "relayed at once, punched in the background, relayed again when that is cut",
  {
    timeout: TEST_TIMEOUT_MS,
  },
  () =>
    withRelay(async (relay, peers) => {
      const a = await startHostPeer({ seed: 201, listen: [relay.address], keepsPaths: true });
      peers.push(a);
      const b = await startHostPeer({ seed: 202, listen: [relay.address], keepsPaths: true });
      peers.push(b);
      const [self, other] = [a.network.self, b.network.self];
      b.network.handle(PROTOCOL, OPTIONS, echo);
      const events: NetworkEvent[] = [];
      a.network.subscribe((event) => events.push(event));
      const [fromA, atB] = [listen(a), listen(b)];
      a.directory.heard(other, "tracker", [relay.address]);
      const first = await speak(a, b);
      assert.equal(a.directory.get(other)?.path, "relayed");
      assert.equal(a.directory.get(other)?.pathReason?.code, "path-searching");
      assert.notEqual(a.directory.get(other)?.via, null);
      await Promise.all([untilPath(a, other, "punched"), untilPath(b, self, "punched")]);
      assert.equal(a.directory.get(other)?.pathReason?.code, "path-punched");
      assert.equal(a.directory.get(other)?.via, null);
      const second = await speak(a, b);
      await first.send(utf8("still on the relay"));
      assert.ok((await first.receive()).ok);
      await gossips(a, fromA.topic, atB.heard, "punched");
      for (const punched of b.connections.ofClass(self, "punched")) punched.abort(new Error("cut"));
      await untilPath(a, other, "relayed");
      assert.equal((await second.receive()).ok, false);
      await first.send(utf8("and again"));
      assert.ok((await first.receive()).ok);
      await (await speak(a, b)).close();
      await gossips(a, fromA.topic, atB.heard, "relayed");
      assert.deepEqual(
        events.slice(0, 3).map((event) => (event.type === "path" ? event.isBetter : event.type)),
        ["connected", true, false],
      );
      await untilPath(a, other, "punched");
      await gossips(a, fromA.topic, atB.heard, "punched again");
      const tried = a.dialler.attempts(other).map(({ address, problem }) => [address, problem === null]);
      assert.ok(tried.some(([address, isWell]) => address === relay.address && isWell === true));
    }),
);

test("gossip goes over the best path, and outlives the one it began on", { timeout: TEST_TIMEOUT_MS }, () =>
  withRelay(async (relay, peers) => {
    const a = await startHostPeer({ seed: 205, listen: [relay.address] });
    peers.push(a);
    const b = await startHostPeer({ seed: 206, listen: [relay.address] });
    peers.push(b);
    const [self, other] = [a.network.self, b.network.self];
    const [fromA, atB] = [listen(a), listen(b)];
    await a.dial(relay.address, other);
    await gossips(a, fromA.topic, atB.heard, "relayed");
    await a.punch(relay.address, other);
    await untilPath(b, self, "punched");
    await gossips(a, fromA.topic, atB.heard, "punched");
    const [punched] = a.connections.ofClass(other, "punched");
    const isGossip = ({ protocol }: { protocol: string }) => protocol.startsWith("/meshsub/");
    assert.ok(punched?.streams.some((each) => each.direction === "outbound" && isGossip(each)));
    for (const [peer, to] of [
      [a, other],
      [b, self],
    ] as const) {
      for (const relayed of peer.connections.ofClass(to, "relayed")) relayed.abort(new Error("cut"));
    }
    await gossips(a, fromA.topic, atB.heard, "without a relay");
    assert.equal(a.network.connected().find(({ peer }) => peer === other)?.path, "punched");
  }),
);

test("pulses on a punched path share one stream, and anew after it broke", { timeout: TEST_TIMEOUT_MS }, () =>
  withRelay(async (relay, peers) => {
    const { log, faults } = faultLog();
    const a = await startHostPeer({ seed: 207, listen: [relay.address] });
    peers.push(a);
    const b = await startHostPeer({ seed: 208, listen: [relay.address] });
    peers.push(b);
    const [here] = [a, b].map(({ host }) => new Pulse({ host, clock: realClock, random: realRandom, log }));
    assert.ok(here);
    await a.dial(relay.address, b.network.self);
    await a.punch(relay.address, b.network.self);
    const [punched] = a.connections.ofClass(b.network.self, "punched");
    assert.ok(punched);
    const pulses = () => punched.streams.filter(({ protocol }) => protocol === "/waybill/pulse/1");
    const patience = new AbortController().signal;
    for (let time = 0; time < 20; time++) assert.ok((await here.measure(punched, patience)) >= 0);
    assert.equal(pulses().length, 1);
    const late = here.measure(punched, AbortSignal.abort());
    await assert.rejects(late);
    assert.ok((await here.measure(punched, patience)) >= 0);
    assert.equal(pulses().length, 1);
    assert.deepEqual(faults, []);
  }),
);

test(
  "a sender that minds no credit is cut off, also with frames that hold nothing",
  {
    timeout: TEST_TIMEOUT_MS,
  },
  () =>
    withRelay(async (relay, peers) => {
      const a = await startHostPeer({ seed: 209, listen: [relay.address] });
      peers.push(a);
      const b = await startHostPeer({ seed: 210, listen: [relay.address] });
      peers.push(b);
      const asleep = Promise.withResolvers<void>();
      const outcome = Promise.withResolvers<string>();
      b.network.handle(PROTOCOL, OPTIONS, async (stream) => {
        await asleep.promise;
        const received = await stream.receive();
        outcome.resolve(received.ok ? "a frame" : received.fault.code);
      });
      await a.dial(relay.address, b.network.self);
      await a.punch(relay.address, b.network.self);
      const [punched] = a.connections.ofClass(b.network.self, "punched");
      assert.ok(punched);
      const stream = await punched.newStream(PROTOCOL);
      const cutOff = once(stream, "close");
      stream.send(new Uint8Array(FRAME_HEADER_BYTES * (CREDIT_EXCEEDED_BYTES / FRAME_COST_BYTES + 1)));
      await cutOff;
      asleep.resolve();
      assert.equal(await outcome.promise, "reset");
    }),
);

/** Passes bytes on between a port of its own and another, until it holds everything back. */
async function startWire(port: number) {
  const sockets = new Set<Socket>();
  const pairs: { readonly near: Socket; readonly far: Socket }[] = [];
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
    near.pipe(far);
    far.pipe(near);
    pairs.push({ near, far });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    address: `/ip4/127.0.0.1/tcp/${address.port}`,
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    /** What comes back to the caller comes in drips alone from now on. */
    narrow: () => {
      for (const { far } of pairs) far.unpipe().pause();
    },
    drip: async (bytes: number) => {
      for (const { near, far } of pairs) {
        while (far.readableLength < bytes) await once(far, "readable");
        near.write(far.read(bytes));
      }
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test(
  "a path that died without a word yields within 5 s and ends within 10 s",
  {
    timeout: TEST_TIMEOUT_MS,
  },
  () =>
    withRelay(async (relay, peers) => {
      const clock = new SimulatedClock();
      const b = await startHostPeer({ seed: 204, listen: ["/ip4/127.0.0.1/tcp/0", relay.address] });
      peers.push(b);
      const port = b.host
        .getMultiaddrs()
        .flatMap((each) => routeOf(withoutPeer(String(each)))?.first.port ?? []);
      const wire = await startWire(Math.max(...port.filter((each) => !relay.address.includes(`/${each}/`))));
      const a = await startHostPeer({ seed: 203, listen: [], keepsPaths: true, clock });
      peers.push(a);
      const other = b.network.self;
      b.network.handle(PROTOCOL, OPTIONS, echo);
      await a.dial(relay.address, other);
      await a.dial(wire.address, other);
      await untilPath(a, other, "loopback");
      const onWire = await speak(a, b);
      wire.freeze();
      const events: NetworkEvent[] = [];
      a.network.subscribe((event) => events.push(event));
      const startMs = clock.monotonicMs();
      const passed = () => clock.monotonicMs() - startMs;
      // Pings go over real sockets: each step of time waits until the relay's is answered.
      while (events.length === 0 && passed() < 20_000) await pulse(a, clock);
      assert.ok(passed() <= SUSPECT_SILENCE_MS + HEARTBEAT_PERIOD_MS, `yielded after ${passed()} ms`);
      assert.ok(events[0]?.type === "path" && !events[0].isBetter);
      assert.equal(a.directory.get(other)?.path, "relayed");
      await (await speak(a, b)).close();
      while (a.connections.ofClass(other, "straight").length > 0 && passed() < 20_000) await pulse(a, clock);
      assert.ok(passed() < 10_000 + HEARTBEAT_PERIOD_MS, `ended after ${passed()} ms`);
      assert.equal((await onWire.receive()).ok, false);
      assert.equal(a.network.connected().find(({ peer }) => peer === other)?.path, "relayed");
      wire.close();
    }),
);

test(
  "a path so slow that a frame takes longer than a pulse may is not dead",
  { timeout: TEST_TIMEOUT_MS },
  () =>
    withRelay(async (_relay, peers) => {
      const big = { ...OPTIONS, frameBytesMax: 1 << 20 };
      const clock = new SimulatedClock();
      const b = await startHostPeer({ seed: 212, listen: ["/ip4/127.0.0.1/tcp/0"] });
      peers.push(b);
      const [address] = b.host.getMultiaddrs();
      const wire = await startWire(routeOf(withoutPeer(String(address)))?.first.port ?? 0);
      const a = await startHostPeer({ seed: 211, listen: [], keepsPaths: true, clock });
      peers.push(a);
      b.network.handle(PROTOCOL, big, async (stream) => {
        await stream.receive();
        await stream.send(new Uint8Array(big.frameBytesMax));
        await stream.receive();
      });
      await a.dial(wire.address, b.network.self);
      const opened = await a.network.open(b.network.self, PROTOCOL, big);
      assert.ok(opened.ok);
      wire.narrow();
      await opened.value.send(utf8("something large"));
      const [straight] = a.connections.ofClass(b.network.self, "straight");
      assert.ok(straight !== undefined && "maConn" in straight && straight.maConn instanceof EventTarget);
      for (let second = 1; second <= 15; second++) {
        await clock.advance(1_000);
        assert.equal(straight.status, "open", `after ${second} s`);
        const heard = once(straight.maConn, "message");
        await wire.drip(1_000);
        await heard;
      }
      const startMs = clock.monotonicMs();
      while (straight.status === "open" && clock.monotonicMs() - startMs < 20_000) await clock.advance(1_000);
      assert.ok(clock.monotonicMs() - startMs < 10_000);
      wire.close();
    }),
);

/** Lets a second pass, and whatever lives answer. */
async function pulse(peer: HostPeer, clock: SimulatedClock): Promise<void> {
  await clock.advance(1_000);
  for (const each of peer.connections.peers()) {
    for (const relayed of peer.connections.ofClass(each, "relayed")) {
      const stream = await relayed.newStream("/ipfs/ping/1.0.0", { runOnLimitedConnection: true });
      const answered = once(stream, "message");
      stream.send(new Uint8Array(32));
      await answered;
      await stream.close();
      peer.connections.noteAlive(relayed);
    }
  }
}
