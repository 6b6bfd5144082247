/**
 * Announced blocks: a whole node against scripted peers that announce, answer, stall or lie. It is long because each way to
 * lie has its own test over the same scripts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockId, PeerId } from "#base/brand.ts";
import {
  type Block,
  encodeBlock,
  encodeTransaction,
  type SignedTransaction,
  signTransaction,
} from "#ledger/index.ts";
import { ALICE, BOB, CAROL, mine, person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import type { FrameStream, Judgement, Network } from "#ports/network.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import {
  ANNOUNCED_BLOCKS_MAX,
  BLOCK_PARTS_STREAMS_PER_PEER_MAX,
  BLOCK_PARTS_TIMEOUT_MS,
  BLOCK_PARTS_WAIT_MS,
} from "../limits.ts";
import { puppet } from "../sync/test-puppet.ts";
import { openOn, refusal, type TestNode } from "../test-node.ts";
import {
  BLOCK_PARTS_FRAME_BYTES_MAX,
  BLOCK_PARTS_PROTOCOL,
  type BlockPartsAnswer,
  type BlockPartsQuestion,
  decodeBlockPartsAnswer,
  decodeBlockPartsQuestion,
  encodeBlockPartsAnswer,
  encodeBlockPartsQuestion,
} from "./block-parts-codec.ts";
import { type CompactBlock, compactOf, encodeCompactBlock } from "./compact-block.ts";
import { topicName } from "./relay.ts";

const network = testNetwork();
const OPTIONS = { frameBytesMax: BLOCK_PARTS_FRAME_BYTES_MAX, streamsPerPeerMax: 4 };
const DAVE = person(4);

function transfer(seq: number): SignedTransaction {
  const terms = { fee: 200, amount: 10, validUntil: 40, seq };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

function announcementOf(block: Block, changed: Partial<CompactBlock> = {}, nonce = 7n): Uint8Array {
  return encodeCompactBlock({ ...compactOf(block, nonce, () => false), ...changed });
}

/** What a scripted peer answers; `null`: nothing, and the stream stays open. */
type Script = (question: BlockPartsQuestion) => BlockPartsAnswer | Uint8Array | null;

function honest(block: Block): Script {
  return (question) => {
    if (question.type === "get-whole") return { type: "whole", block: encodeBlock(block) };
    const parts = question.positions.map((at) => block.transactions[at]).filter((each) => each !== undefined);
    return { type: "parts", transactions: parts.map(encodeTransaction) };
  };
}

/** A peer without a chain: announces what the test says, answers by its script, remembers what it was asked. */
class Scripted {
  readonly asked: BlockPartsQuestion[] = [];
  readonly peer: Network;
  readonly #topic: ReturnType<Network["topic"]>;
  readonly heard: Uint8Array[] = [];

  constructor(peer: Network, script: Script) {
    this.peer = peer;
    peer.handle(BLOCK_PARTS_PROTOCOL, OPTIONS, (stream) => this.#answer(stream, script));
    this.#topic = peer.topic(topicName(network.chainId, "block"), {
      messageBytesMax: 1 << 20,
      validate: async (bytes) => {
        this.heard.push(bytes);
        return "ignore";
      },
    });
  }

  async announce(bytes: Uint8Array): Promise<void> {
    await this.#topic.publish(bytes);
  }

  async #answer(stream: FrameStream, script: Script): Promise<void> {
    const frame = await stream.receive();
    const question = frame.ok && frame.value !== null ? decodeBlockPartsQuestion(frame.value) : null;
    if (question?.ok !== true) return;
    this.asked.push(question.value);
    const answer = script(question.value);
    if (answer === null) await stream.receive();
    else await stream.send(answer instanceof Uint8Array ? answer : encodeBlockPartsAnswer(answer));
  }
}

interface World {
  readonly clock: SimulatedClock;
  readonly node: TestNode;
  /** What the node concluded of each gossiped announcement, and of each peer otherwise. */
  readonly verdicts: Judgement[];
  readonly judged: PeerId[];
  join(peer: PeerId, script?: Script): Promise<Scripted>;
  end(): Promise<void>;
}

const NOTHING: Script = () => ({ type: "not-here" });

/** Bob's node, alone until scripted peers join. */
async function world(seconds = 1_000_000): Promise<World> {
  const clock = new SimulatedClock((network.params.genesisTime + seconds) * 1000);
  const peers = new SimulatedNetwork({ clock, random: seededRandom(6) });
  const bob = peers.addPeer(BOB.peerId);
  const [verdicts, judged]: [Judgement[], PeerId[]] = [[], []];
  const [topic, judge] = [bob.topic.bind(bob), bob.judge.bind(bob)];
  bob.topic = (name, options) =>
    topic(name, {
      ...options,
      validate: async (message, from) => {
        const verdict = await options.validate(message, from);
        verdicts.push(verdict);
        return verdict;
      },
    });
  bob.judge = (peer, judgement) => {
    if (judgement === "reject") judged.push(peer);
    judge(peer, judgement);
  };
  const node = await openOn(network, bob, memoryBlocks(), clock);
  return {
    clock,
    node,
    verdicts,
    judged,
    join: async (peer, script = NOTHING) => {
      const scripted = new Scripted(peers.addPeer(peer), script);
      await clock.advance(2_000);
      return scripted;
    },
    end: async () => {
      await clock.advanceUntilSettled(node.chain.close(), 60_000, "closed");
      assert.deepEqual([node.faults, peers.faults], [[], []]);
    },
  };
}

/** The block after genesis with some transfers, and the node's pool filled with all but the first `missing`. */
async function prepared(count: number, missing: number) {
  const transfers = Array.from({ length: count }, (_, seq) => transfer(seq));
  const block = new TestChain(network).next(transfers);
  return {
    block,
    fill: async ({ node }: World) => {
      // The pool takes what stands behind a small gap.
      for (const each of transfers.slice(missing)) assert.ok((await node.chain.submit(each)).ok);
    },
  };
}

const tipOf = ({ node }: World): BlockId => node.chain.tip().id;

test("a block whose transactions all wait here is taken by its announcement alone", async () => {
  const here = await world();
  const { block, fill } = await prepared(6, 0);
  await fill(here);
  const alice = await here.join(ALICE.peerId, honest(block));
  await alice.announce(announcementOf(block));
  await here.clock.advance(50);
  assert.equal(tipOf(here), block.id);
  assert.deepEqual([alice.asked, here.verdicts], [[], ["accept"]]);
  await here.end();
});

test("missing transactions are asked of whoever announced the block", async () => {
  const here = await world();
  const { block, fill } = await prepared(5, 2);
  await fill(here);
  const alice = await here.join(ALICE.peerId, honest(block));
  await alice.announce(announcementOf(block));
  await here.clock.advance(50);
  assert.equal(tipOf(here), block.id);
  assert.deepEqual(alice.asked, [{ type: "get-parts", id: block.id, positions: [1, 2] }]);
  await here.end();
});

test("a compact block with colliding short ids or a wrong prefilled transaction: the whole block is fetched, nobody is banned", async () => {
  const { block, fill } = await prepared(3, 0);
  const compact = compactOf(block, 7n, () => false);
  const [coinbase] = compact.prefilled;
  assert.ok(coinbase !== undefined);
  const garbage: Partial<CompactBlock>[] = [
    { shortIds: compact.shortIds.map(() => 5) },
    { prefilled: [coinbase, { index: 1, transaction: transfer(2) }], shortIds: compact.shortIds.slice(1) },
    // Short ids of nothing: what is supplied has others.
    { shortIds: [1, 2, 3] },
  ];
  for (const changed of garbage) {
    const here = await world();
    await fill(here);
    const alice = await here.join(ALICE.peerId, honest(block));
    await alice.announce(announcementOf(block, changed));
    await here.clock.advance(100);
    assert.equal(tipOf(here), block.id);
    assert.equal(alice.asked.at(-1)?.type, "get-whole");
    assert.deepEqual([here.judged, here.verdicts], [[], ["accept"]]);
    await here.end();
  }
});

test("a second announcement helps where the first one was garbage under the same header", async () => {
  const here = await world();
  const { block, fill } = await prepared(3, 0);
  await fill(here);
  const alice = await here.join(ALICE.peerId, () => null);
  const carol = await here.join(CAROL.peerId, () => null);
  await alice.announce(announcementOf(block, { shortIds: [1, 2, 3] }));
  await here.clock.advance(50);
  assert.notEqual(tipOf(here), block.id);
  await carol.announce(announcementOf(block, {}, 8n));
  await here.clock.advance(50);
  assert.equal(tipOf(here), block.id);
  assert.deepEqual([here.verdicts, here.judged], [["accept", "ignore"], []]);
  await here.end();
});

test("a second announcement that is whole and false changes nothing: nobody is asked for nothing", async () => {
  const here = await world();
  const { block } = await prepared(3, 0);
  const alice = await here.join(ALICE.peerId, () => null);
  const carol = await here.join(CAROL.peerId, honest(block));
  const dave = await here.join(DAVE.peerId);
  await alice.announce(announcementOf(block));
  await here.clock.advance(50);
  await dave.announce(announcementOf(block, { shortIds: [] }));
  await here.clock.advance(3 * BLOCK_PARTS_TIMEOUT_MS);
  const asked = [alice, carol, dave].flatMap((peer) => peer.asked);
  assert.ok(asked.every((question) => question.type === "get-parts" && question.positions.length === 3));
  assert.deepEqual([tipOf(here), here.judged], [block.id, []]);
  await here.end();
});

test("others are asked when whoever announced the block stalls", async () => {
  const here = await world();
  const { block } = await prepared(3, 0);
  const alice = await here.join(ALICE.peerId, () => null);
  const carol = await here.join(CAROL.peerId, honest(block));
  await alice.announce(announcementOf(block));
  await here.clock.advance(BLOCK_PARTS_TIMEOUT_MS / 2);
  assert.deepEqual([alice.asked.length, carol.asked.length], [1, 0]);
  await here.clock.advance(BLOCK_PARTS_TIMEOUT_MS);
  assert.equal(carol.asked.length, 1);
  assert.equal(tipOf(here), block.id);
  await here.end();
});

test("a valid header whose body is withheld is passed on once and never becomes the tip, and other blocks are taken meanwhile", async () => {
  const here = await world();
  const { block } = await prepared(3, 0);
  const alice = await here.join(ALICE.peerId, () => null);
  const dave = await here.join(DAVE.peerId);
  await alice.announce(announcementOf(block));
  const other = new TestChain(network).next([], CAROL);
  await dave.announce(announcementOf(other));
  await here.clock.advance(100);
  assert.equal(tipOf(here), other.id);
  await here.clock.advance(60_000);
  assert.equal(tipOf(here), other.id);
  // Again under other short ids: costs nothing to make, so it is not passed on.
  await alice.announce(announcementOf(block, {}, 8n));
  await here.clock.advance(60_000);
  assert.deepEqual(here.verdicts, ["accept", "accept", "ignore"]);
  assert.deepEqual(here.judged, []);
  await here.end();
});

test("when withheld blocks hold all places, one that can be had is fetched from whoever announces it", async () => {
  const here = await world();
  const alice = await here.join(ALICE.peerId, () => null);
  const dave = await here.join(DAVE.peerId);
  const chain = new TestChain(network);
  const { block } = chain.grow([], CAROL);
  puppet(dave.peer, chain);
  for (let number = 0; number < ANNOUNCED_BLOCKS_MAX; number++) {
    await alice.announce(announcementOf(new TestChain(network).next([transfer(0)], person(20 + number))));
  }
  await dave.announce(announcementOf(block));
  await here.clock.advance(1_000);
  assert.equal(tipOf(here), block.id);
  await here.clock.advance(60_000);
  await here.end();
});

test("nobody is blamed for an invalid block under a sound header, and it is looked at once", async () => {
  const here = await world();
  const { block } = await prepared(0, 0);
  const invalid = mine({ ...block.header, stateRoot: new Uint8Array(32) }, block.transactions);
  const alice = await here.join(ALICE.peerId, honest(invalid));
  for (const nonce of [7n, 8n]) {
    await alice.announce(announcementOf(invalid, {}, nonce));
    await here.clock.advance(100);
  }
  assert.deepEqual([here.verdicts, here.judged], [["accept", "ignore"], []]);
  assert.equal(await refusal(here.node.chain, encodeBlock(invalid)), "branch-invalid");
  await here.end();
});

test("an announcement is rejected for its form and its header, ignored for an unknown parent or a block known already", async () => {
  const here = await world();
  const chain = new TestChain(network);
  const first = chain.grow().block;
  const second = chain.grow().block;
  const third = chain.grow().block;
  const alice = await here.join(ALICE.peerId, honest(first));
  const messages: readonly (readonly [Uint8Array, Judgement])[] = [
    [Uint8Array.of(1, 2, 3), "reject"],
    [announcementOf(third), "ignore"],
    [announcementOf(mine({ ...first.header, lag: 99 }, first.transactions)), "reject"],
    [announcementOf(first), "accept"],
    [announcementOf(first, {}, 8n), "ignore"],
    [announcementOf(second), "accept"],
  ];
  for (const [message] of messages) {
    await alice.announce(message);
    await here.clock.advance(100);
  }
  assert.deepEqual(
    here.verdicts,
    messages.map(([, judgement]) => judgement),
  );
  assert.equal(tipOf(here), second.id);
  await here.end();
});

test("a block announced before its parent is there waits for it, and is passed on meanwhile", async () => {
  const here = await world();
  const chain = new TestChain(network);
  const first = chain.grow([transfer(0)]).block;
  const second = chain.grow().block;
  const alice = await here.join(ALICE.peerId, () => null);
  const carol = await here.join(CAROL.peerId, honest(first));
  await alice.announce(announcementOf(first));
  await here.clock.advance(20);
  await carol.announce(announcementOf(second));
  await here.clock.advance(20);
  assert.deepEqual(here.verdicts, ["accept", "accept"]);
  await here.clock.advance(2 * BLOCK_PARTS_TIMEOUT_MS);
  assert.equal(tipOf(here), second.id);
  await here.end();
});

test("an announcement ahead of our clock is worked on when its time has come", async () => {
  const here = await world(0);
  const block = new TestChain(network).next([], BOB, network.params.maxFutureSeconds + 30);
  const alice = await here.join(ALICE.peerId);
  await alice.announce(announcementOf(block));
  await here.clock.advance(1_000);
  assert.deepEqual([here.verdicts, here.judged], [["ignore"], []]);
  await here.clock.advance(31_000);
  assert.equal(tipOf(here), block.id);
  assert.equal(alice.heard.length, 1, "told by us in its time, since the first one was not passed on");
  await here.end();
});

test("an announcement whose time comes while our ledger cannot be read is a fault of its own, and the next is taken", async () => {
  const here = await world(0);
  const source = new TestChain(network);
  const early = source.next([], BOB, network.params.maxFutureSeconds + 30);
  const alice = await here.join(ALICE.peerId);
  await alice.announce(announcementOf(early));
  await here.clock.advance(1_000);
  const { entry } = here.node.store;
  here.node.store.entry = () => {
    throw new Error("damaged");
  };
  await here.clock.advance(31_000);
  assert.match(`${here.node.faults}`, /damaged/);
  here.node.store.entry = entry;
  here.node.faults.length = 0;
  const block = source.next();
  await alice.announce(announcementOf(block));
  await here.clock.advance(1_000);
  assert.equal(tipOf(here), block.id);
  await here.end();
});

test("whoever asks for a block that is still being put together waits a little for it", async () => {
  const here = await world();
  const { block } = await prepared(2, 0);
  const alice = await here.join(ALICE.peerId, () => null);
  const carol = await here.join(CAROL.peerId, honest(block));
  await alice.announce(announcementOf(block));
  const ask = async (question: BlockPartsQuestion) => {
    const opened = await carol.peer.open(BOB.peerId, BLOCK_PARTS_PROTOCOL, { ...OPTIONS, timeoutMs: 5_000 });
    assert.ok(opened.ok);
    await opened.value.send(encodeBlockPartsQuestion(question));
    const frame = await opened.value.receive();
    assert.ok(frame.ok && frame.value !== null);
    return decodeBlockPartsAnswer(frame.value);
  };
  await here.clock.advance(BLOCK_PARTS_TIMEOUT_MS - BLOCK_PARTS_WAIT_MS / 2);
  const parts = ask({ type: "get-parts", id: block.id, positions: [1] });
  const first = block.transactions[1];
  assert.ok(first !== undefined);
  assert.deepEqual(await here.clock.advanceUntilSettled(parts, BLOCK_PARTS_WAIT_MS, "answered"), {
    ok: true,
    value: { type: "parts", transactions: [encodeTransaction(first)] },
  });
  for (const question of [
    { type: "get-whole", id: "ab".repeat(32) as BlockId },
    { type: "get-parts", id: block.id, positions: [1, 999] },
  ] as const) {
    const answer = await here.clock.advanceUntilSettled(ask(question), 5_000, "answered");
    assert.deepEqual(answer, { ok: true, value: { type: "not-here" } });
  }
  await here.end();
});

test("an answer that cannot be read, too few parts, or another block is misconduct, and the next peer is asked", async () => {
  const { block } = await prepared(2, 0);
  const lies: Script[] = [
    () => Uint8Array.of(9, 9),
    () => ({ type: "parts", transactions: [new Uint8Array(10)] }),
    () => ({ type: "whole", block: encodeBlock(network.genesis) }),
  ];
  for (const lie of lies) {
    const here = await world();
    const alice = await here.join(ALICE.peerId, lie);
    await here.join(CAROL.peerId, honest(block));
    await alice.announce(announcementOf(block));
    await here.clock.advance(100);
    assert.deepEqual([tipOf(here), here.judged.includes(ALICE.peerId)], [block.id, true]);
    await here.end();
  }
});

test("a peer that asks for parts of a block byte by byte or not at all is let go, and holds no place", async () => {
  const here = await world();
  const alice = await here.join(ALICE.peerId);
  const streams: FrameStream[] = [];
  for (let at = 0; at < BLOCK_PARTS_STREAMS_PER_PEER_MAX + 2; at++) {
    const opening = alice.peer.open(BOB.peerId, BLOCK_PARTS_PROTOCOL, { ...OPTIONS, timeoutMs: 5_000 });
    const opened = await here.clock.advanceUntilSettled(opening, 5_000, "opened");
    assert.ok(opened.ok);
    streams.push(opened.value);
  }
  await here.clock.advance(BLOCK_PARTS_TIMEOUT_MS + 100);
  for (const stream of streams) {
    const received = await here.clock.advanceUntilSettled(stream.receive(), 1_000, "ended");
    assert.ok(!received.ok || received.value === null);
  }
  assert.deepEqual(here.judged, []);
  await here.end();
});

test("whatever is announced and answered in whatever order: a verdict, bounded memory, no fault, and sound blocks are taken", async () => {
  const chain = new TestChain(network);
  const blocks = Array.from({ length: 3 }, (_, at) => chain.grow([transfer(at)]).block);
  const step = fc.record({
    which: fc.nat(2),
    nonce: fc.bigInt({ min: 1n, max: 3n }),
    flip: fc.option(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 255 })), { nil: null }),
    waitMs: fc.nat(3_000),
  });
  const answers = fc.array(fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), answers, async (steps, lies) => {
      const here = await world();
      const left = [...lies];
      const alice = await here.join(ALICE.peerId, () => left.shift() ?? null);
      await here.join(CAROL.peerId, (question) => {
        const block = blocks.find((each) => each.id === question.id);
        return block === undefined ? { type: "not-here" } : honest(block)(question);
      });
      for (const { which, nonce, flip, waitMs } of steps) {
        const bytes = announcementOf(blocks[which] ?? network.genesis, {}, nonce);
        if (flip !== null) bytes[flip[0] % bytes.length] = (bytes[flip[0] % bytes.length] ?? 0) ^ flip[1];
        await alice.announce(bytes);
        await here.clock.advance(waitMs);
      }
      await here.clock.advance(20_000);
      assert.ok(here.verdicts.length <= steps.length && ANNOUNCED_BLOCKS_MAX > 0);
      await here.end();
    }),
    { numRuns: 25 },
  );
});
