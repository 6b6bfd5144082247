/** Tests catching up beside peers that stall, withhold, lie and flood, among whole chains over a simulated network. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { fail } from "#base/result.ts";
import { encodeBlock, encodeHeader } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { SYNC_FRAME_BYTES_MAX, SYNC_HEADERS_MAX, SYNC_SEND_TIMEOUT_MS } from "../limits.ts";
import { clockFor, feed, openOn } from "../test-node.ts";
import { encodeSyncMessage, SYNC_PROTOCOL, type SyncMessage } from "./sync-codec.ts";
import { falseChain, type Mischief, puppet } from "./test-puppet.ts";

const network = testNetwork();

type SimulatedPeer = ReturnType<SimulatedNetwork["addPeer"]>;

function world() {
  const clock = clockFor(network);
  const peers = new SimulatedNetwork({ clock, random: seededRandom(3) });
  const judged: string[] = [];
  return {
    clock,
    peers,
    judged,
    puppet: (peer: PeerId, chain: TestChain, mischief?: Mischief) =>
      puppet(peers.addPeer(peer), chain, mischief),
    node: async (peer: PeerId, change: (own: SimulatedPeer) => void = () => undefined) => {
      const own = peers.addPeer(peer);
      change(own);
      const { judge } = own;
      own.judge = (other, judgement) => {
        judged.push(`${other} ${judgement}`);
        judge.call(own, other, judgement);
      };
      const node = await openOn(network, own, memoryBlocks(), clock);
      return {
        ...node,
        close: async (): Promise<void> => {
          await clock.advanceUntilSettled(node.chain.close(), 60_000, "closed");
          assert.deepEqual([...node.faults, ...peers.faults], []);
        },
      };
    },
  };
}

function grown(blocks: number, from = new TestChain(network), miner = BOB): TestChain {
  for (let at = 0; at < blocks; at++) from.grow([], miner);
  return from;
}

const isBodies = (question: SyncMessage): boolean => question.type === "get-blocks";

test("bodies come from several peers at once, each block from one of them", async () => {
  const { clock, puppet, node } = world();
  const chain = grown(300);
  const helpers = [1, 2, 3].map((number) => puppet(person(10 + number).peerId, chain));
  const carol = await node(CAROL.peerId);
  await clock.advanceUntil(() => carol.chain.tip().height === 300, 20_000, "level");
  const shares = helpers.map(({ blocksAsked }) => blocksAsked.length);
  assert.equal(
    shares.reduce((sum, share) => sum + share, 0),
    300,
  );
  assert.ok(Math.min(...shares) >= 30, shares.join());
  await carol.close();
});

test("a peer that withholds bodies loses its blocks to another within seconds, and holds nobody up", async () => {
  const { clock, puppet, node } = world();
  const chain = grown(200);
  puppet(ALICE.peerId, chain, (question, right) => (isBodies(question) ? null : right));
  puppet(BOB.peerId, chain);
  const carol = await node(CAROL.peerId);
  await clock.advance(8_000);
  assert.equal(carol.chain.tip().height, 200);
  await carol.close();
});

test("a peer that brings a block every second and a half gets few of them to bring", async () => {
  const { clock, puppet, node } = world();
  const chain = grown(400);
  const slow = puppet(ALICE.peerId, chain, async (question, right) => {
    if (isBodies(question)) await new Promise<void>((resolve) => clock.after(1_500 * right.length, resolve));
    return right;
  });
  puppet(BOB.peerId, chain);
  const carol = await node(CAROL.peerId);
  await clock.advanceUntil(() => carol.chain.tip().height === 400, 30_000, "level");
  assert.ok(slow.blocksAsked.length < 60, `${slow.blocksAsked.length} asked`);
  await carol.close();
});

test("a body that is not the one the header commits to is refused, its giver judged, and others asked", async () => {
  const { clock, judged, puppet, node } = world();
  const chain = grown(40);
  const other = grown(40, new TestChain(network), CAROL);
  const swapped = ({ block }: { readonly block: TestChain["tip"]["block"] }): Uint8Array => {
    const { header } = block;
    return encodeBlock({ ...block, transactions: other.at(header.height).block.transactions });
  };
  puppet(ALICE.peerId, chain, (question, right) =>
    question.type === "get-blocks"
      ? question.ids.map((id) => {
          const height = Array.from({ length: 41 }, (_, at) => at).find((at) => chain.at(at).block.id === id);
          return { type: "block", bytes: swapped(chain.at(height ?? 0)) };
        })
      : right,
  );
  const carol = await node(CAROL.peerId);
  await clock.advance(3_000);
  assert.ok(judged.includes(`${ALICE.peerId} reject`));
  assert.equal(carol.chain.tip().height, 0);
  puppet(BOB.peerId, chain);
  await clock.advanceUntil(() => carol.chain.tip().height === 40, 60_000, "level");
  await carol.close();
});

test("a withheld body: its branch is not adopted, a lighter one that is there makes progress meanwhile", async () => {
  const { clock, puppet, node } = world();
  const shared = grown(5);
  const [withheld, there] = [grown(30, shared.fork(5), ALICE), grown(20, shared.fork(5), CAROL)];
  const withholder = puppet(ALICE.peerId, withheld, (question, right) => (isBodies(question) ? null : right));
  puppet(BOB.peerId, there);
  const carol = await node(CAROL.peerId);
  await clock.advance(60_000);
  assert.equal(carol.chain.tip().id, there.tip.block.id);
  assert.ok(withholder.blocksAsked.length < 200, `${withholder.blocksAsked.length} asked`);
  await carol.close();
});

test("an invalid block buried in the chain with the most work: the next best is taken, and nothing goes round", async () => {
  const { clock, judged, puppet, node } = world();
  const shared = grown(5);
  const honest = grown(20, shared.fork(5), CAROL);
  const liar = puppet(ALICE.peerId, falseChain(shared, 40));
  puppet(BOB.peerId, honest);
  const carol = await node(CAROL.peerId);
  await clock.advance(120_000);
  assert.equal(carol.chain.tip().id, honest.tip.block.id);
  assert.ok(judged.includes(`${ALICE.peerId} reject`));
  assert.ok((liar.asked.get("get-headers") ?? 0) < 5 && liar.blocksAsked.length < 200);
  assert.equal(carol.chain.syncState().state, "synced");
  await carol.close();
});

test("a false chain that many show is left by all of its headers, and keeps nobody from the next best", async () => {
  const { clock, puppet, node } = world();
  const shared = grown(5);
  const honest = grown(20, shared.fork(5), CAROL);
  const lie = falseChain(shared, 40);
  for (let number = 0; number < 12; number++) puppet(person(50 + number).peerId, lie);
  puppet(BOB.peerId, honest);
  const carol = await node(CAROL.peerId);
  await clock.advanceUntil(() => carol.chain.tip().height === 25, 20_000, "level with the honest");
  assert.equal(carol.store.entry(lie.tip.block.id)?.invalid, true);
  await carol.close();
});

test("headers of little work from long ago leave nothing, however much work their sender claims", async () => {
  const { clock, puppet, node, judged } = world();
  const ours = grown(400);
  const cheap = grown(200, new TestChain(network), ALICE);
  const carol = await node(CAROL.peerId);
  await feed(carol.chain, ours, 1, 400);
  const liar = puppet(ALICE.peerId, cheap, (question, right) =>
    question.type === "hello"
      ? (right.map((hello) => ({ ...hello, work: 2n ** 100n })) as SyncMessage[])
      : right,
  );
  await clock.advance(120_000);
  for (let height = 1; height <= 200; height++)
    assert.equal(carol.store.entry(cheap.at(height).block.id), null);
  assert.equal(carol.chain.tip().height, 400);
  assert.ok((liar.asked.get("get-headers") ?? 0) < 12, `${liar.asked.get("get-headers")} times`);
  assert.deepEqual(judged, []);
  await carol.close();
});

test("blocks whose parents nobody has leave nothing: one header sync, and its sender rests", async () => {
  const { clock, puppet, node } = world();
  const carol = await node(CAROL.peerId);
  const chain = grown(12);
  const claims = puppet(BOB.peerId, chain, (question, right) => {
    if (question.type !== "get-headers") return right;
    return [{ type: "headers", headers: [encodeHeader(chain.tip.block.header)] }];
  });
  await clock.advance(60_000);
  assert.equal(carol.store.heaviestHeader()?.height, 0);
  assert.ok((claims.asked.get("get-headers") ?? 0) < 6);
  await carol.close();
});

test("whoever asks and does not read is broken off, and its place is free again", async () => {
  const { clock, peers, node } = world();
  const carol = await node(CAROL.peerId);
  await feed(carol.chain, grown(SYNC_HEADERS_MAX / 20), 1, SYNC_HEADERS_MAX / 20);
  const reader = peers.addPeer(BOB.peerId);
  await clock.advance(2_000);
  const opened = await clock.advanceUntilSettled(
    reader.open(CAROL.peerId, SYNC_PROTOCOL, {
      frameBytesMax: SYNC_FRAME_BYTES_MAX,
      streamsPerPeerMax: 8,
      timeoutMs: 1_000,
    }),
    5_000,
    "opened",
  );
  assert.ok(opened.ok);
  const { tip, network: ledger } = carol.chain;
  const { height, id } = tip();
  const hello: SyncMessage = {
    type: "hello",
    chainId: ledger.chainId,
    height,
    tip: id,
    work: 1n,
    bodiesFrom: 0,
    snapshots: [],
  };
  await opened.value.send(encodeSyncMessage(hello));
  for (let asked = 0; asked < 200; asked++) {
    await opened.value.send(encodeSyncMessage({ type: "get-headers", locator: [] }));
  }
  await clock.advance(SYNC_SEND_TIMEOUT_MS + 5_000);
  const sent = await opened.value.send(encodeSyncMessage({ type: "get-pool" }));
  assert.equal(sent.ok, false);
  await carol.close();
});

test("a heavier branch whose bodies nobody keeps is told of as long as it is heavier than ours", async () => {
  const { clock, puppet, node } = world();
  const shared = grown(10);
  const [ours, theirs] = [grown(3, shared.fork(10)), grown(2, shared.fork(10), CAROL)];
  puppet(BOB.peerId, theirs, (question, right) =>
    question.type === "get-blocks"
      ? question.ids.map(() => ({ type: "block", bytes: null }))
      : right.map((answer) => (answer.type === "hello" ? { ...answer, bodiesFrom: 100 } : answer)),
  );
  const carol = await node(CAROL.peerId);
  await feed(carol.chain, ours, 1, 11);
  await clock.advance(60_000);
  assert.equal(carol.chain.problem()?.code, "blocks-nowhere");
  const { state, phase, targetHeight } = carol.chain.syncState();
  assert.deepEqual([state, phase, targetHeight], ["synced", "blocks", 12]);
  await feed(carol.chain, ours, 12, 12);
  assert.equal(carol.chain.problem()?.code, "blocks-nowhere");
  await feed(carol.chain, ours, 13, 13);
  assert.equal(carol.chain.problem(), null);
  assert.equal(carol.chain.syncState().phase, "level");
  await clock.advance(60_000);
  assert.equal(carol.chain.problem(), null);
  await carol.close();
});

test("one header with its body withheld, shown by ten silent peers, does not keep us from mining", async () => {
  const { clock, puppet, node } = world();
  const shared = grown(10);
  const theirs = grown(2, shared.fork(10), CAROL);
  const silent: Mischief = (question, right) => (isBodies(question) ? null : right);
  for (let number = 0; number < 10; number++) puppet(person(50 + number).peerId, theirs, silent);
  const carol = await node(CAROL.peerId);
  await feed(carol.chain, grown(1, shared.fork(10)), 1, 11);
  await clock.advance(30_000);
  for (let second = 0; second < 300; second++) {
    await clock.advance(1_000);
    assert.equal(carol.chain.syncState().state, "synced", `after ${second} s`);
  }
  puppet(person(80).peerId, theirs);
  await clock.advanceUntil(() => carol.chain.tip().height === 12, 300_000, "brought by one that has it");
  await carol.close();
});

test("conversations that break off because our ledger cannot be read leave no streams behind", async () => {
  const { clock, peers, puppet, node } = world();
  const chain = grown(20);
  let open = 0;
  puppet(BOB.peerId, chain);
  const carol = await node(CAROL.peerId, (own) => {
    const opening = own.open.bind(own);
    own.open = async (...to) => {
      const opened = await opening(...to);
      if (!opened.ok) return opened;
      open += 1;
      const { close, reset } = opened.value;
      let isEnded = false;
      const ended = (): void => {
        open -= isEnded ? 0 : 1;
        isEnded = true;
      };
      opened.value.close = () => {
        ended();
        return close.call(opened.value);
      };
      opened.value.reset = (cause) => {
        ended();
        reset.call(opened.value, cause);
      };
      return opened;
    };
  });
  const { bodiesFrom } = carol.store;
  carol.store.bodiesFrom = () => {
    throw new Error("damaged");
  };
  await clock.advance(100_000);
  assert.ok(carol.faults.length > 3);
  assert.equal(open, 0);
  carol.store.bodiesFrom = bodiesFrom;
  carol.faults.length = 0;
  await clock.advanceUntil(() => carol.chain.tip().height === 20, 30_000, "level");
  await carol.close();
  assert.ok(peers.faults.length === 0);
});

test("catching up that breaks off because our ledger cannot be read does not go on for ever", async () => {
  const { clock, peers, puppet, node } = world();
  puppet(BOB.peerId, grown(20));
  const carol = await node(CAROL.peerId);
  const { keepHeaders } = carol.store;
  carol.store.keepHeaders = () => {
    throw new Error("damaged");
  };
  await clock.advance(10_000);
  assert.ok(carol.faults.length > 0);
  carol.store.keepHeaders = keepHeaders;
  carol.faults.length = 0;
  peers.stop(BOB.peerId);
  const alice = grown(1);
  puppet(ALICE.peerId, alice);
  await clock.advanceUntil(() => carol.chain.tip().height === 1, 60_000, "level with another");
  await clock.advance(1_000);
  assert.deepEqual([carol.chain.syncState().state, carol.chain.syncState().phase], ["synced", "level"]);
  await carol.close();
});

test("what is looked at by the clock is looked at again once our ledger can be read, and throws out of no timer meanwhile", async () => {
  const { clock, puppet, node } = world();
  let isSilent = true;
  puppet(ALICE.peerId, grown(30), (question, right) => (isSilent && isBodies(question) ? null : right));
  puppet(BOB.peerId, grown(15, new TestChain(network), CAROL));
  const carol = await node(CAROL.peerId);
  await clock.advance(2_000);
  assert.equal(carol.chain.syncState().phase, "blocks");
  const { entry } = carol.store;
  carol.store.entry = () => {
    throw new Error("damaged");
  };
  await clock.advance(60_000);
  assert.ok(carol.faults.length > 3);
  carol.store.entry = entry;
  carol.faults.length = 0;
  isSilent = false;
  await clock.advanceUntil(() => carol.chain.tip().height === 30, 60_000, "level");
  await carol.close();
});

test("a heavier branch without the final block, known by its headers before, keeps nobody from catching up", async () => {
  const { clock, puppet, node } = world();
  const shared = grown(5);
  const [theirs, ours] = [grown(30, shared.fork(5), CAROL), grown(10, shared.fork(5))];
  let isWithheld = true;
  puppet(ALICE.peerId, theirs, (question, right) => (isBodies(question) && isWithheld ? null : right));
  const carol = await node(CAROL.peerId);
  await feed(carol.chain, ours, 1, 12);
  await clock.advance(5_000);
  assert.notEqual(carol.store.entry(theirs.tip.block.id), null);
  const final = ours.at(8).block;
  await carol.chain.seekFinal({ id: final.id, height: final.header.height });
  assert.equal(carol.chain.finalBlock()?.id, final.id);
  isWithheld = false;
  await clock.advance(60_000);
  puppet(BOB.peerId, ours);
  await clock.advanceUntil(
    () => carol.chain.tip().height === 15,
    60_000,
    "level with who has the final block",
  );
  await carol.close();
});

test("while our disk is full, peers are asked now and then, not without end", async () => {
  const { clock, puppet, node } = world();
  const helper = puppet(BOB.peerId, grown(40));
  const carol = await node(CAROL.peerId);
  const { connect } = carol.store;
  carol.store.connect = () => fail({ code: "store-unavailable", cause: "full" });
  await clock.advance(60_000);
  assert.ok((helper.asked.get("hello") ?? 0) < 20, `asked ${helper.asked.get("hello")} times`);
  carol.store.connect = connect;
  await clock.advanceUntil(() => carol.chain.tip().height === 40, 60_000, "level when there is room");
  await carol.close();
});
