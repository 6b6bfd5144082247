import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import { fail } from "#base/result.ts";
import { encodeBlock, encodeTransaction, signTransaction, txIdOf } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { newBlockOf } from "./block-records.ts";
import { openChain } from "./chain.ts";
import { COMMIT_RETRY_PERIOD_MS, POOL_SAVE_DELAY_MS, REPAIRS_TOLD_MAX } from "./limits.ts";
import { topicName } from "./relay/relay.ts";
import type { BlockStore } from "./store.ts";
import { clockFor, entriesOf, feed, openAlone, openOn, quietLog, refusal, take } from "./test-node.ts";

const network = testNetwork();

function transfer(seq: number, amount = 10) {
  const terms = { fee: 200, amount, validUntil: 40 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

/** Two branches from genesis: three blocks, then four that win. */
function branches(): { lost: TestChain; won: TestChain } {
  const [lost, won] = [new TestChain(network), new TestChain(network)];
  for (let at = 0; at < 3; at++) lost.grow([transfer(at, 100 + at)], BOB);
  for (let at = 0; at < 4; at++) won.grow(at < 2 ? [transfer(at)] : [], CAROL);
  return { lost, won };
}

const WRITES = new Set<PropertyKey>(["connect", "disconnect", "keep", "markInvalid", "forget", "changePool"]);

/** The store as seen by a process in which `onWrite` may do harm before each write. */
function watched(store: BlockStore, onWrite: () => ReturnType<BlockStore["keep"]> | null): BlockStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown =>
        (WRITES.has(name) ? onWrite() : null) ?? member.apply(target, args);
    },
  });
}

class PowerCut extends Error {}

test("power lost before any write of a reorganisation: the next start rests on a valid tip, and ends where all do", async () => {
  const { lost, won } = branches();
  const undisturbed = await openAlone(network);
  await feed(undisturbed.chain, won, 1, 4);
  let cuts = 0;
  for (let allowed = 0; allowed < 40; allowed++) {
    const disk = diskBlocks(new Database(":memory:", [blockSchema]));
    let left = allowed;
    const doomed = await openAlone(
      network,
      watched(disk, () => {
        if (left === 0) throw new PowerCut();
        left -= 1;
        return null;
      }),
    );
    let wasCut = false;
    try {
      await feed(doomed.chain, lost, 1, 3);
      await feed(doomed.chain, won, 1, 4);
    } catch (error) {
      assert.ok(error instanceof PowerCut);
      wasCut = true;
      cuts += 1;
    }
    const resumed = await openAlone(network, disk);
    assert.equal(resumed.repaired, null, `after ${allowed} writes the state agrees with the tip`);
    for (const source of [lost, won]) {
      for (let height = 1; height < 4; height++) await take(resumed.chain, source.at(height).block);
    }
    await take(resumed.chain, won.tip.block);
    assert.equal(resumed.chain.tip().id, won.tip.block.id);
    if (resumed.chain.block(lost.tip.block.id) !== null) {
      assert.equal(resumed.chain.pendingOf(ALICE.account).length, 1, "what was undone waits again");
    }
    assert.deepEqual(entriesOf(resumed.store), entriesOf(undisturbed.store));
    assert.deepEqual(resumed.faults, []);
    await resumed.chain.close();
    if (!wasCut) break;
  }
  assert.ok(cuts >= 14, `${cuts} moments were tried`);
});

test("a process that died in the middle of a reorganisation ends it at the next start by itself", async () => {
  const { lost, won } = branches();
  const store = memoryBlocks();
  const node = await openAlone(network, store);
  await feed(node.chain, lost, 1, 3);
  await feed(node.chain, won, 1, 3);
  let disconnected = 0;
  const doomed = await openAlone(
    network,
    watched(store, () => {
      if (store.heaviest()?.id === won.tip.block.id && disconnected++ === 2) throw new PowerCut();
      return null;
    }),
  );
  await assert.rejects(take(doomed.chain, won.tip.block), PowerCut);
  assert.notEqual(store.tip()?.id, lost.tip.block.id);
  const resumed = await openAlone(network, store);
  assert.equal(resumed.chain.tip().id, won.tip.block.id);
  await resumed.chain.close();
});

test("a full disk stops the chain where it is, says so, and it goes on when there is room", async () => {
  const { lost, won } = branches();
  let isFull = false;
  const store = watched(memoryBlocks(), () =>
    isFull ? fail({ code: "store-unavailable", cause: "the disk is full" }) : null,
  );
  const { chain, clock, events, faults } = await openAlone(network, store);
  await feed(chain, lost, 1, 2);
  isFull = true;
  assert.equal(await refusal(chain, encodeBlock(lost.at(3).block)), "unavailable");
  const paid = await chain.submit(transfer(3));
  assert.equal(paid.ok ? "taken" : paid.fault.code, "unavailable");
  assert.deepEqual([chain.tip().height, chain.pool().length], [2, 0]);
  assert.equal(chain.problem()?.code, "ledger-not-written");
  await clock.advance(2 * COMMIT_RETRY_PERIOD_MS);
  assert.equal(chain.problem()?.code, "ledger-not-written");
  isFull = false;
  await clock.advance(COMMIT_RETRY_PERIOD_MS);
  assert.equal(chain.problem(), null);
  assert.equal(chain.tip().height, 3, "the block that had been refused was taken");
  assert.deepEqual(
    events.filter((event) => event.type === "ProblemChanged").map((event) => event.problem?.code ?? null),
    ["ledger-not-written", null],
  );

  await feed(chain, won, 1, 3);
  let writes = 0;
  isFull = false;
  const half = watched(store, () =>
    writes++ > 1 ? fail({ code: "store-unavailable", cause: "full" }) : null,
  );
  const other = await openAlone(network, half);
  await take(other.chain, won.tip.block);
  assert.equal(other.chain.problem()?.code, "ledger-not-written");
  writes = Number.NEGATIVE_INFINITY;
  await other.clock.advance(COMMIT_RETRY_PERIOD_MS);
  assert.equal(other.chain.tip().id, won.tip.block.id, "a reorganisation that stopped half way was ended");
  assert.deepEqual([...faults, ...other.faults], []);
  await other.chain.close();
  await chain.close();
});

test("a state that disagrees with the tip is computed again from the blocks", async () => {
  const { lost } = branches();
  const database = new Database(":memory:", [blockSchema]);
  const first = await openAlone(network, diskBlocks(database));
  await feed(first.chain, lost, 1, 3);
  const entries = entriesOf(first.store);
  await first.chain.close();
  database.sql.exec("DELETE FROM state WHERE key = (SELECT min(key) FROM state)");
  const repaired = await openAlone(network, diskBlocks(database));
  assert.equal(repaired.repaired?.code, "ledger-repaired");
  assert.equal(repaired.chain.tip().id, lost.tip.block.id);
  assert.deepEqual(entriesOf(repaired.store), entries);
  await repaired.chain.close();
  assert.equal((await openAlone(network, diskBlocks(database))).repaired, null);
});

test("a damaged block among them is dropped, and taken again from whoever has it", async () => {
  const { lost } = branches();
  const database = new Database(":memory:", [blockSchema]);
  const first = await openAlone(network, diskBlocks(database));
  await feed(first.chain, lost, 1, 3);
  database.sql.exec("UPDATE bodies SET bytes = zeroblob(300) WHERE row = 3; DELETE FROM state");
  const repaired = await openAlone(network, diskBlocks(database));
  assert.equal(repaired.chain.tip().height, 1);
  await feed(repaired.chain, lost, 2, 3);
  assert.equal(repaired.chain.tip().id, lost.tip.block.id);
  assert.deepEqual(repaired.faults, []);
});

test("a damaged block of the best chain does not keep a heavier branch from winning", async () => {
  const { lost, won } = branches();
  const database = new Database(":memory:", [blockSchema]);
  const node = await openAlone(network, diskBlocks(database));
  await feed(node.chain, lost, 1, 3);
  database.sql.exec("UPDATE bodies SET bytes = zeroblob(300) WHERE row = 3");
  await feed(node.chain, won, 1, 4);
  assert.equal(node.chain.tip().id, won.tip.block.id);
  assert.equal(
    node.chain.block(lost.at(2).block.id),
    null,
    "dropped, to be fetched anew if it is ever needed",
  );
  assert.deepEqual(node.faults, []);
  await node.chain.close();
  assert.equal((await openAlone(network, diskBlocks(database))).repaired, null);
});

for (const [what, damage] of [
  ["cannot be read", "UPDATE undo SET bytes = x'01' WHERE height = 2"],
  [
    "says what was not",
    "UPDATE undo SET (bytes, sum) = (SELECT bytes, sum FROM undo WHERE height = 3) WHERE height = 2",
  ],
]) {
  test(`an undo record that ${what} does not keep a heavier branch from winning`, async () => {
    const { lost, won } = branches();
    const database = new Database(":memory:", [blockSchema]);
    const node = await openAlone(network, diskBlocks(database));
    await feed(node.chain, lost, 1, 3);
    database.sql.exec(damage ?? "");
    await feed(node.chain, won, 1, 4);
    assert.equal(node.chain.tip().id, won.tip.block.id);
    assert.equal(node.chain.pendingOf(ALICE.account).length, 1, "what was undone waits again");
    assert.deepEqual(node.faults, []);
    await node.chain.close();
    assert.equal((await openAlone(network, diskBlocks(database))).repaired, null);
  });
}

test("the data of another network is left alone, and the problem is said", async () => {
  const store = memoryBlocks();
  const node = await openAlone(network, store);
  await feed(node.chain, branches().lost, 1, 2);
  const other = testNetwork({ name: "elsewhere" });
  const clock = clockFor(other);
  const random = seededRandom(1);
  const peers = new SimulatedNetwork({ clock, random }).addPeer(BOB.peerId);
  const opened = await openChain({ network: other }, { store, peers, clock, random, log: quietLog([]) });
  assert.equal(opened.ok ? "opened" : opened.fault.code, "data-of-other-network");
  assert.equal(store.tip()?.height, 2);
});

test("what waited is there after a restart: our own at once, others' soon; what became invalid is not", async () => {
  const store = memoryBlocks();
  const clock = clockFor(network);
  const world = new SimulatedNetwork({ clock, random: seededRandom(5) });
  const node = await openOn(network, world.addPeer(ALICE.peerId), store, clock);
  const teller = world
    .addPeer(BOB.peerId)
    .topic(topicName(network.chainId, "tx"), { messageBytesMax: 1024, validate: async () => "ignore" });
  await clock.advance(3_000);
  assert.ok((await node.chain.submit(transfer(0))).ok);
  assert.deepEqual(
    store.pool().map((row) => row.id),
    [txIdOf(transfer(0))],
  );
  await teller.publish(encodeTransaction(transfer(1)));
  await clock.advance(POOL_SAVE_DELAY_MS + 10);
  assert.equal(store.pool().length, 2);
  store.changePool(
    [{ id: "12".repeat(32) as ReturnType<typeof txIdOf>, bytes: Uint8Array.of(9), receivedMs: 1 }],
    [],
    [],
  );

  const again = await openAlone(network, store);
  assert.deepEqual(
    again.chain.pool().map((entry) => entry.transaction.seq),
    [0, 1],
  );
  await again.clock.advance(POOL_SAVE_DELAY_MS);
  assert.equal(store.pool().length, 2, "what could not be read is gone");
  await again.chain.close();
});

test("payments behind one that a reorganisation gave back are there after a restart", async () => {
  const store = memoryBlocks();
  const node = await openAlone(network, store);
  const lost = new TestChain(network);
  lost.grow([transfer(0)], BOB);
  await feed(node.chain, lost, 1, 1);
  for (let seq = 1; seq < 9; seq++) assert.ok((await node.chain.submit(transfer(seq))).ok);
  const won = new TestChain(network);
  won.grow([], CAROL);
  won.grow([], CAROL);
  await feed(node.chain, won, 1, 2);
  await node.chain.close();
  const again = await openAlone(network, store);
  const waiting = again.chain.pendingOf(ALICE.account).map((entry) => entry.transaction.seq);
  assert.deepEqual(waiting, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  await again.chain.close();
});

test("all that can be asked about a chain has an answer for what is not there", async () => {
  const { chain } = await openAlone(network);
  const nowhere = "34".repeat(32);
  assert.equal(chain.headerAt(1), null);
  assert.equal(chain.blockAt(1), null);
  assert.equal(chain.block(nowhere as BlockId), null);
  assert.equal(chain.summary(nowhere as BlockId), null);
  assert.equal(chain.transaction(txIdOf(transfer(0))), null);
  assert.equal(chain.inclusion(txIdOf(transfer(0))), null);
  assert.deepEqual(chain.account(BOB.account), { balance: 0, nextSeq: 0 });
  assert.deepEqual(
    chain.blocks({ limit: 10 }).map((block) => block.height),
    [0],
  );
  assert.deepEqual(chain.blocks({ before: 0, limit: 10 }), []);
  assert.deepEqual(chain.minerShares(5), []);
  assert.deepEqual(chain.pendingPayouts(BOB.account), []);
  await chain.close();
  assert.equal(await refusal(chain, new Uint8Array(3)), "unavailable");
});

test("what a final block of another branch undoes waits again, and only then its branch is forgotten", async () => {
  const { lost, won } = branches();
  const store = memoryBlocks();
  const node = await openAlone(network, store);
  await feed(node.chain, lost, 1, 3);
  await feed(node.chain, won, 1, 1);
  await node.chain.seekFinal({ id: won.at(1).block.id, height: 1 });
  assert.equal(node.chain.tip().height, 1);
  const seqs = node.chain.pendingOf(ALICE.account).map((entry) => entry.transaction.seq);
  assert.deepEqual(seqs, [1, 2], "of the blocks that are not held in memory too");
  assert.equal(store.undone().length, 3, "and nothing of it is lost with the power");
  await node.clock.advance(COMMIT_RETRY_PERIOD_MS + POOL_SAVE_DELAY_MS);
  assert.equal(store.entry(lost.at(1).block.id), null);
  assert.equal(node.chain.pendingOf(ALICE.account).length, 2);
  assert.deepEqual(node.faults, []);
  await node.chain.close();
});

test("a repair that the disk refuses is tried again, also when blocks are refused meanwhile", async () => {
  const { lost, won } = branches();
  const store = memoryBlocks();
  let isFull = false;
  let tellDamage: (cause: string) => void = () => undefined;
  const full = () => fail({ code: "store-unavailable", cause: "the disk is full" } as const);
  const fragile = new Proxy(store, {
    get(target, name) {
      if (name === "watchDamage") return (listener: typeof tellDamage) => (tellDamage = listener);
      if (isFull && (name === "renew" || name === "keep")) return full;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const node = await openAlone(network, fragile);
  await feed(node.chain, lost, 1, 3);
  isFull = true;
  tellDamage("a test");
  await node.clock.advance(COMMIT_RETRY_PERIOD_MS / 2);
  assert.equal(node.chain.problem()?.code, "ledger-not-written");
  assert.equal(await refusal(node.chain, encodeBlock(won.at(1).block)), "unavailable");
  isFull = false;
  await node.clock.advance(COMMIT_RETRY_PERIOD_MS);
  assert.deepEqual(
    node.chain.repairs().map(({ code }) => code),
    ["ledger-renewed"],
  );
  assert.equal(node.chain.problem(), null);
  assert.deepEqual(node.faults, []);
  await node.chain.close();
});

test("what was refused because damage had marked a block is taken once the ledger has begun anew", async () => {
  const source = new TestChain(network);
  for (let at = 0; at < 3; at++) source.grow();
  const memory = memoryBlocks();
  let tellDamage = (_cause: string): void => undefined;
  const store = new Proxy(memory, {
    get(target, name) {
      if (name === "watchDamage") return (listener: typeof tellDamage) => (tellDamage = listener);
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const node = await openAlone(network, store);
  await feed(node.chain, source, 1, 1);
  const { block: parent, history } = source.at(1);
  assert.ok(memory.keep(newBlockOf(source.at(2).block, { ...parent, history }), true).ok);
  assert.equal(await refusal(node.chain, encodeBlock(source.at(3).block)), "branch-invalid");
  tellDamage("a test");
  await node.clock.advance(1_000);
  await feed(node.chain, source, 1, 3);
  assert.equal(node.chain.tip().height, 3);
  for (let time = 0; time < 2 * REPAIRS_TOLD_MAX; time++) {
    tellDamage("a test");
    await node.clock.advance(1_000);
  }
  assert.equal(node.chain.repairs().length, REPAIRS_TOLD_MAX, "of many repairs the newest are told");
  await node.chain.close();
});
