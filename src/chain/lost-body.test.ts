/** Tests what becomes of transactions in blocks that are whole on disk and stand on one that is not. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fail } from "#base/result.ts";
import { encodeBlock, signTransaction, txIdOf } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { BestChain } from "./best-chain.ts";
import { COMMIT_RETRY_PERIOD_MS } from "./limits.ts";
import { feed, openAlone, refusal } from "./test-node.ts";

const network = testNetwork();

function payment(seq: number, amount = 10) {
  const terms = { fee: 200, amount, validUntil: 40 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

function scratchFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "waybill-lost-body-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a body that is lost with the ledger's file: what stood in the blocks above it waits again, in this run and after a death", async (t) => {
  const folder = scratchFolder(t);
  const source = new TestChain(network);
  for (let at = 0; at < 6; at++) source.grow([payment(at)], BOB);
  for (const when of ["in this run", "at the next start"]) {
    const database = new Database(join(folder, `${when}.db`), [blockSchema]);
    const disk = diskBlocks(database);
    let tellDamage = (_cause: string): void => undefined;
    const store = new Proxy(disk, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (name !== "watchDamage") return typeof member === "function" ? member.bind(target) : member;
        return (listener: typeof tellDamage) => {
          tellDamage = listener;
          if (when === "at the next start") listener("a test");
        };
      },
    });
    const first = await openAlone(network, when === "in this run" ? store : disk);
    await feed(first.chain, source, 1, 6);
    // Sees the place of what is about to come back empty, and would take it.
    const taken: boolean[] = [];
    first.chain.subscribe((event) => {
      if (event.type !== "TipChanged") return;
      const submitted = first.chain.submit(payment(3, 11)).then(({ ok }) => taken.push(ok));
      submitted.catch((error: unknown) => first.faults.push(error));
    });
    database.sql.exec(
      "UPDATE bodies SET bytes = zeroblob(9) WHERE row = (SELECT row FROM blocks WHERE height = 3)",
    );
    if (when === "in this run") tellDamage("a test");
    else await first.chain.close();
    const node = when === "in this run" ? first : await openAlone(network, store);
    await node.clock.advance(1_000);
    assert.equal(node.chain.tip().height, 2, when);
    const waiting = [...node.chain.pendingOf(ALICE.account), ...node.chain.uncoveredOf(ALICE.account)];
    assert.deepEqual(
      waiting.map(({ id }) => id),
      [3, 4, 5].map((seq) => txIdOf(payment(seq))),
      when,
    );
    assert.deepEqual(taken, when === "in this run" ? [false] : [], when);
    await feed(node.chain, source, 3, 3);
    assert.equal(node.chain.tip().height, 6, "the others are still here");
    assert.equal(
      node.chain.pendingOf(ALICE.account).length + node.chain.uncoveredOf(ALICE.account).length,
      0,
    );
    assert.deepEqual(node.faults, []);
    await node.chain.close();
    database.close();
  }
});

test("a disk that fills up right after the ledger began anew: the chain stands where its file does, and goes on from there", async (t) => {
  const database = new Database(join(scratchFolder(t), "ledger.db"), [blockSchema]);
  const store = diskBlocks(database);
  const { watchDamage, rewind } = store;
  let tellDamage = (_cause: string): void => undefined;
  store.watchDamage = (listener) => {
    tellDamage = listener;
    watchDamage.call(store, listener);
  };
  let isFull = false;
  store.rewind = (...step) =>
    isFull ? fail({ code: "store-unavailable", cause: "full" }) : rewind.apply(store, step);
  const node = await openAlone(network, store);
  const source = new TestChain(network);
  for (let at = 0; at < 6; at++) source.grow([payment(at)], BOB);
  await feed(node.chain, source, 1, 6);
  database.sql.exec(
    "UPDATE bodies SET bytes = zeroblob(9) WHERE row = (SELECT row FROM blocks WHERE height = 3)",
  );
  isFull = true;
  tellDamage("a test");
  await node.clock.advance(1_000);
  assert.equal(node.chain.tip().id, store.tip()?.id);
  assert.equal(await refusal(node.chain, encodeBlock(source.next())), "taken: side-branch");
  isFull = false;
  await node.clock.advance(COMMIT_RETRY_PERIOD_MS);
  assert.equal(node.chain.tip().height, 2);
  const waiting = [...node.chain.pendingOf(ALICE.account), ...node.chain.uncoveredOf(ALICE.account)];
  assert.deepEqual(
    waiting.map(({ transaction }) => transaction.seq),
    [3, 4, 5],
  );
  assert.deepEqual(node.faults, []);
  await node.chain.close();
  database.close();
});

test("a start that is broken off right after the ledger began anew: the next one finds what was left", async (t) => {
  const database = new Database(join(scratchFolder(t), "ledger.db"), [blockSchema]);
  const store = diskBlocks(database);
  const { watchDamage, rewind } = store;
  const before = await openAlone(network, store);
  const source = new TestChain(network);
  for (let at = 0; at < 6; at++) source.grow([payment(at)], BOB);
  await feed(before.chain, source, 1, 6);
  await before.chain.close();
  database.sql.exec(
    "UPDATE bodies SET bytes = zeroblob(9) WHERE row = (SELECT row FROM blocks WHERE height = 3)",
  );
  store.watchDamage = (listener) => listener("a test");
  store.rewind = () => fail({ code: "store-unavailable", cause: "full" });
  const broken = BestChain.open(network, store);
  assert.equal(broken.ok ? "opened" : broken.fault.code, "ledger-store-unusable");
  store.watchDamage = watchDamage;
  store.rewind = rewind;
  const after = await openAlone(network, store);
  assert.equal(after.chain.tip().height, 2);
  const waiting = [...after.chain.pendingOf(ALICE.account), ...after.chain.uncoveredOf(ALICE.account)];
  assert.deepEqual(
    waiting.map(({ transaction }) => transaction.seq),
    [3, 4, 5],
  );
  await after.chain.close();
  database.close();
});
