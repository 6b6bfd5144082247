/** Tests what becomes of a chain whose ledger file is damaged where nobody looked before it was read. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { signTransaction, txIdOf } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { POOL_SAVE_DELAY_MS } from "./limits.ts";
import { feed, openAlone } from "./test-node.ts";

const network = testNetwork();

function transfer(seq: number, amount = 10) {
  const terms = { fee: 200, amount, validUntil: 40 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

/** A ledger file with a lost branch, the best chain and six payments that wait. */
async function ledgerFile(path: string, lost: TestChain, won: TestChain): Promise<Buffer> {
  const database = new Database(path, [blockSchema]);
  const node = await openAlone(network, diskBlocks(database));
  await feed(node.chain, lost, 1, 6);
  await feed(node.chain, won, 1, 8);
  assert.equal(node.chain.pool().length, 6);
  await node.chain.close();
  database.close();
  return readFileSync(path);
}

test("whichever page of a ledger is damaged that nobody looked through before: the next start succeeds, and all is taken again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-pages-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "ledger.db");
  const [lost, won] = [new TestChain(network), new TestChain(network)];
  for (let at = 0; at < 6; at++) lost.grow([transfer(at, 100 + at)], BOB);
  for (let at = 0; at < 8; at++) won.grow([], CAROL);
  const sound = await ledgerFile(path, lost, won);
  const pageBytes = sound.readUInt16BE(16);
  let repairs = 0;
  for (let at = pageBytes; at < sound.length; at += pageBytes) {
    rmSync(`${path}.damaged`, { force: true });
    writeFileSync(path, Buffer.from(sound).fill(0xa5, at, at + pageBytes));
    let database: Database;
    try {
      database = new Database(path, [blockSchema]);
    } catch {
      // Whoever opens the file sets it aside.
      continue;
    }
    const node = await openAlone(network, diskBlocks(database));
    // A question about what is damaged may fail, once.
    for (const look of [
      () => feed(node.chain, won, 1, 8),
      () => node.chain.submit(transfer(0)),
      async () => node.chain.tip(),
    ])
      await look().catch(() => undefined);
    await node.clock.advance(1_000);
    await feed(node.chain, won, 1, 8);
    assert.equal(node.chain.tip().id, won.tip.block.id, `page ${at / pageBytes}`);
    assert.ok((await node.chain.submit(transfer(0))).ok || node.chain.pool().length === 6);
    repairs += node.chain.repairs().length;
    assert.equal(node.chain.problem(), null);
    await node.chain.close();
    database.close();
  }
  assert.ok(repairs > 5, `${repairs} repairs`);
});

test("a waiting transaction whose name on disk is no name is damage, and what waits beside it is kept", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-pool-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const database = new Database(join(folder, "ledger.db"), [blockSchema]);
  const first = await openAlone(network, diskBlocks(database));
  assert.ok((await first.chain.submit(transfer(0))).ok);
  await first.chain.close();
  database.sql.exec("INSERT INTO pool (id, bytes, received_ms) VALUES (x'0102', x'03', 4)");
  const again = await openAlone(network, diskBlocks(database));
  await again.clock.advance(2 * POOL_SAVE_DELAY_MS);
  assert.ok((await again.chain.submit(transfer(1))).ok);
  assert.deepEqual(
    again.store.pool().map(({ id }) => id),
    [transfer(0), transfer(1)].map(txIdOf),
  );
  assert.equal(again.chain.repairs()[0]?.code, "ledger-renewed");
  await again.chain.close();
  database.close();
});
