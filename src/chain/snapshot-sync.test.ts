/** Tests how a new peer takes a state over and checks what lies under it, among whole chains over a simulated network. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { ALICE, BOB, CAROL, person, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memorySnapshots } from "#storage/memory/snapshots.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { openChain } from "./chain.ts";
import type { HistoryStore } from "./history-check.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import type { BlockStore } from "./store.ts";
import { clockFor, feed, quietLog } from "./test-node.ts";
import type { Chain, ChainEvent } from "./types.ts";

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

function grown(blocks: number): TestChain {
  const chain = new TestChain(network);
  for (let at = 0; at < blocks; at++) chain.grow([], at % 3 === 0 ? CAROL : BOB);
  return chain;
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
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 60_000, "level with alice");
  sameLedger(bob.chain, alice.chain);
  assert.ok(phases(bob.events).includes("snapshot"), phases(bob.events).join());
  await clock.advanceUntil(
    () => bob.chain.syncState().history === null,
    120_000,
    "history is checked to the end",
  );
  assert.equal(bob.store.bodiesFrom(), 0);
  assert.equal(bob.history.store, null);
  for (const height of [1, 30, 60]) assert.deepEqual(bob.chain.blockAt(height), alice.chain.blockAt(height));
  assert.equal(bob.chain.blocksMinedBy(CAROL.account), alice.chain.blocksMinedBy(CAROL.account));
  assert.ok(peers.isConnected(ALICE.peerId, BOB.peerId));
  for (const node of [alice, bob]) await node.close();
});

test("a check of history that was broken off by a restart goes on where it was", async () => {
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
  assert.ok((bob.history.store?.tip()?.height ?? 0) > 5);
  const again = await open(CAROL.peerId, memorySnapshots(), null, bob.store, bob.history);
  assert.ok((again.chain.syncState().history?.height ?? 0) > 5);
  await clock.advanceUntil(() => again.chain.syncState().history === null, 120_000, "checked");
  assert.equal(again.store.bodiesFrom(), 0);
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

test("a chunk that is not of the snapshot is refused, and another peer's is taken", async () => {
  const { clock, peers, open } = world();
  const source = grown(70);
  const lying = memorySnapshots();
  const alice = await open(ALICE.peerId, {
    ...lying,
    entries: (at, index) => lying.entries(at, index)?.slice(1) ?? null,
  });
  await feed(alice.chain, source, 1, 70);
  await clock.advance(3_000);
  // What alice would say of her own damaged disk, she does not: the chunk is changed on its way.
  const bob = await open(BOB.peerId);
  await clock.advanceUntil(() => bob.chain.tip().height === 70, 120_000, "level without a snapshot");
  sameLedger(bob.chain, alice.chain);
  assert.ok(peers.isConnected(ALICE.peerId, BOB.peerId));
  for (const node of [alice, bob]) await node.close();
});

test("a peer that keeps few blocks says so, and is not asked for old ones", async () => {
  const { clock, open } = world();
  const source = grown(40);
  const alice = await open(ALICE.peerId, memorySnapshots(), 10);
  await feed(alice.chain, source, 1, 40);
  assert.ok(alice.store.bodiesFrom() >= 30);
  const store = memorySnapshots();
  const bob = await open(BOB.peerId, { ...store, finished: () => [] });
  await clock.advance(30_000);
  const whole = await open(person(7).peerId, memorySnapshots());
  await feed(whole.chain, source, 1, 40);
  await clock.advanceUntil(() => bob.chain.tip().height === 40, 120_000, "level, from the one that has all");
  for (const node of [alice, bob, whole]) await node.close();
});
