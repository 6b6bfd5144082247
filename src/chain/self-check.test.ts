import assert from "node:assert/strict";
import { test } from "node:test";
import { signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { BestChain } from "./best-chain.ts";
import { checkLedger } from "./self-check.ts";
import type { BlockStore, Connection } from "./store.ts";
import { feed, openAlone } from "./test-node.ts";

const network = testNetwork();
const HEIGHT = 12;
const OPTIONS = { progress: async () => undefined };

function grown(): TestChain {
  const chain = new TestChain(network);
  for (let at = 0; at < HEIGHT; at++) {
    const body = {
      from: ALICE.account,
      to: CAROL.account,
      seq: at,
      fee: 200,
      amount: 10 + at,
      validUntil: 40,
    };
    chain.grow([signTransaction({ type: "transfer", ...body }, network.chainId, ALICE)], BOB);
  }
  return chain;
}

/** A store on disk that holds a chain, one payment that waits, and a branch that lost. */
async function filled(): Promise<{ readonly database: Database; readonly store: BlockStore }> {
  const database = new Database(":memory:", [blockSchema]);
  const store = diskBlocks(database);
  const node = await openAlone(network, store);
  const chain = grown();
  const lost = chain.fork(4);
  lost.grow([], CAROL);
  await feed(node.chain, lost, 1, 5);
  await feed(node.chain, chain, 5, HEIGHT);
  const waits = { from: ALICE.account, to: BOB.account, seq: HEIGHT, fee: 300, amount: 1, validUntil: 40 };
  assert.ok(
    (await node.chain.submit(signTransaction({ type: "transfer", ...waits }, network.chainId, ALICE))).ok,
  );
  await node.chain.close();
  return { database, store };
}

test("a sound ledger agrees with what is derived from genesis, on disk and in memory", async () => {
  const { store } = await filled();
  const check = await checkLedger(network, store, OPTIONS);
  assert.deepEqual(check.disagreement, null);
  assert.deepEqual([check.tipHeight, check.blocks, check.transactions], [HEIGHT, HEIGHT + 1, 2 * HEIGHT]);
  const node = await openAlone(network, memoryBlocks());
  await feed(node.chain, grown(), 1, HEIGHT);
  assert.equal((await checkLedger(network, node.store, OPTIONS)).disagreement, null);
});

test("how far it is is told, and a ledger of another network is said to be one", async () => {
  const { store } = await filled();
  const told: string[] = [];
  await checkLedger(network, store, {
    ...OPTIONS,
    progress: async (at, of) => void told.push(`${at}/${of}`),
  });
  assert.equal(told.at(-1), `${HEIGHT}/${HEIGHT}`);
  const other = await checkLedger(testNetwork({ name: "elsewhere" }), store, OPTIONS);
  assert.equal(other.disagreement?.code, "network-differs");
});

/** `sum` columns are made to fit, so that only the derivation can tell. */
for (const [what, damage, code, height] of [
  [
    "an account that holds more",
    "UPDATE state SET value = CAST(x'02' || value AS BLOB)",
    "state-wrong",
    HEIGHT,
  ],
  [
    "an entry that is missing",
    "DELETE FROM state WHERE key = (SELECT max(key) FROM state)",
    "state-wrong",
    HEIGHT,
  ],
  [
    "an undo record of another block",
    "UPDATE undo SET (bytes, sum) = (SELECT bytes, sum FROM undo WHERE height = 7) WHERE height = 8",
    "undo-wrong",
    8,
  ],
  ["an undo record that is missing", "DELETE FROM undo WHERE height = 3", "undo-wrong", 3],
  [
    "a body that was flipped",
    "UPDATE bodies SET bytes = zeroblob(length(bytes)) WHERE row = (SELECT row FROM best WHERE height = 6)",
    "body-missing",
    6,
  ],
  [
    "the body of another block",
    "UPDATE bodies SET (bytes, sum) = (SELECT bytes, sum FROM bodies WHERE row = (SELECT row FROM best WHERE height = 2)) WHERE row = (SELECT row FROM best WHERE height = 9)",
    "body-wrong",
    9,
  ],
  [
    "a transaction that stands elsewhere",
    "UPDATE places SET position = 5 WHERE height = 4 AND position = 1",
    "index-wrong",
    4,
  ],
  [
    "a transaction listed for somebody else",
    "DELETE FROM account_places WHERE height = 10",
    "index-wrong",
    10,
  ],
  ["a header that is not kept", "DELETE FROM best WHERE height = 7", "header-missing", 7],
  ["a payment that was altered", "UPDATE pool SET bytes = zeroblob(length(bytes))", "pool-wrong", null],
  [
    "a row that is not what was written",
    "UPDATE blocks SET work = zeroblob(16) WHERE height = 5",
    "unreadable",
    5,
  ],
] as const) {
  test(`${what} is the first disagreement, named with its height`, async () => {
    const { database, store } = await filled();
    database.sql.exec(damage);
    const { disagreement } = await checkLedger(network, store, OPTIONS);
    assert.deepEqual(
      [disagreement?.code, disagreement?.height],
      [code, height],
      disagreement?.what ?? "none",
    );
  });
}

function altered([step]: readonly unknown[]): unknown[] {
  const connection = step as Connection;
  return [connection.block.height === 8 ? { ...connection, fees: connection.fees + 1 } : connection];
}

test("a record of who mined what that does not follow from the block is found", async () => {
  const chain = grown();
  const store = memoryBlocks();
  // As a node with a broken rule of its own would write it.
  const wrong = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown =>
        Reflect.apply(member, target, name === "connect" ? altered(args) : args);
    },
  });
  const opened = BestChain.open(network, wrong);
  assert.ok(opened.ok);
  for (let height = 1; height <= HEIGHT; height++) {
    assert.ok(opened.value.best.extend(chain.at(height).block).ok);
  }
  const { disagreement } = await checkLedger(network, store, OPTIONS);
  assert.deepEqual([disagreement?.code, disagreement?.height], ["record-wrong", 8]);
});

test("where bodies were pruned, headers and state are checked, and what undo records lead back to", async () => {
  const { database, store } = await filled();
  const chain = grown();
  for (let height = 1; height < 6; height++) store.dropBody(chain.at(height).block.id);
  const check = await checkLedger(network, store, OPTIONS);
  assert.deepEqual(check.disagreement, null);
  assert.deepEqual([check.blocks, check.headers], [1, HEIGHT]);
  database.sql.exec(
    "UPDATE undo SET (bytes, sum) = (SELECT bytes, sum FROM undo WHERE height = 7) WHERE height = 8",
  );
  const damaged = await checkLedger(network, store, OPTIONS);
  assert.deepEqual([damaged.disagreement?.code, damaged.disagreement?.height], ["state-wrong", 7]);
});
