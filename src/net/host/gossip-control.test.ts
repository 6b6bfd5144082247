/**
 * What a peer can do to gossip without a single message that could be judged: wants, offers and grafts without end, and
 * a mesh full of sybils. Real hosts on loopback; what libp2p's router does of itself is held to it here.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { utf8 } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import type { Judgement, Topic } from "#ports/network.ts";
import { type HostPeer, startHostPeer, untilPath } from "#test/kit/network-hosts.ts";
import { withoutPeer } from "../addresses.ts";
import { GOSSIP_IHAVE_IDS_MAX, STANDING_MIN_POINTS } from "../limits.ts";

const TOPIC = "waybill/gossip-control-test";
const TEST_TIMEOUT_MS = 60_000;
/** As many as the mesh takes from callers. */
const SYBILS = 12;
const GRAFTS = 20;
const WANTS = 40;
/** Each costs as much as an invalid message, of which five in a row are too many. */
const UNREADABLE = 5;

interface Control {
  readonly ihave: readonly { readonly topicID: string; readonly messageIDs: readonly Uint8Array[] }[];
  readonly iwant: readonly { readonly messageIDs: readonly Uint8Array[] }[];
  readonly graft: readonly { readonly topicID: string }[];
  readonly prune: readonly { readonly topicID: string; readonly peers: readonly [] }[];
  readonly idontwant: readonly [];
}

interface Rpc {
  readonly subscriptions: readonly [];
  readonly messages: readonly { readonly data?: Uint8Array }[];
  readonly control?: Control;
}

/** What the router can do beside its public interface. */
interface RawRouter {
  readonly score: { score(peer: string): number };
  readonly mesh: Map<string, Set<string>>;
  readonly iasked: Map<string, number>;
  readonly mcache: { getGossipIDs(topics: ReadonlySet<string>): Map<string, Uint8Array[]> };
  readonly streamsOutbound: Map<string, { push(frame: Uint8Array): void }>;
  sendRpc(peer: string, rpc: Rpc): boolean;
  handleReceivedRpc(from: unknown, rpc: Rpc): Promise<void>;
}

interface Member {
  readonly peer: HostPeer;
  readonly topic: Topic;
  readonly heard: Set<string>;
  readonly router: RawRouter;
  readonly id: string;
}

let seeds = 170;

async function startMember(judgement: Judgement = "accept"): Promise<Member> {
  seeds += 1;
  const peer = await startHostPeer({ seed: seeds, listen: ["/ip4/127.0.0.1/tcp/0"] });
  const heard = new Set<string>();
  const topic = peer.network.topic(TOPIC, {
    messageBytesMax: 100,
    validate: async (bytes) => {
      heard.add(new TextDecoder().decode(bytes));
      return judgement;
    },
  });
  const router = peer.host.services.gossip as unknown as RawRouter;
  return { peer, topic, heard, router, id: peer.network.self };
}

async function dial(from: Member, to: Member): Promise<void> {
  const [address] = to.peer.host.getMultiaddrs();
  await from.peer.dial(withoutPeer(String(address)), to.peer.network.self);
  await untilPath(to.peer, from.peer.network.self, "loopback");
}

/** Looks again after each round of the router's work; the test's own limit ends what never comes true. */
async function until(at: Member, isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await once(at.peer.host.services.gossip, "gossipsub:heartbeat");
}

const meshOf = (member: Member): ReadonlySet<string> => member.router.mesh.get(TOPIC) ?? new Set();

async function untilMeshed(one: Member, other: Member): Promise<void> {
  await until(one, () => meshOf(one).has(other.id) && meshOf(other).has(one.id));
}

function say(from: Member, to: Member, control: Partial<Control>): void {
  const none = { ihave: [], iwant: [], graft: [], prune: [], idontwant: [] } as const;
  assert.ok(
    from.router.sendRpc(to.id, { subscriptions: [], messages: [], control: { ...none, ...control } }),
  );
}

function afterEachRpc({ router }: Member, look: (rpc: Rpc) => void): void {
  const receive = router.handleReceivedRpc.bind(router);
  router.handleReceivedRpc = async (from, rpc) => {
    await receive(from, rpc);
    look(rpc);
  };
}

async function close(members: readonly Member[]): Promise<void> {
  await Promise.all(members.map(({ peer }) => peer.close()));
  for (const { peer } of members) assert.deepEqual(peer.faults, []);
}

const madeUpIds = (seed: number): Uint8Array[] =>
  Array.from({ length: GOSSIP_IHAVE_IDS_MAX }, (_, at) => sha256(utf8(`${seed} ${at}`)).slice(0, 20));

test("row 28: grafts after a prune keep a peer out of the mesh, and it is not listened to while it goes on", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const [victim, flooder, honest] = [await startMember(), await startMember(), await startMember()];
  let lowest = 0;
  afterEachRpc(victim, () => {
    lowest = Math.min(lowest, victim.router.score.score(flooder.id));
  });
  try {
    for (const each of [flooder, honest]) await dial(each, victim);
    for (const each of [flooder, honest]) await untilMeshed(victim, each);
    say(flooder, victim, { prune: [{ topicID: TOPIC, peers: [] }] });
    await until(victim, () => !meshOf(victim).has(flooder.id));
    while (lowest >= STANDING_MIN_POINTS) {
      for (let at = 0; at < GRAFTS; at++) say(flooder, victim, { graft: [{ topicID: TOPIC }] });
      await once(victim.peer.host.services.gossip, "gossipsub:heartbeat");
    }
    assert.ok(!meshOf(victim).has(flooder.id));
    assert.equal(victim.router.score.score(honest.id), 0);
    await honest.topic.publish(utf8("good"));
    await until(victim, () => victim.heard.has("good"));
  } finally {
    await close([victim, flooder, honest]);
  }
});

test("row 28: offers of messages that do not exist are asked for within bounds, and cost whoever made them", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const [victim, flooder] = [await startMember(), await startMember()];
  let askedMost = 0;
  const { router } = victim;
  // What was asked for is counted anew in each round, so it is looked at with each offer that comes.
  afterEachRpc(victim, () => {
    askedMost = Math.max(askedMost, router.iasked.get(flooder.id) ?? 0);
  });
  try {
    await dial(flooder, victim);
    await untilMeshed(victim, flooder);
    for (let round = 0; router.score.score(flooder.id) >= STANDING_MIN_POINTS; round++) {
      for (let at = 0; at < 12; at++) {
        say(flooder, victim, { ihave: [{ topicID: TOPIC, messageIDs: madeUpIds(100 * round + at) }] });
      }
      await once(victim.peer.host.services.gossip, "gossipsub:heartbeat");
    }
    assert.ok(askedMost > 0, "some was asked for");
    assert.ok(askedMost <= 5 * GOSSIP_IHAVE_IDS_MAX, `${askedMost} ids were asked for in one round`);
  } finally {
    await close([victim, flooder]);
  }
});

test("row 28: a message that is asked for again and again is sent a few times: nothing is amplified", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const [victim, greedy] = [await startMember(), await startMember()];
  let copies = 0;
  afterEachRpc(greedy, (rpc) => {
    copies += rpc.messages.length;
  });
  try {
    await dial(greedy, victim);
    await untilMeshed(victim, greedy);
    const text = utf8("once");
    await victim.topic.publish(text);
    await until(greedy, () => greedy.heard.has("once"));
    const id = sha256(new Uint8Array([...utf8(`${TOPIC}\0`), ...text])).slice(0, 20);
    for (let at = 0; at < WANTS; at++) say(greedy, victim, { iwant: [{ messageIDs: [id] }] });
    // Behind them on the same stream, so that all of them were looked at when this one is there.
    await greedy.topic.publish(utf8("after"));
    await until(victim, () => victim.heard.has("after"));
    await victim.topic.publish(utf8("last"));
    await until(greedy, () => greedy.heard.has("last"));
    assert.ok(copies >= 3 && copies <= 6, `${copies} messages came`);
  } finally {
    await close([victim, greedy]);
  }
});

test("gossip frames that cannot be read cost their sender the connection; too much in one is dropped alone", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const tooMany = { ihave: [{ topicID: TOPIC, messageIDs: [...madeUpIds(1), ...madeUpIds(2)] }] };
  const [victim, flooder, other] = [await startMember(), await startMember(), await startMember()];
  try {
    for (const each of [other, flooder]) await dial(each, victim);
    for (const each of [other, flooder]) await untilMeshed(victim, each);
    for (let time = 0; time < UNREADABLE; time++) {
      say(other, victim, tooMany);
      flooder.router.streamsOutbound.get(victim.id)?.push(new Uint8Array(300).fill(0xff));
    }
    await untilPath(victim.peer, flooder.peer.network.self, null);
    // Behind its frames on the same stream.
    await other.topic.publish(utf8("good"));
    await until(victim, () => victim.heard.has("good"));
    assert.ok(victim.peer.network.connected().some(({ peer }) => peer === other.peer.network.self));
    assert.equal(victim.router.iasked.get(other.id) ?? 0, 0, "nothing of it was asked for");
  } finally {
    await close([victim, flooder, other]);
  }
});

test("of very many new messages no more are offered than others let us offer", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const busy = await startMember();
  try {
    const texts = Array.from({ length: GOSSIP_IHAVE_IDS_MAX + 200 }, (_, at) => `message ${at}`);
    await Promise.all(texts.map((text) => busy.topic.publish(utf8(text))));
    const offered = busy.router.mcache.getGossipIDs(new Set([TOPIC])).get(TOPIC) ?? [];
    assert.ok(offered.length > 0 && offered.length <= GOSSIP_IHAVE_IDS_MAX, `${offered.length} ids`);
  } finally {
    await close([busy]);
  }
});

test("row 27: a mesh full of sybils that pass nothing on keeps no message from those who stand beside it", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const middle = await startMember();
  const sybils = await Promise.all(Array.from({ length: SYBILS }, () => startMember("ignore")));
  const [sender, receiver] = [await startMember(), await startMember()];
  try {
    for (const sybil of sybils) await dial(sybil, middle);
    await until(middle, () => sybils.filter(({ id }) => meshOf(middle).has(id)).length >= SYBILS / 2);
    await dial(sender, middle);
    await dial(receiver, middle);
    const { gossip } = middle.peer.host.services;
    await until(middle, () => gossip.getSubscribers(TOPIC).some((peer) => String(peer) === receiver.id));
    for (const text of ["first", "second", "third"]) {
      await sender.topic.publish(utf8(text));
      await until(receiver, () => receiver.heard.has(text));
    }
  } finally {
    await close([middle, sender, receiver, ...sybils]);
  }
});

test("row 27: peers that we called ourselves keep places in the mesh, however many sybils call", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const middle = await startMember();
  const sybils = await Promise.all(Array.from({ length: SYBILS + 2 }, () => startMember("ignore")));
  const called = [await startMember(), await startMember()];
  try {
    for (const sybil of sybils) await dial(sybil, middle);
    await until(middle, () => sybils.filter(({ id }) => meshOf(middle).has(id)).length >= SYBILS / 2);
    for (const each of called) await dial(middle, each);
    await until(middle, () => called.every(({ id }) => meshOf(middle).has(id)));
    // Through rounds in which the mesh is cut to its size.
    for (let round = 0; round < 3; round++)
      await once(middle.peer.host.services.gossip, "gossipsub:heartbeat");
    assert.ok(called.every(({ id }) => meshOf(middle).has(id)));
  } finally {
    await close([middle, ...sybils, ...called]);
  }
});
