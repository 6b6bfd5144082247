/** Gossip between real hosts on loopback, where everybody shares one address, as at home or behind one router. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { utf8 } from "#base/bytes.ts";
import type { Topic } from "#ports/network.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { type HostPeer, startHostPeer, untilPath } from "#test/kit/network-hosts.ts";
import { withoutPeer } from "../addresses.ts";
import {
  GOSSIP_IWANT_IDS_MAX,
  GOSSIP_MESSAGES_PER_PEER_BURST,
  GOSSIP_VALIDATIONS_MAX,
  STANDING_MIN_POINTS,
} from "../limits.ts";
import { Standings } from "./standing.ts";

const TOPIC = "waybill/gossip-test";
const TEST_TIMEOUT_MS = 60_000;
const HONEST = 10;

interface Listener {
  readonly peer: HostPeer;
  readonly topic: Topic;
  readonly heard: Set<string>;
  /** Messages judged `reject`. */
  readonly rejected: string[];
}

/** Whatever begins with "bad" breaks a rule. */
function listenAt(peer: HostPeer): Listener {
  const heard = new Set<string>();
  const rejected: string[] = [];
  const topic = peer.network.topic(TOPIC, {
    messageBytesMax: 100,
    validate: async (bytes) => {
      const text = new TextDecoder().decode(bytes);
      if (text.startsWith("bad")) rejected.push(text);
      else heard.add(text);
      return text.startsWith("bad") ? "reject" : "accept";
    },
  });
  return { peer, topic, heard, rejected };
}

let seeds = 100;

async function startListener(): Promise<Listener> {
  seeds += 1;
  return listenAt(await startHostPeer({ seed: seeds, listen: ["/ip4/127.0.0.1/tcp/0"] }));
}

async function dial(from: Listener, to: Listener): Promise<void> {
  const [address] = to.peer.host.getMultiaddrs();
  await from.peer.dial(withoutPeer(String(address)), to.peer.network.self);
  await untilPath(to.peer, from.peer.network.self, "loopback");
}

const isConnected = (at: Listener, to: Listener): boolean =>
  at.peer.network.connected().some(({ peer }) => peer === to.peer.network.self);

/** Once the router of `at` knows that `to` listens. */
async function untilListening(at: Listener, to: readonly Listener[]): Promise<void> {
  const { gossip } = at.peer.host.services;
  const known = () => new Set(gossip.getSubscribers(TOPIC).map(String));
  while (!to.every((each) => known().has(each.peer.network.self))) await once(gossip, "gossipsub:heartbeat");
}

async function untilHeard(listeners: readonly Listener[], text: string): Promise<void> {
  while (!listeners.every(({ heard }) => heard.has(text))) {
    const [first] = listeners;
    assert.ok(first !== undefined);
    await once(first.peer.host.services.gossip, "gossipsub:heartbeat");
  }
}

/** What the router sends when it is told to, which its public interface does not offer. */
interface RawRouter {
  sendRpc(
    peer: string,
    rpc: {
      readonly subscriptions: [];
      readonly messages: { readonly topic: string; readonly data: Uint8Array }[];
    },
  ): boolean;
}

function send(from: Listener, to: Listener, topic: string, texts: readonly string[]): boolean {
  const router = from.peer.host.services.gossip as unknown as RawRouter;
  const messages = texts.map((text) => ({ topic, data: utf8(text) }));
  return router.sendRpc(to.peer.network.self, { subscriptions: [], messages });
}

async function close(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.map(({ peer }) => peer.close()));
  for (const { peer } of listeners) assert.deepEqual(peer.faults, []);
}

test("a flood of invalid messages: the flooder is let go and not let in again, ten honest peers at the same address stay and are heard", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const victim = await startListener();
  const flooder = await startListener();
  const honest = await Promise.all(Array.from({ length: HONEST }, startListener));
  try {
    for (const each of [flooder, ...honest]) await dial(each, victim);
    await untilListening(victim, [flooder, ...honest]);
    await untilListening(flooder, [victim]);
    for (let at = 0; at < 10 && isConnected(victim, flooder); at++) {
      await flooder.topic.publish(utf8(`bad ${at}`));
    }
    await untilPath(victim.peer, flooder.peer.network.self, null);
    assert.ok(victim.rejected.length >= 5, `${victim.rejected.length} invalid messages were looked at`);
    const [address] = victim.peer.host.getMultiaddrs();
    const again = flooder.peer.dial(withoutPeer(String(address)), victim.peer.network.self);
    await again.catch(() => undefined);
    assert.ok(!isConnected(victim, flooder), "it is refused when it calls again");
    assert.deepEqual(
      honest.map((each) => isConnected(victim, each)),
      honest.map(() => true),
    );
    await honest[0]?.topic.publish(utf8("good"));
    await untilHeard([victim, ...honest.slice(1)], "good");
  } finally {
    await close([victim, flooder, ...honest]);
  }
});

test("messages on a topic that nobody opened here are neither kept nor passed on, and cost their sender", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const [victim, flooder] = [await startListener(), await startListener()];
  try {
    await dial(flooder, victim);
    await untilListening(flooder, [victim]);
    for (let at = 0; at < 6; at++) send(flooder, victim, "waybill/nobody-listens", [`junk ${at}`]);
    await untilPath(victim.peer, flooder.peer.network.self, null);
    const { mcache } = victim.peer.host.services.gossip as unknown as {
      mcache: { msgs: Map<string, unknown> };
    };
    assert.equal(mcache.msgs.size, 0);
  } finally {
    await close([victim, flooder]);
  }
});

test("an answer with as many messages as may be asked for at once is not refused as too long", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const [a, b] = [await startListener(), await startListener()];
  try {
    await dial(b, a);
    await untilListening(b, [a]);
    const texts = Array.from({ length: GOSSIP_IWANT_IDS_MAX }, (_, at) => `${at}`.padStart(100, "."));
    assert.ok(send(b, a, TOPIC, texts));
    await untilHeard([a], texts[0] ?? "");
    // Of what comes at once only so many are looked at together; the rest is found in the pool, or by sync.
    assert.ok(a.heard.size >= GOSSIP_VALIDATIONS_MAX, `${a.heard.size} were looked at`);
  } finally {
    await close([a, b]);
  }
});

test("who gossips beyond its share is not heard for a moment, and loses no standing", async () => {
  const clock = new SimulatedClock();
  const banned: string[] = [];
  const standings = new Standings(clock, (peer) => banned.push(peer));
  const [flooder, other] = ["flooder", "other"] as unknown as Parameters<Standings["heard"]>[0][];
  assert.ok(flooder !== undefined && other !== undefined);
  for (let at = 0; at < GOSSIP_MESSAGES_PER_PEER_BURST; at++) standings.heard(flooder);
  assert.equal(standings.gossipScore(flooder), 0);
  standings.heard(flooder);
  assert.ok(standings.gossipScore(flooder) < STANDING_MIN_POINTS);
  assert.deepEqual([standings.points(flooder), standings.gossipScore(other), banned], [0, 0, []]);
  await clock.advance(1_001);
  standings.heard(flooder);
  assert.equal(standings.gossipScore(flooder), 0);
});
