/** Tests sync among whole chains over a simulated network; long, since each way in which a peer may misbehave is one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import {
  type Block,
  encodeBlock,
  encodeHeader,
  type Network as LedgerNetwork,
  signTransaction,
} from "#ledger/index.ts";
import { ALICE, BOB, CAROL, mine, person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { SYNC_FRAME_BYTES_MAX, TIP_COMPARE_PERIOD_MS } from "../limits.ts";
import { clockFor, feed, openOn, type TestNode, take } from "../test-node.ts";
import { decodeSyncMessage, encodeSyncMessage, SYNC_PROTOCOL, type SyncMessage } from "./sync-codec.ts";

const network = testNetwork();
const OPTIONS = { frameBytesMax: SYNC_FRAME_BYTES_MAX, streamsPerPeerMax: 4 };

function world(wiring: "mesh" | "manual" = "mesh") {
  const clock = clockFor(network);
  const peers = new SimulatedNetwork({ clock, random: seededRandom(3), wiring });
  const nodes: TestNode[] = [];
  return {
    clock,
    peers,
    add: async (peer: PeerId, ledger: LedgerNetwork = network, store = memoryBlocks()): Promise<TestNode> => {
      const node = await openOn(ledger, peers.addPeer(peer), store, clock);
      nodes.push(node);
      return node;
    },
    end: async (): Promise<void> => {
      for (const node of nodes) {
        await clock.advanceUntilSettled(node.chain.close(), 60_000, "closed");
        assert.deepEqual(node.faults, []);
      }
      assert.deepEqual(peers.faults, []);
    },
  };
}

function grown(blocks: number, miner = BOB, from = new TestChain(network)): TestChain {
  for (let at = 0; at < blocks; at++) from.grow([], miner);
  return from;
}

function payment(seq: number) {
  const terms = { fee: 200, amount: 5, validUntil: 40 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

test("a late joiner catches up with blocks and with what waits", async () => {
  const { clock, add, end } = world();
  const alice = await add(ALICE.peerId);
  const source = grown(30);
  await feed(alice.chain, source, 1, 30);
  assert.ok((await alice.chain.submit(payment(0))).ok);
  const bob = await add(BOB.peerId);
  await clock.advance(2_000);
  assert.equal(bob.chain.tip().id, source.tip.block.id);
  assert.equal(bob.chain.pool().length, 1);
  const states = bob.events
    .filter((event) => event.type === "SyncChanged")
    .map(({ sync: { state, phase, height, targetHeight } }) => `${state} ${phase} ${height}/${targetHeight}`);
  assert.deepEqual(states.slice(-3), ["syncing headers 0/30", "syncing blocks 0/30", "synced level 30/30"]);
  await end();
});

test("a late joiner is given all payments behind one that a reorganisation gave back", async () => {
  const { clock, add, end } = world();
  const alice = await add(ALICE.peerId);
  const lost = new TestChain(network);
  lost.grow([payment(0)]);
  await feed(alice.chain, lost, 1, 1);
  for (let seq = 1; seq < 9; seq++) assert.ok((await alice.chain.submit(payment(seq))).ok);
  await feed(alice.chain, grown(2, CAROL), 1, 2);
  const bob = await add(BOB.peerId);
  await clock.advance(2_000);
  assert.equal(bob.chain.pendingOf(ALICE.account).length, 9);
  await end();
});

test("a transaction that gossip lost reaches others all the same, though no block comes", async () => {
  const clock = clockFor(network);
  const link = { delayMs: 10, jitterMs: 0, streamLoss: 0, gossipLoss: 1 };
  const peers = new SimulatedNetwork({ clock, random: seededRandom(3), link });
  const alice = await openOn(network, peers.addPeer(ALICE.peerId), memoryBlocks(), clock);
  const bob = await openOn(network, peers.addPeer(BOB.peerId), memoryBlocks(), clock);
  await clock.advance(5_000);
  assert.ok((await alice.chain.submit(payment(0))).ok);
  await clock.advance(5_000);
  assert.equal(bob.chain.pool().length, 0);
  await clock.advance(90_000);
  assert.equal(bob.chain.pool().length, 1);
  for (const { chain, faults } of [alice, bob]) {
    await clock.advanceUntilSettled(chain.close(), 60_000, "closed");
    assert.deepEqual(faults, []);
  }
});

test("blocks and transactions reach everybody by gossip", async () => {
  const { clock, add, end } = world();
  const [alice, bob, carol] = [await add(ALICE.peerId), await add(BOB.peerId), await add(CAROL.peerId)];
  await clock.advance(3_000);
  assert.ok((await alice.chain.submit(payment(0))).ok);
  await clock.advance(100);
  assert.deepEqual([bob.chain.pool().length, carol.chain.pool().length], [1, 1]);
  const { block } = bob.chain.template(BOB.account, Math.floor(clock.nowMs() / 1000));
  await take(bob.chain, mine(block.header, block.transactions));
  await clock.advance(100);
  for (const node of [alice, carol]) {
    assert.equal(node.chain.tip().height, 1);
    assert.equal(node.chain.pool().length, 0);
  }
  await end();
});

test("two parts that grew apart agree after healing, also when the fork is long", async () => {
  const { clock, peers, add, end } = world();
  const [alice, bob] = [await add(ALICE.peerId), await add(BOB.peerId)];
  await clock.advance(3_000);
  peers.partition([ALICE.peerId], [BOB.peerId]);
  const shared = grown(3);
  const [less, more] = [grown(200, ALICE, shared.fork(3)), grown(201, CAROL, shared.fork(3))];
  await feed(alice.chain, less, 1, 203);
  await feed(bob.chain, more, 1, 204);
  peers.heal();
  await clock.advance(5_000);
  assert.equal(alice.chain.tip().id, more.tip.block.id);
  assert.equal(bob.chain.tip().id, more.tip.block.id);
  await end();
});

test("a block that comes while a conversation runs is asked for when that has ended", async () => {
  const { clock, peers, add, end } = world();
  const [alice, bob] = [await add(ALICE.peerId), await add(BOB.peerId)];
  peers.setLink(ALICE.peerId, BOB.peerId, { delayMs: 400, gossipLoss: 1 });
  const source = grown(40);
  await feed(alice.chain, source, 1, 38);
  await clock.advanceUntil(() => bob.chain.tip().height === 38, 10_000, "fetched; it goes on to what waits");
  await feed(alice.chain, source, 39, 39);
  peers.setLink(ALICE.peerId, BOB.peerId, { gossipLoss: 0 });
  await feed(alice.chain, source, 40, 40);
  const withinMs = TIP_COMPARE_PERIOD_MS / 2;
  await clock.advanceUntil(() => bob.chain.tip().height === 40, withinMs, "before tips are compared again");
  await end();
});

test("two branches of equal work: both sides know of both, each stays with its own, and a block decides", async () => {
  const { clock, peers, add, end } = world();
  const [alice, bob] = [await add(ALICE.peerId), await add(BOB.peerId)];
  await clock.advance(3_000);
  peers.partition([ALICE.peerId], [BOB.peerId]);
  const [one, other] = [grown(2, ALICE), grown(2, CAROL)];
  await feed(alice.chain, one, 1, 2);
  await feed(bob.chain, other, 1, 2);
  assert.equal(alice.chain.isContested(), false);
  peers.heal();
  await clock.advance(5_000);
  assert.deepEqual([alice.chain.tip().id, bob.chain.tip().id], [one.tip.block.id, other.tip.block.id]);
  assert.deepEqual([alice.chain.isContested(), bob.chain.isContested()], [true, true]);
  assert.equal(alice.events.filter((event) => event.type === "TipContested").length, 1);
  await take(bob.chain, other.grow([], CAROL).block);
  await clock.advance(1_000);
  assert.equal(alice.chain.tip().id, other.tip.block.id);
  assert.deepEqual([alice.chain.isContested(), bob.chain.isContested()], [false, false]);
  await end();
});

test("a peer that claims an equal branch and shows only what we have wears nobody out", async () => {
  const { clock, peers, add, end } = world();
  const chain = grown(2);
  let asked = 0;
  puppet(peers.addPeer(BOB.peerId), (question) => {
    if (question.type === "hello") {
      const { header } = chain.tip.block;
      const { chainId } = network;
      return encodeSyncMessage({ ...question, chainId, height: 2, tip: BOB_NOWHERE, work: header.chainWork });
    }
    if (question.type !== "get-headers") return null;
    asked += 1;
    return headersOf(chain);
  });
  const carol = await add(CAROL.peerId);
  await feed(carol.chain, chain, 1, 2);
  await clock.advance(3_000);
  assert.ok(asked > 0 && asked < 40, `asked ${asked} times`);
  await end();
});

test("a block whose parent is missing makes us ask its sender, and a lost one is found by comparing tips", async () => {
  const { clock, peers, add, end } = world();
  const [alice, bob] = [await add(ALICE.peerId), await add(BOB.peerId)];
  await clock.advance(3_000);
  const source = grown(4);
  peers.setLink(ALICE.peerId, BOB.peerId, { gossipLoss: 1 });
  await feed(alice.chain, source, 1, 2);
  await clock.advance(500);
  assert.equal(bob.chain.tip().height, 0);
  peers.setLink(ALICE.peerId, BOB.peerId, { gossipLoss: 0 });
  await feed(alice.chain, source, 3, 3);
  await clock.advance(500);
  assert.equal(bob.chain.tip().height, 3);
  peers.setLink(ALICE.peerId, BOB.peerId, { gossipLoss: 1 });
  await feed(alice.chain, source, 4, 4);
  await clock.advance(TIP_COMPARE_PERIOD_MS + 500);
  assert.equal(bob.chain.tip().height, 4);
  await end();
});

test("a peer of another network is named as such on both sides, and not punished", async () => {
  const { clock, peers, add, end } = world();
  const other = testNetwork({ name: "elsewhere" });
  const alice = await add(ALICE.peerId);
  const bob = await add(BOB.peerId, other);
  await clock.advance(3_000);
  assert.deepEqual([...alice.chain.peersOnOtherNetworks()], [[BOB.peerId, bob.chain.network.chainIdHex]]);
  assert.deepEqual([...bob.chain.peersOnOtherNetworks()], [[ALICE.peerId, alice.chain.network.chainIdHex]]);
  assert.deepEqual(
    alice.events.filter((event) => event.type === "PeerNetworkDiffers"),
    [{ type: "PeerNetworkDiffers", peer: BOB.peerId }],
  );
  await clock.advance(5 * TIP_COMPARE_PERIOD_MS);
  assert.ok(peers.isConnected(ALICE.peerId, BOB.peerId));
  peers.stop(BOB.peerId);
  await clock.advance(3_000);
  assert.deepEqual([...alice.chain.peersOnOtherNetworks()], []);
  await end();
});

test("who speaks of another network, or of none, is not waited for before we say that we are level", async () => {
  const { clock, peers, add, end } = world();
  const alice = await add(ALICE.peerId);
  // A tracker, say.
  peers.addPeer(person(7).peerId);
  await add(CAROL.peerId, testNetwork({ name: "elsewhere" }));
  await clock.advance(3_000);
  assert.equal(alice.chain.syncState().phase, "alone");
  await add(BOB.peerId);
  await clock.advance(3_000);
  assert.equal(alice.chain.syncState().phase, "level");
  peers.stop(BOB.peerId);
  await clock.advance(30_000);
  assert.equal(alice.chain.syncState().phase, "alone");
  await end();
});

/** A peer that speaks the protocol as the test says; `answer` gives frames for a question. */
function puppet(peer: Network, answer: (question: SyncMessage) => Uint8Array | null): void {
  peer.handle(SYNC_PROTOCOL, OPTIONS, async (stream) => {
    for (
      let frame = await stream.receive();
      frame.ok && frame.value !== null;
      frame = await stream.receive()
    ) {
      const question = decodeSyncMessage(frame.value);
      const bytes = question.ok ? answer(question.value) : null;
      if (bytes === null) return;
      await stream.send(bytes);
    }
  });
}

function helloOf(chain: TestChain, work = chain.tip.block.header.chainWork): Uint8Array {
  const { id, header } = chain.tip.block;
  const { height } = header;
  const rest = { bodiesFrom: 0, snapshots: [] };
  return encodeSyncMessage({ type: "hello", chainId: network.chainId, height, tip: id, work, ...rest });
}

const MISCHIEF: readonly [string, (question: SyncMessage, chain: TestChain) => Uint8Array][] = [
  ["garbage", () => Uint8Array.of(200, 1, 2)],
  ["an answer to another question", () => encodeSyncMessage({ type: "get-pool" })],
  [
    "headers that continue nothing",
    (_question, chain) =>
      encodeSyncMessage({ type: "headers", headers: [encodeHeader(chain.tip.block.header)] }),
  ],
  [
    "headers without work",
    (_question, chain) => {
      const { header } = chain.at(1).block;
      return encodeSyncMessage({ type: "headers", headers: [encodeHeader({ ...header, bits: 0x20000001 })] });
    },
  ],
  [
    "other blocks than asked for",
    (question, chain) =>
      question.type === "get-blocks"
        ? encodeSyncMessage({ type: "block", bytes: encodeBlock(chain.tip.block) })
        : headersOf(chain),
  ],
];

function headersOf(chain: TestChain): Uint8Array {
  const headers: Uint8Array[] = [];
  for (let height = 1; height <= chain.tip.block.header.height; height++) {
    headers.push(encodeHeader(chain.at(height).block.header));
  }
  return encodeSyncMessage({ type: "headers", headers });
}

for (const [what, misbehave] of MISCHIEF) {
  test(`a peer that answers with ${what} is judged, nothing of it is kept, and others are asked`, async () => {
    const { clock, peers, add, end } = world();
    const chain = grown(3);
    const bob = peers.addPeer(BOB.peerId);
    puppet(bob, (question) => (question.type === "hello" ? helloOf(chain) : misbehave(question, chain)));
    const judged: string[] = [];
    const carolNet = peers.addPeer(CAROL.peerId);
    const { judge } = carolNet;
    carolNet.judge = (peer, judgement) => {
      judged.push(`${peer === BOB.peerId ? "bob" : peer} ${judgement}`);
      judge.call(carolNet, peer, judgement);
    };
    const carol = await openOn(network, carolNet, memoryBlocks(), clock);
    await clock.advance(2_000);
    assert.ok(judged.includes("bob reject"), judged.join());
    assert.equal(carol.chain.tip().height, 0);
    assert.equal(carol.store.heaviest()?.height, 0);

    const alice = await add(ALICE.peerId);
    await feed(alice.chain, chain, 1, 3);
    await clock.advance(TIP_COMPARE_PERIOD_MS + 2_000);
    assert.equal(carol.chain.tip().id, chain.tip.block.id);
    assert.deepEqual(carol.faults, []);
    await clock.advanceUntilSettled(carol.chain.close(), 60_000, "closed");
    await end();
  });
}

test("a silent peer, and one that claims work it cannot show, hold nobody up", async () => {
  const { clock, peers, add, end } = world();
  const chain = grown(5);
  puppet(peers.addPeer(BOB.peerId), (question) => {
    if (question.type === "hello") return helloOf(chain, 2n ** 100n);
    return question.type === "get-headers" ? encodeSyncMessage({ type: "headers", headers: [] }) : null;
  });
  peers.addPeer(person(9).peerId).handle(SYNC_PROTOCOL, OPTIONS, async (stream) => {
    while ((await stream.receive({ timeoutMs: 600_000 })).ok);
  });
  const carol = await add(CAROL.peerId);
  const alice = await add(ALICE.peerId);
  await feed(alice.chain, chain, 1, 5);
  await clock.advance(3_000);
  assert.equal(carol.chain.tip().id, chain.tip.block.id);
  assert.equal(carol.chain.syncState().state, "synced");
  await end();
});

test("a peer that gives a block now and then holds nobody up who can have them from another", async () => {
  const { clock, peers, add, end } = world();
  const chain = grown(40);
  const slow = peers.addPeer(BOB.peerId);
  slow.handle(SYNC_PROTOCOL, OPTIONS, async (stream) => {
    for (let frame = await stream.receive(); frame.ok && frame.value !== null; ) {
      const question = decodeSyncMessage(frame.value);
      if (!question.ok) return;
      if (question.value.type === "hello") await stream.send(helloOf(chain));
      if (question.value.type === "get-headers") await stream.send(headersOf(chain));
      if (question.value.type === "get-blocks") {
        const [id] = question.value.ids;
        await new Promise<void>((resolve) => clock.after(14_000, resolve));
        for (let height = 1; height <= 40; height++) {
          const { block } = chain.at(height);
          if (block.id === id)
            await stream.send(encodeSyncMessage({ type: "block", bytes: encodeBlock(block) }));
        }
      }
      frame = await stream.receive();
    }
  });
  const carol = await add(CAROL.peerId);
  await clock.advance(5_000);
  assert.equal(carol.chain.syncState().state, "syncing");
  const alice = await add(ALICE.peerId);
  await feed(alice.chain, chain, 1, 40);
  await clock.advance(60_000);
  assert.equal(carol.chain.tip().id, chain.tip.block.id);
  await end();
});

test("a peer that shows headers and withholds the blocks keeps us from mining for a small part of the time", async () => {
  const { clock, peers, add, end } = world();
  const chain = grown(5);
  peers.addPeer(BOB.peerId).handle(SYNC_PROTOCOL, OPTIONS, async (stream) => {
    for (let frame = await stream.receive(); frame.ok && frame.value !== null; ) {
      const question = decodeSyncMessage(frame.value);
      if (question.ok && question.value.type === "hello") await stream.send(helloOf(chain));
      if (question.ok && question.value.type === "get-headers") await stream.send(headersOf(chain));
      frame = await stream.receive({ timeoutMs: 600_000 });
    }
  });
  const carol = await add(CAROL.peerId);
  let syncing = 0;
  for (let second = 0; second < 600; second++) {
    await clock.advance(1_000);
    if (carol.chain.syncState().state === "syncing") syncing += 1;
  }
  assert.ok(syncing > 0 && syncing < 150, `${syncing} of 600 seconds`);
  await end();
});

async function converse(stream: FrameStream, message: SyncMessage): Promise<SyncMessage | null> {
  await stream.send(encodeSyncMessage(message));
  return heard(stream);
}

async function heard(stream: FrameStream): Promise<SyncMessage | null> {
  const frame = await stream.receive({ timeoutMs: 5_000 });
  if (!frame.ok || frame.value === null) return null;
  const decoded = decodeSyncMessage(frame.value);
  return decoded.ok ? decoded.value : null;
}

test("the serving side answers what was asked, in bounds, and nothing before a hello", async () => {
  const { clock, peers, add, end } = world();
  const alice = await add(ALICE.peerId);
  const chain = grown(12);
  await feed(alice.chain, chain, 1, 12);
  const bob = peers.addPeer(BOB.peerId);
  await clock.advance(3_000);
  const talk = async () => {
    const opened = await bob.open(ALICE.peerId, SYNC_PROTOCOL, { ...OPTIONS, timeoutMs: 1_000 });
    assert.ok(opened.ok);
    const hello = decodeSyncMessage(helloOf(new TestChain(network)));
    assert.ok(hello.ok);
    assert.equal((await converse(opened.value, hello.value))?.type, "hello");
    const ids = [chain.at(12).block.id, chain.at(2).block.id, BOB_NOWHERE, chain.at(3).block.id];
    const headers = await converse(opened.value, {
      type: "get-headers",
      locator: [BOB_NOWHERE, chain.at(10).block.id],
    });
    assert.equal(headers?.type === "headers" ? headers.headers.length : -1, 2);
    const all = await converse(opened.value, { type: "get-headers", locator: [] });
    assert.equal(all?.type === "headers" ? all.headers.length : -1, 12);
    const blocks = [await converse(opened.value, { type: "get-blocks", ids })];
    for (let more = 1; more < ids.length; more++) blocks.push(await heard(opened.value));
    assert.deepEqual(
      blocks.map((block) => block?.type === "block" && block.bytes !== null),
      [true, true, false, true],
    );
    const none = await converse(opened.value, { type: "get-transactions", ids: [] });
    assert.deepEqual(none, { type: "transactions", transactions: [] });
    assert.equal(
      await converse(opened.value, { type: "headers", headers: [] }),
      null,
      "an answer is no question",
    );

    const unasked = await bob.open(ALICE.peerId, SYNC_PROTOCOL, { ...OPTIONS, timeoutMs: 1_000 });
    assert.ok(unasked.ok);
    assert.equal(await converse(unasked.value, { type: "get-pool" }), null);
  };
  await clock.advanceUntilSettled(talk(), 60_000, "talked");
  await end();
});

const BOB_NOWHERE = "12".repeat(32) as Block["id"];
