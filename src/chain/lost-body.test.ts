/** Tests what becomes of transactions in blocks that are whole on disk and stand on one that is not. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { signTransaction, txIdOf } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { feed, openAlone } from "./test-node.ts";

const network = testNetwork();

function payment(seq: number, amount = 10) {
  const terms = { fee: 200, amount, validUntil: 40 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

test("a body that is lost with the ledger's file: what stood in the blocks above it waits again, in this run and after a death", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-lost-body-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
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
