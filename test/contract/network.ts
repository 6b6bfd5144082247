/**
 * The contract of `ports/network`, run on every implementation: the simulated network and the libp2p host on real
 * sockets. Waits only for what must happen; each test has a time limit in case it does not. It is long because it is
 * one contract: an implementation is held to all of it or to none.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { utf8 } from "#base/bytes.ts";
import type { Judgement, NetworkEvent } from "#ports/network.ts";
import { testPaths } from "./network-paths.ts";
import {
  Arrivals,
  at,
  bytes,
  type Contract,
  echo,
  frame,
  isConnected,
  listen,
  type NetworkRig,
  OPEN_OPTIONS,
  OPTIONS,
  type OpenRig,
  openStream,
  PROTOCOL,
  TEST_TIMEOUT_MS,
  untilGone,
} from "./network-rig.ts";

export function testNetwork(name: string, openRig: OpenRig): void {
  const contract = (
    what: string,
    links: readonly (readonly [number, number])[],
    body: (rig: NetworkRig) => Promise<void>,
  ): void => {
    test(`${name}: ${what}`, { timeout: TEST_TIMEOUT_MS }, async () => {
      const rig = await openRig(Math.max(...links.flat()) + 1, links);
      try {
        await body(rig);
      } finally {
        await rig.close();
      }
    });
  };
  testStreams(contract);
  testStreamFaults(contract);
  testStreamLimits(contract);
  testTopics(contract);
  testConnections(contract);
  testPaths(contract);
}

function testStreams(contract: Contract): void {
  contract("frames arrive whole and in order, both ways", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const seenPeers: PeerId[] = [];
    b.handle(PROTOCOL, OPTIONS, async (stream) => {
      seenPeers.push(stream.peer);
      await echo(stream);
    });
    const stream = await openStream(a, b);
    assert.equal(stream.peer, b.self);
    const sizes = [0, 1, 2, 127, 128, 16_383, 16_384, 65_536, OPTIONS.frameBytesMax, 3];
    const sending = (async () => {
      for (const [index, size] of sizes.entries()) assert.ok((await stream.send(bytes(size, index))).ok);
      await stream.close();
    })();
    for (const [index, size] of sizes.entries()) {
      assert.deepEqual(await frame(stream), bytes(size, index), `frame of ${size} bytes`);
    }
    assert.equal(await frame(stream), null);
    await sending;
    assert.deepEqual(seenPeers, [a.self]);
  });

  contract("a side that closed its writing end still reads", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    b.handle(PROTOCOL, OPTIONS, async (stream) => {
      const heard: number[] = [];
      for (;;) {
        const received = await stream.receive();
        if (!received.ok || received.value === null) break;
        heard.push(received.value.length);
      }
      await stream.send(utf8(heard.join(" ")));
    });
    const stream = await openStream(a, b);
    await stream.send(bytes(5, 0));
    await stream.send(bytes(7, 0));
    await stream.close();
    await stream.close();
    assert.equal(new TextDecoder().decode((await frame(stream)) ?? bytes(0, 0)), "5 7");
    assert.equal(await frame(stream), null, "the handler returned, so the stream is closed");
    const afterClose = await stream.send(bytes(1, 0));
    assert.ok(!afterClose.ok, "what was closed takes no frame");
  });

  contract("a sender waits for a reader that is slow, and loses nothing", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const [readSome, someRead] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const readNow = Promise.withResolvers<void>();
    const allRead = Promise.withResolvers<number>();
    const framesFirst = 40;
    b.handle(PROTOCOL, OPTIONS, async (stream) => {
      await readSome.promise;
      let count = 0;
      for (;;) {
        const received = await stream.receive();
        if (!received.ok || received.value === null) break;
        assert.equal(received.value[0], count % 256);
        count += 1;
        if (count !== framesFirst) continue;
        someRead.resolve();
        await readNow.promise;
      }
      allRead.resolve(count);
    });
    const probe = "/waybill/contract-probe/1";
    b.handle(probe, OPTIONS, echo);
    const frameBytes = 64 * 1024;
    const count = Math.ceil(rig.streamBufferBytesMax / frameBytes) + framesFirst + 64;
    const stream = await openStream(a, b);
    let accepted = 0;
    const sending = (async () => {
      for (let index = 0; index < count; index++) {
        assert.ok((await stream.send(bytes(frameBytes, index))).ok);
        accepted += 1;
      }
      await stream.close();
    })();
    // Round trips beside the full stream, until it takes no more: it blocks nobody else.
    const other = await a.open(b.self, probe, OPEN_OPTIONS);
    assert.ok(other.ok);
    const beside = other.value;
    const untilFull = async () => {
      for (let before = -1; before < accepted; ) {
        before = accepted;
        for (let trip = 0; trip < 100; trip++) {
          await beside.send(bytes(1, trip));
          assert.deepEqual(await frame(beside), bytes(1, trip));
        }
      }
    };
    await untilFull();
    assert.ok(accepted < count, `all ${count} frames were taken though nobody read`);
    // A reader that wakes and falls asleep again holds the sender back as before.
    readSome.resolve();
    await someRead.promise;
    await untilFull();
    assert.ok(accepted < count, `all ${count} frames were taken though only ${framesFirst} were read`);
    readNow.resolve();
    await sending;
    assert.equal(await allRead.promise, count);
    await other.value.close();
  });
}

function testStreamFaults(contract: Contract): void {
  contract("a reset ends both directions on both sides", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const ended = Promise.withResolvers<string>();
    b.handle(PROTOCOL, OPTIONS, async (stream) => {
      await stream.send(bytes(1, 1));
      const received = await stream.receive();
      ended.resolve(received.ok ? "a frame" : received.fault.code);
    });
    const stream = await openStream(a, b);
    assert.deepEqual(await frame(stream), bytes(1, 1));
    stream.reset("changed our mind");
    stream.reset("twice is no fault");
    const here = await stream.receive();
    assert.ok(!here.ok);
    assert.ok(!(await stream.send(bytes(1, 0))).ok);
    assert.equal(await ended.promise, "reset");
  });

  contract("a reader that was promised nothing by its time gets a timeout", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const there = Promise.withResolvers<boolean>();
    b.handle(PROTOCOL, OPTIONS, async (stream) => {
      there.resolve((await stream.receive()).ok);
    });
    const stream = await openStream(a, b);
    const received = await stream.receive({ timeoutMs: 30 });
    assert.deepEqual(received, { ok: false, fault: { code: "timeout" } });
    assert.equal(await there.promise, false, "the stream was reset");
    assert.ok(!(await stream.send(bytes(1, 0))).ok);
  });

  contract(
    "a handler that throws resets its stream, and the next stream is served",
    [[0, 1]],
    async (rig) => {
      const [a, b] = [at(rig, 0), at(rig, 1)];
      let calls = 0;
      b.handle(PROTOCOL, OPTIONS, async (stream) => {
        calls += 1;
        await stream.receive();
        if (calls === 1) throw new Error("expected by this test");
        await stream.send(bytes(1, 9));
      });
      const first = await openStream(a, b);
      await first.send(bytes(1, 0));
      assert.ok(!(await first.receive()).ok);
      const second = await openStream(a, b);
      await second.send(bytes(1, 0));
      assert.deepEqual(await frame(second), bytes(1, 9));
      await second.close();
    },
  );

  contract("a connection that breaks ends its streams on both sides", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const there = Promise.withResolvers<boolean>();
    b.handle(PROTOCOL, OPTIONS, async (stream) => {
      await stream.send(bytes(1, 1));
      there.resolve((await stream.receive()).ok);
    });
    const stream = await openStream(a, b);
    assert.deepEqual(await frame(stream), bytes(1, 1));
    await rig.cut(0, 1);
    assert.equal((await stream.receive()).ok, false);
    assert.equal(await there.promise, false);
  });
}

function testStreamLimits(contract: Contract): void {
  contract("a frame above the sender's own limit is refused before it leaves", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const there = Promise.withResolvers<boolean>();
    b.handle(PROTOCOL, OPTIONS, async (stream) => {
      there.resolve((await stream.receive()).ok);
    });
    const stream = await openStream(a, b, { ...OPEN_OPTIONS, frameBytesMax: 100 });
    assert.deepEqual(await stream.send(bytes(101, 0)), {
      ok: false,
      fault: { code: "frame-too-large", bytes: 101, maxBytes: 100 },
    });
    assert.equal(await there.promise, false, "the stream was reset");
  });

  contract("a frame above the receiver's limit is refused by its length alone", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const there = Promise.withResolvers<unknown>();
    b.handle(PROTOCOL, { ...OPTIONS, frameBytesMax: 100 }, async (stream) => {
      there.resolve(await stream.receive());
    });
    const stream = await openStream(a, b);
    await stream.send(bytes(101, 0));
    assert.deepEqual(await there.promise, {
      ok: false,
      fault: { code: "frame-too-large", bytes: 101, maxBytes: 100 },
    });
    assert.ok(!(await stream.receive()).ok, "the stream was reset");
  });

  contract(
    "a peer gets no more streams than allowed, and a new one once one has ended",
    [[0, 1]],
    async (rig) => {
      const [a, b] = [at(rig, 0), at(rig, 1)];
      const ended = new Arrivals<number>();
      b.handle(PROTOCOL, { ...OPTIONS, streamsPerPeerMax: 2 }, async (stream) => {
        await stream.send(bytes(1, 7));
        await untilGone(stream);
        await stream.close();
        ended.push(1);
      });
      const first = await openStream(a, b);
      const second = await openStream(a, b);
      assert.deepEqual(await frame(first), bytes(1, 7));
      assert.deepEqual(await frame(second), bytes(1, 7));
      const third = await a.open(b.self, PROTOCOL, OPEN_OPTIONS);
      assert.ok(!third.ok || !(await third.value.receive()).ok, "the third stream was served");
      await first.close();
      assert.equal(await frame(first), null);
      await ended.next();
      const fourth = await openStream(a, b);
      assert.deepEqual(await frame(fourth), bytes(1, 7));
      await second.close();
      await fourth.close();
    },
  );

  contract("a protocol that nobody handles, or no longer, is unknown", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    assert.deepEqual(await a.open(b.self, PROTOCOL, OPEN_OPTIONS), {
      ok: false,
      fault: { code: "protocol-unknown" },
    });
    const unhandle = b.handle(PROTOCOL, OPTIONS, echo);
    assert.throws(() => b.handle(PROTOCOL, OPTIONS, echo), "handled twice");
    await (await openStream(a, b)).close();
    unhandle();
    unhandle();
    const again = await a.open(b.self, PROTOCOL, OPEN_OPTIONS);
    assert.ok(!again.ok || !(await again.value.receive()).ok, "a stream was served after unhandle");
  });

  contract("what is given up before it is open is given up for good", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    b.handle(PROTOCOL, OPTIONS, echo);
    const early = await a.open(b.self, PROTOCOL, { ...OPEN_OPTIONS, signal: AbortSignal.abort() });
    assert.equal(early.ok ? "open" : early.fault.code, "failed");
    const change = new AbortController();
    const opening = a.open(b.self, PROTOCOL, { ...OPEN_OPTIONS, signal: change.signal });
    change.abort();
    const opened = await opening;
    assert.equal(opened.ok ? "open" : opened.fault.code, "failed");
    const stream = await openStream(a, b, { ...OPEN_OPTIONS, signal: new AbortController().signal });
    await stream.send(bytes(1, 3));
    assert.deepEqual(await frame(stream), bytes(1, 3));
    await stream.close();
  });

  contract(
    "a peer that is not connected and has no known address is told so",
    [
      [0, 1],
      [2, 1],
    ],
    async (rig) => {
      const [a, c] = [at(rig, 0), at(rig, 2)];
      c.handle(PROTOCOL, OPTIONS, echo);
      const opened = await a.open(c.self, PROTOCOL, OPEN_OPTIONS);
      assert.ok(!opened.ok);
      assert.equal(opened.fault.code, "not-connected");
      assert.ok(opened.fault.code === "not-connected" && opened.fault.problem.nextStep.length > 0);
    },
  );
}

function testTopics(contract: Contract): void {
  const TOPIC = "waybill/contract";

  contract(
    "a message reaches everybody once, over others and over two ways",
    [
      [0, 1],
      [1, 2],
      [0, 2],
      [2, 3],
    ],
    async (rig) => {
      const peers = rig.networks.map((network) => listen(network, TOPIC));
      const ids = rig.networks.map((network) => network.self);
      const [zero, one, two, three] = ids;
      assert.ok(zero && one && two && three);
      await Promise.all([
        rig.listening(0, TOPIC, [one, two]),
        rig.listening(1, TOPIC, [zero, two]),
        rig.listening(2, TOPIC, [zero, one, three]),
        rig.listening(3, TOPIC, [two]),
      ]);
      const [publisher, ...others] = peers;
      assert.ok(publisher);
      for (const text of ["first", "second", "third"]) {
        await publisher.topic.publish(utf8(text));
        for (const { arrivals } of others) assert.equal((await arrivals.next()).text, text);
      }
      for (const { arrivals } of others) {
        assert.deepEqual(
          arrivals.all.map(({ text }) => text),
          ["first", "second", "third"],
        );
        for (const { from } of arrivals.all) assert.ok(ids.includes(from));
      }
      assert.deepEqual(publisher.arrivals.all, [], "a publisher does not hear itself");
    },
  );

  contract(
    "only what was accepted is passed on",
    [
      [0, 1],
      [1, 2],
    ],
    async (rig) => {
      const judge = (text: string): Judgement =>
        text === "bad" ? "reject" : text === "odd" ? "ignore" : "accept";
      const [a, b, c] = [
        listen(at(rig, 0), TOPIC),
        listen(at(rig, 1), TOPIC, judge),
        listen(at(rig, 2), TOPIC),
      ];
      await Promise.all([
        rig.listening(0, TOPIC, [at(rig, 1).self]),
        rig.listening(1, TOPIC, [at(rig, 2).self]),
      ]);
      for (const text of ["bad", "odd", "good"]) {
        await a.topic.publish(utf8(text));
        assert.equal((await b.arrivals.next()).text, text);
      }
      const heard = await c.arrivals.next();
      assert.deepEqual(heard, { text: "good", from: at(rig, 1).self });
      assert.equal(c.arrivals.all.length, 1);
    },
  );

  contract(
    "publishing where nobody listens is no fault, and a closed topic hears nothing",
    [[0, 1]],
    async (rig) => {
      const alone = listen(at(rig, 0), "waybill/contract-alone");
      await alone.topic.publish(utf8("anybody?"));
      const [a, b] = [listen(at(rig, 0), TOPIC), listen(at(rig, 1), TOPIC)];
      await rig.listening(0, TOPIC, [at(rig, 1).self]);
      await a.topic.publish(utf8("open"));
      assert.equal((await b.arrivals.next()).text, "open");
      b.topic.close();
      await a.topic.publish(utf8("closed"));
      const reopened = listen(at(rig, 1), `${TOPIC}-2`);
      const sender = listen(at(rig, 0), `${TOPIC}-2`);
      await rig.listening(0, `${TOPIC}-2`, [at(rig, 1).self]);
      await sender.topic.publish(utf8("later"));
      assert.equal((await reopened.arrivals.next()).text, "later");
      assert.equal(b.arrivals.all.length, 1);
    },
  );
}

function testConnections(contract: Contract): void {
  contract("connections are listed and announced, with path and address", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const [connection, ...more] = a.connected().filter(({ peer }) => peer === b.self);
    assert.ok(connection);
    assert.equal(more.length, 0);
    assert.equal(connection.via !== null, connection.path === "relayed");
    assert.equal(connection.peer, b.self);
    assert.ok(connection.address.length > 0);
    assert.ok(["loopback", "lan", "direct", "punched", "relayed"].includes(connection.path));
    const events = new Arrivals<NetworkEvent>();
    const deaf = new Arrivals<NetworkEvent>();
    b.subscribe((event) => events.push(event));
    b.subscribe((event) => deaf.push(event))();
    await rig.cut(0, 1);
    // Of several paths one may be seen to end before the other.
    let ended = await events.next();
    while (ended.type === "path") ended = await events.next();
    assert.deepEqual(ended, { type: "disconnected", peer: a.self });
    assert.equal(isConnected(b, a), false);
    assert.deepEqual(deaf.all, []);
  });

  contract("a peer that is judged again and again to break the rules is let go", [[0, 1]], async (rig) => {
    const [a, b] = [at(rig, 0), at(rig, 1)];
    const events = new Arrivals<NetworkEvent>();
    a.subscribe((event) => events.push(event));
    for (let time = 0; time < 10; time++) a.judge(b.self, "accept");
    assert.ok(isConnected(a, b), "good conduct is no offence");
    for (let time = 0; time < 200; time++) a.judge(b.self, "reject");
    let ended = await events.next();
    while (ended.type === "path") ended = await events.next();
    assert.deepEqual(ended, { type: "disconnected", peer: b.self });
  });
}
