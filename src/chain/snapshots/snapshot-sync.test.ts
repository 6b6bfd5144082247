/**
 * Tests how a new peer takes a state over and checks what lies under it, among whole chains over a simulated network. It is
 * long, since each way in which that can go wrong is told in one place.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId, TxId } from "#base/brand.ts";
import { concat } from "#base/bytes.ts";
import { fail } from "#base/result.ts";
import { appendLeaf, merkleRoot } from "#crypto/merkle.ts";
import { sha256 } from "#crypto/sha256.ts";
import { bytesOfId, encodeBlock, encodeTransaction, signTransaction, txIdOf } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, mine, person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memorySnapshots } from "#storage/memory/snapshots.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { openChain } from "../chain.ts";
import { HISTORY_RETRY_MS, POOL_SAVE_DELAY_MS } from "../limits.ts";
import type { BlockStore } from "../store.ts";
import type { HistoryStore } from "../sync/history-check.ts";
import { falseChain, type Mischief, puppet, snapshotOf } from "../sync/test-puppet.ts";
import { clockFor, feed, quietLog } from "../test-node.ts";
import type { Chain, ChainEvent } from "../types.ts";
import type { SnapshotChunk } from "./snapshot-chunk.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

const network = testNetwork();
const POLICY = { everyBlocks: 20, depthMinBlocks: 5, worthBlocks: 30 };

function memoryHistory(): HistoryStore & { store: BlockStore | null } {
  return {
    store: null,
    current() {
      return this.store;
    },
    create() {
      this.store = memoryBlocks();
      return this.store;
    },
    discard() {
      this.store = null;
    },
  };
}

function world() {
  const clock = clockFor(network);
  const peers = new SimulatedNetwork({ clock, random: seededRandom(3) });
  const open = async (
    peer: PeerId,
    snapshots: SnapshotStore = memorySnapshots(),
    keepBlocks: number | null = null,
    store = memoryBlocks(),
    history = memoryHistory(),
  ) => {
    const faults: unknown[] = [];
    const opened = await openChain(
      { network, snapshotPolicy: POLICY, keepBlocks },
      {
        store,
        snapshots,
        history,
        peers: peers.addPeer(peer),
        clock,
        random: seededRandom(2),
        log: quietLog(faults),
      },
    );
    assert.ok(opened.ok);
    const { chain } = opened.value;
    const events: ChainEvent[] = [];
    chain.subscribe((event) => events.push(event));
    const close = async (): Promise<void> => {
      await clock.advanceUntilSettled(chain.close(), 60_000, "closed");
      assert.deepEqual(faults, []);
    };
    return { chain, store, snapshots, history, events, close };
  };
  return { clock, peers, open };
}

function phases(events: readonly ChainEvent[]): readonly string[] {
  const names = events.filter((event) => event.type === "SyncChanged").map(({ sync }) => sync.phase);
  return names.filter((name, at) => name !== names[at - 1]);
}

function grown(blocks: number, from = new TestChain(network), miner = BOB): TestChain {
  for (let at = 0; at < blocks; at++) from.grow([], at % 3 === 0 ? CAROL : miner);
  return from;
}

function sameLedger(one: Chain, other: Chain): void {
  assert.equal(one.tip().id, other.tip().id);
  assert.deepEqual(one.account(CAROL.account), other.account(CAROL.account));
  assert.deepEqual(one.pendingPayouts(BOB.account), other.pendingPayouts(BOB.account));
}

test("a new peer takes the state over, is level at once, and then checks every block since the first", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  const alice = await open(ALICE.peerId);
  await feed(alice.chain, source, 1, 70);
  await clock.advance(3_000);
  const bob = await open(BOB.peerId);
  await clock.advanceUntil(() => bob.chain.syncState().history !== null, 60_000, "history is checked");
  const nowhere = "ab".repeat(32) as TxId;
  assert.equal(bob.chain.anchorState(nowhere).state, "pending", "it may stand under the snapshot");
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 60_000, "level with alice");
  sameLedger(bob.chain, alice.chain);
  assert.ok(phases(bob.events).includes("snapshot"), phases(bob.events).join());
  await clock.advanceUntil(
    () => bob.chain.syncState().history === null,
    120_000,
    "history is checked to the end",
  );
  assert.equal(bob.chain.anchorState(nowhere).state, "gone");
  assert.equal(bob.store.bodiesFrom(), 0);
  assert.equal(bob.history.store, null);
  for (const height of [1, 30, 60]) assert.deepEqual(bob.chain.blockAt(height), alice.chain.blockAt(height));
  assert.equal(bob.chain.blocksMinedBy(CAROL.account), alice.chain.blocksMinedBy(CAROL.account));
  assert.ok(peers.isConnected(ALICE.peerId, BOB.peerId));
  for (const node of [alice, bob]) await node.close();
});

test("a new peer that was handed a cheap block, or mined some alone, takes the state over all the same, and its payments wait", async () => {
  const { clock, open } = world();
  const source = grown(36);
  const alice = await open(ALICE.peerId);
  await feed(alice.chain, source, 1, 36);
  await clock.advance(3_000);
  const store = memoryBlocks();
  const before = await open(person(8).peerId, memorySnapshots(), null, store);
  const alone = new TestChain(network);
  alone.grow([payment(50)], CAROL);
  await feed(before.chain, alone, 1, 1);
  assert.equal(before.chain.tip().id, alone.tip.block.id);
  await clock.advanceUntil(() => before.chain.tip().height === 36, 60_000, "level with alice");
  assert.ok(phases(before.events).includes("snapshot"), phases(before.events).join());
  assert.deepEqual(waitingOf(before.chain), [txIdOf(payment(50))]);
  await clock.advanceUntil(() => before.chain.syncState().history === null, 120_000, "checked");
  await clock.advance(POOL_SAVE_DELAY_MS);
  assert.deepEqual([before.store.bodiesFrom(), before.store.undone()], [0, []]);
  for (const node of [alice, before]) await node.close();
});

/** A peer that has taken a state over and was stopped while it checked what lies under it; and one that has all. */
async function stoppedHalfWay() {
  const { clock, peers, open } = world();
  const source = grown(70);
  const alice = await open(ALICE.peerId);
  await feed(alice.chain, source, 1, 70);
  await clock.advance(3_000);
  const bob = await open(BOB.peerId);
  peers.setLink(ALICE.peerId, BOB.peerId, { delayMs: 300 });
  await clock.advanceUntil(() => (bob.chain.syncState().history?.height ?? 0) > 5, 120_000, "half way");
  await bob.close();
  peers.stop(BOB.peerId);
  return { clock, open, alice, bob };
}

test("a check of history that was broken off by a restart goes on where it was", async () => {
  const { clock, open, alice, bob } = await stoppedHalfWay();
  assert.ok((bob.history.store?.tip()?.height ?? 0) > 5);
  const again = await open(CAROL.peerId, memorySnapshots(), null, bob.store, bob.history);
  assert.ok((again.chain.syncState().history?.height ?? 0) > 5);
  await clock.advanceUntil(() => again.chain.syncState().history === null, 120_000, "checked");
  assert.equal(again.store.bodiesFrom(), 0);
  for (const node of [alice, again]) await node.close();
});

test("a check of history whose state cannot be opened is told of, and gone on with once it can", async () => {
  const { clock, open, alice, bob } = await stoppedHalfWay();
  const { history } = bob;
  const current = history.current.bind(history);
  history.current = () => {
    throw new Error("no space left");
  };
  const again = await open(CAROL.peerId, memorySnapshots(), null, bob.store, history);
  await clock.advance(2 * HISTORY_RETRY_MS);
  assert.equal(again.chain.problem()?.code, "history-put-off");
  assert.match(again.chain.problem()?.cause ?? "", /no space left/);
  // In a block that is not known yet it may well stand.
  assert.equal(again.chain.anchorState("00".repeat(32) as TxId).state, "pending");
  history.current = current;
  await clock.advanceUntil(() => again.chain.problem() === null, HISTORY_RETRY_MS, "tried again");
  assert.ok((again.chain.syncState().history?.height ?? 0) > 5);
  await clock.advanceUntil(() => again.chain.syncState().history === null, 120_000, "checked");
  assert.deepEqual([again.store.bodiesFrom(), history.store], [0, null]);
  assert.equal(again.chain.anchorState("00".repeat(32) as TxId).state, "gone");
  const told = again.events.filter((event) => event.type === "ProblemChanged");
  assert.deepEqual(
    told.map(({ problem }) => problem?.code),
    [undefined],
  );
  for (const node of [alice, again]) await node.close();
});

test("snapshots are made while blocks go on coming, and the two newest are kept", async () => {
  const { clock, open } = world();
  const source = grown(90);
  const alice = await open(ALICE.peerId);
  for (let height = 1; height <= 90; height += 3) {
    await feed(alice.chain, source, height, height + 2);
    await clock.advance(1);
  }
  await clock.advance(1_000);
  assert.deepEqual(
    alice.snapshots.finished().map(({ height }) => height),
    [80, 60],
  );
  await alice.close();
});

test("what the disk has changed of a snapshot is not handed on", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  const store = memorySnapshots();
  const alice = await open(ALICE.peerId, {
    ...store,
    entries: (at, index) => store.entries(at, index)?.slice(1) ?? null,
  });
  await feed(alice.chain, source, 1, 70);
  await clock.advance(3_000);
  const bob = await open(BOB.peerId);
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 120_000, "level without a snapshot");
  sameLedger(bob.chain, alice.chain);
  assert.ok(peers.isConnected(ALICE.peerId, BOB.peerId));
  for (const node of [alice, bob]) await node.close();
});

/** Offers the state after block 60 in one chunk. */
function offering(chain: TestChain, chunk: SnapshotChunk): Mischief {
  return (question, right) => {
    if (question.type === "get-chunk") return [{ type: "chunk", chunk }];
    const snapshots = [{ height: 60, id: chain.at(60).block.id }];
    return right.map((answer) => (answer.type === "hello" ? { ...answer, snapshots } : answer));
  };
}

test("a chunk that is not of the snapshot is refused, its giver judged, and another peer's is taken", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  const chunk = snapshotOf(source, 60);
  const liar = peers.addPeer(ALICE.peerId);
  puppet(liar, source, offering(source, { ...chunk, entries: chunk.entries.slice(1) }));
  const bob = await open(BOB.peerId);
  await clock.advance(3_000);
  assert.equal(bob.chain.tip().height, 0);
  assert.equal([...bob.store.snapshot.range(new Uint8Array(32), null)].length, 0);
  puppet(peers.addPeer(CAROL.peerId), source, offering(source, chunk));
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 60_000, "level");
  assert.ok(phases(bob.events).includes("snapshot"));
  await bob.close();
});

test("while a full disk takes no chunks, peers are asked for them now and then, not without end", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  const offer = offering(source, snapshotOf(source, 60));
  const helpers = [ALICE, CAROL].map(({ peerId }) => puppet(peers.addPeer(peerId), source, offer));
  const store = memoryBlocks();
  const putSnapshot = store.putSnapshot.bind(store);
  store.putSnapshot = () => fail({ code: "store-unavailable", cause: "full" });
  const bob = await open(BOB.peerId, memorySnapshots(), null, store);
  await clock.advance(60_000);
  const asked = helpers.map((helper) => helper.asked.get("get-chunk") ?? 0);
  assert.ok(Math.max(...asked) < 20, `asked ${asked.join(" and ")} times`);
  store.putSnapshot = putSnapshot;
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 60_000, "level when there is room");
  assert.ok(phases(bob.events).includes("snapshot"));
  await bob.close();
});

test("whoever names a snapshot with another height than its own does not hide it from who offers it rightly", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  const right = offering(source, snapshotOf(source, 60));
  puppet(peers.addPeer(ALICE.peerId), source, right);
  const snapshots = [{ height: 40, id: source.at(60).block.id }];
  const liars = [BOB, CAROL].map(({ peerId }) =>
    puppet(peers.addPeer(peerId), source, (_question, answers) =>
      answers.map((answer) => (answer.type === "hello" ? { ...answer, snapshots } : answer)),
    ),
  );
  const node = await open(person(7).peerId);
  await clock.advanceUntil(() => node.chain.tip().height === 70, 120_000, "level");
  assert.ok(liars.every(({ asked }) => (asked.get("hello") ?? 0) > 0));
  assert.ok(phases(node.events).includes("snapshot"), phases(node.events).join());
  await node.close();
});

test("a snapshot that is offered and never brought is given up for the blocks", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  const snapshots = [60, 40].map((height) => ({ height, id: source.at(height).block.id }));
  puppet(peers.addPeer(ALICE.peerId), source, (question, right) => {
    if (question.type === "get-chunk") return null;
    return right.map((answer) => (answer.type === "hello" ? { ...answer, snapshots } : answer));
  });
  const bob = await open(BOB.peerId);
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 900_000, "level, block by block");
  await bob.close();
});

/** The hash of a subtree as `spec/ledger.md` has it. */
function hashOf(entries: SnapshotChunk["entries"], depth: number): Uint8Array {
  const [first] = entries;
  if (first === undefined) return new Uint8Array(32);
  if (entries.length === 1) return sha256(concat(Uint8Array.of(0), first.key, sha256(first.value)));
  const isRight = ({ key }: { readonly key: Uint8Array }) => bitOf(key, depth) === 1;
  const left = entries.filter((entry) => !isRight(entry));
  return sha256(
    concat(Uint8Array.of(1), hashOf(left, depth + 1), hashOf(entries.filter(isRight), depth + 1)),
  );
}

function bitOf(key: Uint8Array, depth: number): number {
  return ((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1;
}

/** The subtree, as small as a chunk may be, that begins at a key. */
function sliver({ entries }: SnapshotChunk, start: Uint8Array): SnapshotChunk {
  const siblings: Uint8Array[] = [];
  let inside = entries;
  // One entry stands as it is, however deep: there is nothing beside it.
  for (let depth = 0; inside.length > 1; depth++) {
    const isOurs = ({ key }: { readonly key: Uint8Array }) => bitOf(key, depth) === bitOf(start, depth);
    siblings.push(
      hashOf(
        inside.filter((entry) => !isOurs(entry)),
        depth + 1,
      ),
    );
    inside = inside.filter(isOurs);
  }
  return { start, siblings, entries: inside };
}

test("chunks that are true and cut to single entries, so that the snapshot would take days, are refused", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  const whole = snapshotOf(source, 60);
  const offer = offering(source, whole);
  const asked = puppet(peers.addPeer(ALICE.peerId), source, (question, right) =>
    question.type === "get-chunk"
      ? [{ type: "chunk", chunk: sliver(whole, question.key) }]
      : offer(question, right),
  );
  const bob = await open(BOB.peerId);
  await clock.advance(2_000);
  const chunks = asked.asked.get("get-chunk") ?? 0;
  assert.ok(chunks > 1 && chunks < 6, `${chunks} chunks of ${whole.entries.length} entries`);
  puppet(peers.addPeer(CAROL.peerId), source);
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 300_000, "level, block by block");
  await bob.close();
});

test("a snapshot of a chain with less work than another is not taken, whoever offers it", async () => {
  const { clock, peers, open } = world();
  const shared = grown(50);
  const [less, more] = [grown(20, shared.fork(50)), grown(40, shared.fork(50), CAROL)];
  const asked = puppet(peers.addPeer(ALICE.peerId), less, offering(less, snapshotOf(less, 60)));
  puppet(peers.addPeer(CAROL.peerId), more);
  const bob = await open(BOB.peerId);
  await clock.advanceUntil(() => bob.chain.tip().height === 90, 60_000, "on the heavier chain");
  assert.equal(asked.asked.get("get-chunk"), undefined);
  await bob.close();
});

test("a false block under a snapshot, paid for with the most work: it is found, told loudly, and left", async () => {
  const { clock, peers, open } = world();
  const shared = grown(5);
  const lie = falseChain(shared, 66);
  puppet(peers.addPeer(ALICE.peerId), lie, offering(lie, snapshotOf(lie, 60)));
  const bob = await open(BOB.peerId);
  await clock.advanceUntil(() => bob.chain.tip().height === 60, 60_000, "taken over");
  puppet(peers.addPeer(CAROL.peerId), grown(40, shared.fork(5)));
  await clock.advanceUntil(() => bob.chain.repairs().length > 0, 120_000, "found");
  assert.equal(bob.chain.repairs()[0]?.code, "history-wrong");
  await clock.advanceUntil(
    () => bob.chain.tip().height === 40,
    300_000,
    "on the honest chain, from its first block",
  );
  assert.equal(bob.store.entry(lie.at(6).block.id)?.invalid, true);
  assert.equal(bob.chain.syncState().history, null);
  await bob.close();
});

test("a state is taken over only when there is a place to check what lies under it, and whoever dies then finds that place", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  puppet(peers.addPeer(ALICE.peerId), source, offering(source, snapshotOf(source, 60)));
  const history = memoryHistory();
  const create = history.create.bind(history);
  history.create = () => {
    throw new Error("disk full");
  };
  const taken: boolean[] = [];
  const store = memoryBlocks();
  const finishSnapshot = store.finishSnapshot.bind(store);
  store.finishSnapshot = (...step) => {
    taken.push(history.store !== null);
    return finishSnapshot(...step);
  };
  const bob = await open(BOB.peerId, memorySnapshots(), null, store, history);
  await clock.advance(10_000);
  assert.deepEqual([bob.chain.tip().height, taken], [0, []]);
  history.create = create;
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 120_000, "taken over after all");
  assert.deepEqual(taken, [true]);
  assert.ok(phases(bob.events).includes("snapshot"));
  await clock.advanceUntil(() => bob.chain.syncState().history === null, 120_000, "checked");
  assert.deepEqual([bob.store.bodiesFrom(), history.store], [0, null]);
  await bob.close();
});

test("a heavier branch that leaves below what was checked of history ends the check: all of it was connected from the first", async () => {
  const { clock, peers, open } = world();
  const shared = grown(5);
  const source = grown(65, shared.fork(5));
  const late = source.at(20).block.id;
  const offer = offering(source, snapshotOf(source, 60));
  puppet(peers.addPeer(ALICE.peerId), source, (question, right) =>
    question.type === "get-blocks" && question.ids.includes(late) ? null : offer(question, right),
  );
  const bob = await open(BOB.peerId);
  await clock.advanceUntil(() => (bob.chain.syncState().history?.height ?? 0) > 7, 120_000, "some of it");
  const heavier = grown(80, shared.fork(5), CAROL);
  puppet(peers.addPeer(CAROL.peerId), heavier);
  await clock.advanceUntil(() => bob.chain.tip().id === heavier.tip.block.id, 300_000, "on the heavier");
  await clock.advance(60_000);
  assert.equal(bob.chain.syncState().history, null);
  assert.deepEqual([bob.history.store, bob.store.bodiesFrom()], [null, 0]);
  await bob.close();
});

/** The store on a disk that may be full. */
function onDisk(disk: { isFull: boolean }): BlockStore {
  return new Proxy(memoryBlocks(), {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const isWrite = name === "connect" || name === "rewind" || name === "fillIn" || name === "markInvalid";
      return (...args: unknown[]): unknown =>
        isWrite && disk.isFull
          ? fail({ code: "store-unavailable", cause: "full" })
          : member.apply(target, args);
    },
  });
}

function payment(validUntil = 100) {
  const terms = { fee: 200, amount: 5, validUntil };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq: 0, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

/** A peer that stands on a false snapshot, has found that out, and cannot write. */
async function standingOnALie() {
  const { clock, peers, open } = world();
  const shared = grown(5);
  const lie = falseChain(shared, 66);
  lie.grow([payment()], ALICE);
  puppet(peers.addPeer(ALICE.peerId), lie, offering(lie, snapshotOf(lie, 60)));
  const disk = { isFull: false };
  const bob = await open(BOB.peerId, memorySnapshots(), null, onDisk(disk));
  await clock.advanceUntil(() => bob.chain.syncState().history !== null, 60_000, "taken over");
  await clock.advanceUntil(() => bob.chain.tip().id === lie.tip.block.id, 60_000, "at the tip of the lie");
  disk.isFull = true;
  puppet(peers.addPeer(CAROL.peerId), grown(40, shared.fork(5)));
  await clock.advanceUntil(() => bob.chain.syncState().history === null, 120_000, "found");
  await clock.advance(1_000);
  assert.equal(bob.chain.problem()?.code, "ledger-not-written");
  assert.deepEqual(bob.chain.repairs(), []);
  const isLeft = (chain: Chain): boolean =>
    chain.repairs()[0]?.code === "history-wrong" && chain.tip().height < 6;
  return { clock, peers, open, lie, disk, bob, isLeft };
}

function waitingOf(chain: Chain): readonly TxId[] {
  return [...chain.pendingOf(ALICE.account), ...chain.uncoveredOf(ALICE.account)].map(({ id }) => id);
}

test("a false block that a full disk does not let go is left once it does, whatever else was refused meanwhile", async () => {
  const { clock, lie, disk, bob, isLeft } = await standingOnALie();
  const more = await bob.chain.submitBlock(encodeBlock(lie.grow([], ALICE).block));
  assert.equal(more.ok ? "taken" : more.fault.code, "unavailable");
  const nowhere = "ab".repeat(32) as TxId;
  assert.equal(bob.chain.anchorState(nowhere).state, "pending", "what it stands on was not all checked");
  disk.isFull = false;
  await clock.advanceUntil(() => isLeft(bob.chain), 60_000, "left");
  await clock.advance(100);
  assert.deepEqual(
    waitingOf(bob.chain),
    [txIdOf(payment())],
    "what stood only on the false chain waits again",
  );
  assert.equal(bob.chain.problem()?.code, undefined);
  assert.equal(bob.history.store, null);
  await clock.advanceUntil(() => bob.chain.tip().height === 45, 300_000, "on the honest chain");
  assert.equal(bob.store.entry(lie.at(6).block.id)?.invalid, true);
  assert.deepEqual(waitingOf(bob.chain), [txIdOf(payment())]);
  assert.deepEqual(bob.store.undone(), [], "and is on disk as what waits");
  await bob.close();
});

test("whoever dies before a false block could be left finds it again after the next start, and leaves it", async () => {
  const { clock, peers, open, disk, bob, isLeft } = await standingOnALie();
  await bob.close();
  peers.stop(BOB.peerId);
  disk.isFull = false;
  const again = await open(person(7).peerId, memorySnapshots(), null, bob.store, bob.history);
  assert.equal(again.chain.tip().id, bob.chain.tip().id);
  await clock.advanceUntil(() => isLeft(again.chain), 120_000, "left");
  await clock.advance(100);
  assert.deepEqual(waitingOf(again.chain), [txIdOf(payment())]);
  assert.equal(again.history.store, null);
  await again.close();
});

test("a body under a snapshot that is wrong by itself is found as one that leads to a false state is", async () => {
  const { clock, peers, open } = world();
  const shared = grown(5);
  const twin = shared.fork(5);
  const { block, ...after } = twin.grow([], ALICE);
  const transactions = [...block.transactions, ...block.transactions];
  const txRoot = merkleRoot(transactions.map(encodeTransaction));
  const bad = mine({ ...block.header, txRoot }, transactions);
  const history = appendLeaf(shared.tip.history, bytesOfId(bad.id));
  const before = Array.from({ length: 6 }, (_, at) => shared.at(at));
  const lie = new TestChain(network, [...before, { ...after, block: bad, history }]);
  for (let at = 0; at < 66; at++) for (const chain of [lie, twin]) chain.grow([], ALICE);
  puppet(peers.addPeer(ALICE.peerId), lie, offering(lie, snapshotOf(twin, 60)));
  const bob = await open(BOB.peerId);
  await clock.advanceUntil(() => bob.chain.tip().height === 60, 60_000, "taken over");
  await clock.advanceUntil(() => bob.chain.repairs()[0]?.code === "history-wrong", 120_000, "found");
  assert.equal(bob.chain.tip().height, 5);
  await bob.close();
});

test("a peer that keeps few blocks says so, and is not asked for old ones", async () => {
  const { clock, open } = world();
  const source = grown(40);
  const alice = await open(ALICE.peerId, { ...memorySnapshots(), finished: () => [] }, 10);
  await feed(alice.chain, source, 1, 40);
  assert.ok(alice.store.bodiesFrom() >= 30);
  const bob = await open(BOB.peerId);
  await clock.advance(30_000);
  assert.equal(bob.chain.tip().height, 0);
  assert.equal(bob.chain.problem()?.code, "blocks-nowhere");
  const waited = bob.events.filter((event) => event.type === "SyncChanged").length;
  assert.ok(waited < 40, `${waited} changes in half a minute`);
  const whole = await open(person(7).peerId, memorySnapshots());
  await feed(whole.chain, source, 1, 40);
  await clock.advanceUntil(() => bob.chain.tip().height === 40, 120_000, "level, from the one that has all");
  assert.equal(bob.chain.problem(), null);
  for (const node of [alice, bob, whole]) await node.close();
});
