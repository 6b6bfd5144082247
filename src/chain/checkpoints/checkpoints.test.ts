/** Whole groups of signers on simulated time. It is long, since each test is a story of such a group. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId, PeerId } from "#base/brand.ts";
import { utf8 } from "#base/bytes.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import {
  type Checkpoint,
  cosign,
  decodeCheckpoint,
  decodeEquivocation,
  encodeCheckpoint,
  equivocatorOf,
  verifyCheckpoint,
} from "#ledger/checkpoint.ts";
import { encodeBlock, type Network as LedgerNetwork } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, mine, person, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memoryCheckpoints } from "#storage/memory/checkpoints.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { openChain } from "../chain.ts";
import {
  CHECKPOINT_COMPARE_PERIOD_MS,
  CHECKPOINT_FIRST_SIGNING_DELAY_MS,
  COSIGNATURE_AHEAD_BLOCKS_MAX,
} from "../limits.ts";
import { clockFor, quietLog, take } from "../test-node.ts";
import type { Chain } from "../types.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { type Checkpoints, finalBlocksOf, openCheckpoints } from "./checkpoints.ts";

const DAVE = person(4);
const ERIN = person(5);
const SIGNERS = [ALICE, BOB, CAROL, DAVE];
const EVERY = 4;
/** Blocks of a test chain cost one hash; how deep a signed block lies is `CHECKPOINT_DEPTH_BLOCKS`. */
const network = testNetwork({
  validUntilMaxBlocks: 200,
  checkpoints: {
    keys: SIGNERS.map(({ account }) => account).sort(),
    needed: 3,
    everyBlocks: EVERY,
  },
});

interface Member {
  readonly keypair: Keypair;
  readonly chain: Chain;
  readonly checkpoints: Checkpoints;
  readonly store: CheckpointStore;
  readonly blocks: ReturnType<typeof memoryBlocks>;
  stop(): Promise<void>;
}

function world(ledger: LedgerNetwork = network) {
  const clock = clockFor(ledger);
  const peers = new SimulatedNetwork({ clock, random: seededRandom(3) });
  const faults: unknown[] = [];
  const running = new Set<Member>();
  const known = new Set<PeerId>();

  async function add(
    keypair: Keypair,
    store: CheckpointStore = memoryCheckpoints(),
    blocks = memoryBlocks(),
  ): Promise<Member> {
    const around = { clock, random: seededRandom(keypair.seed[0] ?? 0), log: quietLog(faults) };
    const peer = known.has(keypair.peerId) ? peers.start(keypair.peerId) : peers.addPeer(keypair.peerId);
    known.add(keypair.peerId);
    const finalBlocks = finalBlocksOf(ledger, store);
    const opened = await openChain(
      { network: ledger, finalBlocks },
      { ...around, store: blocks, peers: peer },
    );
    assert.ok(opened.ok, opened.ok ? "" : opened.fault.cause);
    const { chain } = opened.value;
    const checkpoints = openCheckpoints({ ...around, chain, store, peers: peer, keypair });
    const member: Member = {
      ...{ keypair, chain, checkpoints, store, blocks },
      async stop() {
        running.delete(member);
        await clock.advanceUntilSettled(
          checkpoints.close().then(() => chain.close()),
          60_000,
          "closed",
        );
        peers.stop(keypair.peerId);
      },
    };
    running.add(member);
    return member;
  }

  /** Found by `finder` at the pace of the clock, and told to whom it reaches. */
  async function grow(finder: Member, blocks: number): Promise<void> {
    for (let at = 0; at < blocks; at++) {
      await clock.advance(15_000);
      const { block } = finder.chain.template(ERIN.account, Math.floor(clock.nowMs() / 1000));
      await take(finder.chain, mine(block.header, block.transactions));
    }
    await clock.advance(5_000);
  }

  return {
    ...{ clock, peers, add, grow },
    /** All signers, and one who is none; long enough after the start that what is found now may be signed. */
    async all(): Promise<readonly Member[]> {
      const members: Member[] = [];
      for (const keypair of [...SIGNERS, ERIN]) members.push(await add(keypair));
      await clock.advance(CHECKPOINT_FIRST_SIGNING_DELAY_MS + 5_000);
      return members;
    },
    async end(): Promise<void> {
      for (const member of [...running]) await member.stop();
      assert.deepEqual(faults, []);
      assert.deepEqual(peers.faults, []);
    },
  };
}

const finalHeight = ({ checkpoints }: Member) => checkpoints.status()?.final?.height ?? 0;
const cosignedAt = ({ checkpoints }: Member) => checkpoints.status()?.final?.cosigned ?? 0;

function first<Item>(items: readonly Item[], at = 0): Item {
  const item = items[at];
  assert.ok(item !== undefined);
  return item;
}

test("signers sign what is due and deep, and the block is final for everybody, signer or not", async () => {
  const { all, grow, end } = world();
  const members = await all();
  await grow(first(members), 9);
  assert.deepEqual(members.map(finalHeight), [0, 0, 0, 0, 0]);
  await grow(first(members), 2);
  assert.deepEqual(members.map(finalHeight), [4, 4, 4, 4, 4]);
  assert.deepEqual(members.map(cosignedAt), [4, 4, 4, 4, 4]);
  await grow(first(members), 8);
  assert.deepEqual(members.map(finalHeight), [12, 12, 12, 12, 12]);
  const note = decodeCheckpoint(first(members, 4).checkpoints.finalNote() ?? "");
  assert.ok(note.ok);
  const verified = verifyCheckpoint(note.value, network);
  assert.ok(verified.ok && verified.value.isComplete);
  assert.equal(verified.value.checkpoint.blockId, first(members).chain.headerAt(13)?.previous);
  await end();
});

test("without a quorum nothing is final and nothing stops; a late signer completes what waits", async () => {
  const { add, clock, grow, end } = world();
  const [alice, bob] = [await add(ALICE), await add(BOB)];
  await clock.advance(CHECKPOINT_FIRST_SIGNING_DELAY_MS + 5_000);
  await grow(alice, 20);
  assert.deepEqual([finalHeight(alice), finalHeight(bob)], [0, 0]);
  assert.equal(bob.chain.tip().height, 20);
  assert.equal(alice.checkpoints.status()?.signers.filter(({ height }) => height === 12).length, 2);
  const carol = await add(CAROL);
  await clock.advance(CHECKPOINT_FIRST_SIGNING_DELAY_MS + 5_000);
  await grow(alice, 16);
  assert.ok(finalHeight(carol) >= 24, String(finalHeight(carol)));
  assert.equal(finalHeight(alice), finalHeight(carol));
  await end();
});

test("row 32: after a partition the quorum's side stays, and the other goes over to it though it has done more work", async () => {
  const { all, clock, peers, grow, end } = world();
  const members = await all();
  const [alice, erin] = [first(members), first(members, 4)];
  await grow(alice, 2);
  peers.partition(
    SIGNERS.map(({ peerId }) => peerId),
    [ERIN.peerId],
  );
  await grow(alice, 12);
  await grow(erin, 40);
  assert.equal(finalHeight(alice), 8);
  assert.equal(finalHeight(erin), 0);
  const lost = erin.chain.tip().id;
  peers.heal();
  await clock.advance(2 * CHECKPOINT_COMPARE_PERIOD_MS);
  assert.equal(erin.chain.finalBlock()?.height, 8);
  assert.equal(erin.chain.tip().id, alice.chain.tip().id);
  for (const member of members) assert.equal(member.chain.confirmationsOf(lost), 0);
  await grow(erin, 3);
  assert.equal(alice.chain.tip().id, erin.chain.tip().id);
  await end();
});

test("row 45: a signer that comes back with an old copy of its folder signs no second block, with or without peers", async () => {
  const { all, add, clock, peers, grow, end } = world();
  const members = await all();
  const [alice, bob] = [first(members), first(members, 1)];
  await grow(alice, 18);
  assert.equal(bob.store.read().mark?.height, 12);
  await bob.stop();
  // The folder of long ago, and nobody whom it could ask.
  peers.partition(
    [BOB.peerId],
    [ALICE, CAROL, DAVE, ERIN].map(({ peerId }) => peerId),
  );
  const old = await add(BOB, memoryCheckpoints(), bob.blocks);
  assert.equal(old.checkpoints.status()?.signing.waitsFor, "asking-peers");
  await clock.advance(CHECKPOINT_FIRST_SIGNING_DELAY_MS + 5_000);
  await grow(old, 3);
  assert.equal(old.store.read().mark, null);
  assert.equal(old.checkpoints.status()?.signing.waitsFor, "nobody-answered");
  // Peers show it what it signed.
  peers.heal();
  await clock.advance(CHECKPOINT_COMPARE_PERIOD_MS + 10_000);
  const ours = old.checkpoints.status()?.signers.find(({ account }) => account === BOB.account);
  assert.ok((ours?.height ?? 0) >= 12);
  await grow(alice, 20);
  assert.ok((old.store.read().mark?.height ?? 0) > 12, "it signs again, above all that it ever signed");
  for (const member of [alice, old]) assert.deepEqual(member.checkpoints.evidence(), []);
  await end();
});

test("row 45: a signer whose ledger is as old as its folder heeds its own signature, however far above its tip", async () => {
  const { add, clock, grow, end } = world();
  const height = 4 * COSIGNATURE_AHEAD_BLOCKS_MAX;
  const shown = memoryCheckpoints();
  for (const [signer, at] of [[BOB, height] as const, [CAROL, height + EVERY] as const]) {
    const ahead: Checkpoint = {
      ...{ chainId: network.chainId, height: at },
      ...{ treeHash: new Uint8Array(32), blockId: "cd".repeat(32) as BlockId },
    };
    const note = encodeCheckpoint({ checkpoint: ahead, signatures: [cosign(ahead, 1, signer)] });
    shown.write({ put: [{ signer: signer.account, height: at, note }] });
  }
  const alice = await add(ALICE, shown);
  const bob = await add(BOB);
  await clock.advance(CHECKPOINT_FIRST_SIGNING_DELAY_MS + 5_000);
  const heightOf = ({ account }: Keypair) =>
    bob.checkpoints.status()?.signers.find((each) => each.account === account)?.height;
  assert.deepEqual([heightOf(BOB), heightOf(CAROL)], [height, null]);
  await grow(alice, 12);
  assert.equal(bob.store.read().mark, null);
  await end();
});

test("row 45: no signature leaves before the mark is durable", async () => {
  const { add, all, clock, grow, end } = world();
  const members = await all();
  await first(members, 1).stop();
  let isFull = true;
  const kept = memoryCheckpoints();
  const store: CheckpointStore = {
    ...kept,
    setMark: (mark) =>
      isFull ? { ok: false, fault: { code: "store-unavailable", cause: "full" } } : kept.setMark(mark),
  };
  const bob = await add(BOB, store);
  await clock.advance(CHECKPOINT_FIRST_SIGNING_DELAY_MS + 5_000);
  const alice = first(members);
  await grow(alice, 20);
  const heightOfBob = () =>
    alice.checkpoints.status()?.signers.find(({ account }) => account === BOB.account)?.height ?? null;
  assert.equal(heightOfBob(), null);
  assert.equal(bob.checkpoints.status()?.problem?.code, "checkpoint-not-signed");
  isFull = false;
  await grow(alice, 8);
  assert.equal(heightOfBob(), bob.store.read().mark?.height);
  assert.equal(bob.checkpoints.status()?.problem, null);
  await end();
});

test("what is final stays so after a restart, against any work", async () => {
  const { all, add, clock, peers, grow, end } = world();
  const members = await all();
  const [alice, bob] = [first(members), first(members, 1)];
  await grow(alice, 11);
  assert.equal(finalHeight(bob), 4);
  const final = bob.chain.finalBlock()?.id;
  await bob.stop();
  const again = await add(BOB, bob.store, bob.blocks);
  assert.equal(again.chain.finalBlock()?.id, final);
  // Somebody who never heard of signatures brings a heavier chain without the final block.
  const stranger = world();
  const lonely = await stranger.add(person(9));
  await stranger.grow(lonely, 40);
  const heavier = Array.from({ length: 40 }, (_, at) => lonely.chain.blockAt(at + 1));
  for (const block of heavier) {
    if (block === null) continue;
    const outcome = await again.chain.submitBlock(encodeBlock(block));
    const expected = block.header.height === 1 ? "outside-final" : "parent-unknown";
    assert.equal(outcome.ok ? "taken" : outcome.fault.code, expected);
  }
  assert.equal(again.chain.confirmationsOf(final ?? ("" as BlockId)) > 0, true);
  await stranger.end();
  await clock.advance(1_000);
  assert.deepEqual(peers.faults, []);
  await end();
});

test("a key that signs two blocks of one height is shown to everybody, with evidence that anyone can check", async () => {
  const { all, add, clock, peers, grow, end } = world();
  const members = await all();
  const alice = first(members);
  await grow(alice, 6);
  const checkpoint = alice.chain.checkpointAt(4);
  assert.ok(checkpoint !== null);
  const other: Checkpoint = { ...checkpoint, blockId: "cd".repeat(32) as BlockId };
  const mallory = peers.addPeer(person(9).peerId);
  await clock.advance(5_000);
  const topic = mallory.topic(topicOf(network), { messageBytesMax: 1_024, validate: async () => "ignore" });
  for (const each of [checkpoint, other]) {
    await topic.publish(utf8(encodeCheckpoint({ checkpoint: each, signatures: [cosign(each, 1, DAVE)] })));
    await clock.advance(2_000);
  }
  for (const member of members) {
    const [shown] = member.checkpoints.evidence();
    const evidence = decodeEquivocation(shown?.text ?? "");
    assert.ok(evidence.ok);
    assert.equal(equivocatorOf(evidence.value, network), DAVE.account);
  }
  const dave = first(members, 3);
  await grow(alice, 6);
  assert.equal(dave.checkpoints.status()?.signing.waitsFor, "key-used-twice");
  assert.equal(dave.store.read().mark, null);
  // Three honest signers are enough without it.
  assert.equal(finalHeight(alice), 4);
  // Whoever comes when all this is long past is shown the same.
  await grow(alice, 12);
  assert.ok(finalHeight(alice) > 4);
  const late = await add(person(8));
  await clock.advance(5_000);
  await grow(alice, 1);
  assert.equal(finalHeight(late), finalHeight(alice));
  await clock.advance(2 * CHECKPOINT_COMPARE_PERIOD_MS);
  assert.deepEqual(
    late.checkpoints.evidence().map(({ signer }) => signer),
    [DAVE.account],
  );
  await end();
});

test("gossip that is no checkpoint of this network lowers the standing of who sends it, and changes nothing", async () => {
  const { all, clock, peers, grow, end } = world();
  const members = await all();
  await grow(first(members), 5);
  const checkpoint = first(members).chain.checkpointAt(4);
  assert.ok(checkpoint !== null);
  const stranger = person(9);
  const mallory = peers.addPeer(stranger.peerId);
  await clock.advance(5_000);
  const topic = mallory.topic(topicOf(network), { messageBytesMax: 1_024, validate: async () => "ignore" });
  const forged = encodeCheckpoint({ checkpoint, signatures: [cosign(checkpoint, 1, stranger)] });
  const moved = { ...checkpoint, blockId: "cd".repeat(32) as BlockId };
  const false_ = encodeCheckpoint({ checkpoint: moved, signatures: [cosign(checkpoint, 1, ALICE)] });
  for (const text of ["", "nonsense", forged, false_]) await topic.publish(utf8(text));
  await clock.advance(2_000);
  for (const { checkpoints } of members) {
    const signed = checkpoints.status()?.signers.filter(({ height }) => height !== null);
    assert.deepEqual(signed, []);
  }
  await end();
});

test("two final blocks that exclude each other: each peer stays with the first, is told so, and goes on", async () => {
  const other = world();
  await other.clock.advance(7_000);
  const theirs = await other.all();
  await other.grow(first(theirs), 14);
  const rival = first(theirs, 4);
  assert.equal(finalHeight(rival), 8);
  await other.end();

  const { all, add, clock, grow, end } = world();
  const members = await all();
  const alice = first(members);
  await grow(alice, 11);
  assert.deepEqual([finalHeight(alice), finalHeight(rival)], [4, 8]);
  const final = alice.chain.finalBlock()?.id;
  await clock.advance(120_000);
  await add(person(8), rival.store, rival.blocks);
  await clock.advance(3 * CHECKPOINT_COMPARE_PERIOD_MS);
  for (const { chain, checkpoints } of members) {
    assert.equal(chain.finalBlock()?.id, final);
    assert.equal(checkpoints.status()?.sought, null);
    assert.equal(checkpoints.status()?.problem?.code, "checkpoints-contradict");
    assert.ok(checkpoints.evidence().length > 0);
  }
  const { height } = alice.chain.tip();
  await grow(alice, 2);
  for (const { chain } of members) assert.equal(chain.tip().height, height + 2);
  await end();
});

test("a ledger that cannot be read when signing begins is told of, and does not end the process by way of a timer", async () => {
  const keys = [ALICE.account];
  const alone = testNetwork({ checkpoints: { keys, needed: 1, everyBlocks: EVERY } });
  const { add, clock, peers, grow, end } = world(alone);
  const { chain } = await add(BOB);
  await grow(await add(CAROL), 12);
  const faults: unknown[] = [];
  const damaged: Chain = {
    ...chain,
    blocks: () => {
      throw new Error("damaged");
    },
  };
  const around = {
    clock,
    random: seededRandom(1),
    log: quietLog(faults),
    peers: peers.addPeer(ALICE.peerId),
  };
  const store = memoryCheckpoints();
  const checkpoints = openCheckpoints({ ...around, chain: damaged, store, keypair: ALICE });
  await clock.advance(CHECKPOINT_FIRST_SIGNING_DELAY_MS + 1_000);
  assert.ok(faults.length > 0 && faults.every((fault) => String(fault) === "Error: damaged"));
  assert.equal(store.read().mark, null);
  await clock.advanceUntilSettled(checkpoints.close(), 60_000, "closed");
  await end();
});

function topicOf({ chainIdHex }: LedgerNetwork): string {
  return `waybill/${chainIdHex.slice(0, 16)}/checkpoint/1`;
}

test("a network without signers has no checkpoints, and asks nobody", async () => {
  const plain = testNetwork();
  const { add, grow, end } = world(plain);
  const alice = await add(ALICE);
  await grow(alice, 12);
  assert.equal(alice.checkpoints.status(), null);
  assert.equal(alice.checkpoints.finalNote(), null);
  assert.equal(alice.chain.finalBlock(), null);
  await end();
});
