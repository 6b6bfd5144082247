/** Two and three peers over the simulated network: once, in order, through loss, restarts and failing disks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { type Problem, problem } from "#base/result.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import { verifyReceipt } from "#receipts/index.ts";
import { memoryMessages } from "#storage/memory/messages.ts";
import { orderSeries } from "#storage/memory/slip-order.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { type LinkConditions, SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { encodeFrame } from "./codec.ts";
import { type MessageStore, type Messaging, type MessagingEvent, openMessaging } from "./index.ts";
import { FRAME_BYTES_MAX, PROTOCOL } from "./limits.ts";

const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  fault: () => undefined,
  child: () => quiet,
};

const alice = createKeypair(new Uint8Array(32).fill(1));
const bob = createKeypair(new Uint8Array(32).fill(2));

class Peer {
  readonly keypair: Keypair;
  network: Network;
  readonly store: MessageStore = memoryMessages(orderSeries());
  readonly events: MessagingEvent[] = [];
  readonly blocked = new Set<PeerId>();
  readonly held = new Map<PeerId, Problem>();
  readonly world: World;
  /** Writes that succeed before all following ones fail; `null` for all. */
  writesLeft: number | null = null;
  clockOffMs = 0;
  messaging: Messaging | null = null;

  constructor(world: World, keypair: Keypair) {
    this.world = world;
    this.keypair = keypair;
    this.network = world.network.addPeer(keypair.peerId);
  }

  async start(): Promise<void> {
    this.messaging = await openMessaging(
      { keypair: this.keypair },
      {
        network: this.network,
        clock: skewed(this.world.clock, this.clockOffMs),
        random: this.world.random,
        log: quiet,
        store: failing(this.store, () => {
          if (this.writesLeft === null) return false;
          this.writesLeft -= 1;
          return this.writesLeft < 0;
        }),
        admits: (peer) => !this.blocked.has(peer),
        holds: (peer) => this.held.get(peer) ?? null,
      },
    );
    this.messaging.subscribe((event) => this.events.push(event));
  }

  /** As a power cut: what is not in the store is gone. */
  async crash(): Promise<void> {
    this.writesLeft = 0;
    this.world.network.stop(this.keypair.peerId);
    await this.messaging?.close();
    this.messaging = null;
  }

  async restart(): Promise<void> {
    await this.crash();
    this.writesLeft = null;
    this.network = this.world.network.start(this.keypair.peerId);
    await this.start();
  }

  async say(to: Peer, text: string): Promise<void> {
    const said = await this.messaging?.say(to.keypair.peerId, text);
    assert.ok(said?.ok, `say: ${JSON.stringify(said)}`);
  }

  received(from: Peer): readonly string[] {
    const messages = this.store.history({ peer: from.keypair.peerId, limit: 10_000 });
    return messages.flatMap((one) => (one.direction === "in" ? [one.text] : [])).reverse();
  }
}

class World {
  readonly clock = new SimulatedClock();
  readonly random = seededRandom(7);
  readonly network: SimulatedNetwork;

  constructor(link: Partial<LinkConditions> = {}) {
    this.network = new SimulatedNetwork({ clock: this.clock, random: this.random, link });
  }
}

/** The same time as seen by a computer whose wall clock is off. */
function skewed(clock: SimulatedClock, offsetMs: number): Clock {
  return {
    nowMs: () => Math.floor(clock.nowMs()) + offsetMs,
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, task) => clock.after(delayMs, task),
    every: (periodMs, task) => clock.every(periodMs, task),
  };
}

/** The store with writes that fail when `fails` says so; a failed write changes nothing. */
function failing(store: MessageStore, fails: () => boolean): MessageStore {
  const guarded =
    <Arguments extends readonly unknown[], Value>(write: (...given: Arguments) => Value) =>
    (...given: Arguments): Value => {
      if (fails()) throw new Error("disk is full");
      return write(...given);
    };
  return {
    ...store,
    addOutgoing: guarded(store.addOutgoing),
    addIncoming: guarded(store.addIncoming),
    complete: guarded(store.complete),
    fail: guarded(store.fail),
    setNextOut: guarded(store.setNextOut),
    markTaken: guarded(store.markTaken),
  };
}

async function pair(link: Partial<LinkConditions> = {}) {
  const world = new World(link);
  const [a, b] = [new Peer(world, alice), new Peer(world, bob)];
  await a.start();
  await b.start();
  await world.clock.advanceUntil(() => a.network.connected().length === 1, 5_000, "connected");
  return { world, a, b };
}

const delivered = (from: Peer, to: Peer) => () => from.store.outboxLength(to.keypair.peerId) === 0;

test("a message arrives once, and both sides keep the same valid receipt and say so", async () => {
  const { world, a, b } = await pair();
  await a.say(b, "hello");
  await world.clock.advanceUntil(delivered(a, b), 10_000, "delivered");
  assert.deepEqual(b.received(a), ["hello"]);
  const receipts = [a, b].map((peer) =>
    peer.events.flatMap((event) => (event.type === "receipt-completed" ? [event.receipt] : [])),
  );
  assert.equal(receipts[0]?.length, 1);
  assert.deepEqual(receipts[0], receipts[1]);
  assert.ok(receipts[0]?.every(verifyReceipt));
  assert.deepEqual(world.network.faults, []);
});

test("messages for somebody who is away wait with a reason, and go by themselves in order", async () => {
  const { world, a, b } = await pair();
  await b.crash();
  await world.clock.advance(10_000);
  for (const text of ["1", "2", "3"]) await a.say(b, text);
  await world.clock.advance(5_000);
  const waiting = a.messaging?.history({ limit: 10 }) ?? [];
  assert.deepEqual(
    waiting.map(({ state, reason }) => [state, reason?.code]),
    Array(3).fill(["queued", "peer-not-connected"]),
  );
  await b.restart();
  await world.clock.advanceUntil(delivered(a, b), 10_000, "delivered after the peer came back");
  assert.deepEqual(b.received(a), ["1", "2", "3"]);
});

test("both write at once over a bad link, both restart, clocks an hour apart: once each and in order", async () => {
  const { world, a, b } = await pair({ delayMs: 30, jitterMs: 20, streamLoss: 0.15 });
  b.clockOffMs = 3_600_000;
  await b.restart();
  const texts = Array.from({ length: 40 }, (_, at) => `text ${at}`);
  for (const [at, text] of texts.entries()) {
    await a.say(b, text);
    await b.say(a, text);
    await world.clock.advance(50);
    if (at === 12) await b.restart();
    if (at === 25) await a.restart();
  }
  const all = () => delivered(a, b)() && delivered(b, a)();
  await world.clock.advanceUntil(all, 3_600_000, "everything across");
  assert.deepEqual(b.received(a), texts);
  assert.deepEqual(a.received(b), texts);
  assert.deepEqual(world.network.faults, []);
});

test("a crash at any write of either side loses nothing and doubles nothing", async () => {
  for (const victim of ["sender", "receiver"] as const) {
    for (let writes = 0; writes < 6; writes++) {
      const { world, a, b } = await pair();
      const peer = victim === "sender" ? a : b;
      const accepted: string[] = [];
      peer.writesLeft = writes;
      for (const text of ["1", "2", "3"]) {
        const said = await a.messaging?.say(bob.peerId, text);
        if (said?.ok) accepted.push(text);
        await world.clock.advance(100);
      }
      await peer.restart();
      await world.clock.advanceUntil(delivered(a, b), 60_000, `${victim} after ${writes} writes`);
      assert.deepEqual(b.received(a), accepted, `${victim} after ${writes} writes`);
      assert.equal(a.messaging?.untakenReceipts(10).length, accepted.length);
    }
  }
});

test("a receiver whose disk is full says so, and takes the message when there is room", async () => {
  const { world, a, b } = await pair();
  b.writesLeft = 0;
  await a.say(b, "hello");
  await world.clock.advance(1_000);
  assert.equal(a.messaging?.history({ limit: 1 })[0]?.reason?.code, "refused-storage");
  assert.deepEqual(b.received(a), []);
  b.writesLeft = null;
  await world.clock.advanceUntil(delivered(a, b), 60_000, "delivered after room was made");
  assert.deepEqual(b.received(a), ["hello"]);
});

test("a blocked sender keeps its messages, is told, and `retry` brings them once unblocked", async () => {
  const { world, a, b } = await pair();
  b.blocked.add(alice.peerId);
  await a.say(b, "hello");
  await world.clock.advance(1_000);
  assert.equal(a.messaging?.history({ limit: 1 })[0]?.reason?.code, "refused-blocked");
  b.blocked.clear();
  a.messaging?.retry(bob.peerId);
  await world.clock.advanceUntil(delivered(a, b), 1_000, "delivered after unblocking");
});

test("nothing goes to a peer that is held: it waits with the reason, and `retry` brings it once released", async () => {
  const { world, a, b } = await pair();
  await a.say(b, "before");
  await world.clock.advanceUntil(delivered(a, b), 10_000, "delivered");
  a.held.set(bob.peerId, problem("key-changed", "Another key.", "Decide."));
  await a.say(b, "after");
  await world.clock.advance(60_000);
  assert.equal(a.messaging?.history({ limit: 1 })[0]?.reason?.code, "key-changed");
  assert.deepEqual(b.received(a), ["before"]);
  a.held.clear();
  a.messaging?.retry(bob.peerId);
  await world.clock.advanceUntil(delivered(a, b), 1_000, "delivered once released");
});

test("a side that lost its store is met where it stands", async () => {
  const { world, a, b } = await pair();
  for (const text of ["1", "2"]) await a.say(b, text);
  await world.clock.advanceUntil(delivered(a, b), 10_000, "delivered");
  await b.crash();
  const fresh = new World();
  const b2 = new Peer(fresh, bob);
  Object.assign(b, { store: b2.store });
  await b.restart();
  await a.say(b, "3");
  await world.clock.advanceUntil(delivered(a, b), 60_000, "delivered to an empty store");
  assert.deepEqual(b.received(a), ["3"]);
});

test("texts that cannot be sent are refused with a code", async () => {
  const { a } = await pair();
  const codes: (string | null)[] = [];
  for (const text of ["", "\ud800", "x".repeat(65_537)]) {
    const said = await a.messaging?.say(bob.peerId, text);
    codes.push(said?.ok === false ? said.fault.code : null);
  }
  const own = await a.messaging?.say(alice.peerId, "me");
  codes.push(own?.ok === false ? own.fault.code : null);
  assert.deepEqual(codes, ["empty-text", "text-not-unicode", "text-too-long", "to-oneself"]);
});

test("garbage on the stream breaks the stream and nothing else", async () => {
  const { world, a, b } = await pair();
  const options = { frameBytesMax: FRAME_BYTES_MAX, streamsPerPeerMax: 4, timeoutMs: 1_000 };
  for (const bytes of [
    Uint8Array.of(1, 2, 3),
    new Uint8Array(0),
    encodeFrame({ type: "expected", number: 1 }),
  ]) {
    const opened = await world.clock.advanceUntilSettled(
      a.network.open(bob.peerId, PROTOCOL, options),
      5_000,
      "opened",
    );
    assert.ok(opened.ok);
    await opened.value.send(bytes);
    const answer = await world.clock.advanceUntilSettled(opened.value.receive(), 5_000, "answered");
    assert.ok(!answer.ok && answer.fault.code === "reset");
  }
  await a.say(b, "still here");
  await world.clock.advanceUntil(delivered(a, b), 10_000, "delivered");
  assert.deepEqual(world.network.faults, []);
});
