/** Tests the files beside the ledger, and a peer on disk that takes a snapshot over and checks what lies under it. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openChain } from "#chain/index.ts";
import { clockFor, feed, quietLog } from "#chain/test-node.ts";
import { ALICE, BOB, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { memorySnapshots } from "#storage/memory/snapshots.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { openLedgerSideFiles } from "./ledger-side-files.ts";

const network = testNetwork();

async function inFolder(run: (path: string) => Promise<void> | void): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "waybill-side-"));
  try {
    await run(path);
  } finally {
    rmSync(path, { recursive: true });
  }
}

test("the second state is there only while history is checked, and damaged files are made anew", async () => {
  await inFolder((path) => {
    const side = openLedgerSideFiles(path, network.chainIdHex);
    assert.equal(side.history.current(), null);
    assert.equal(side.history.create().tip(), null);
    assert.notEqual(side.history.current(), null);
    side.close();
    const files = readdirSync(path).filter((name) => name.startsWith("history-") && name.endsWith(".db"));
    assert.equal(files.length, 1);
    for (const name of readdirSync(path))
      writeFileSync(join(path, name), "no database at all, but some bytes");
    const again = openLedgerSideFiles(path, network.chainIdHex);
    assert.deepEqual(again.snapshots.finished(), []);
    assert.equal(again.history.current()?.tip(), null);
    again.history.discard();
    assert.equal(existsSync(join(path, files[0] ?? "")), false);
    again.close();
  });
});

test("a second state that can be neither read nor made anew is not taken for one that is not needed", async () => {
  await inFolder((path) => {
    const side = openLedgerSideFiles(path, network.chainIdHex);
    side.history.create();
    side.close();
    const name = readdirSync(path).find((each) => /^history-.*\.db$/.test(each)) ?? "";
    const [file, log] = [join(path, name), join(path, `${name}-wal`)];
    writeFileSync(file, "no database at all, but some bytes");
    rmSync(log, { force: true });
    mkdirSync(log);
    const again = openLedgerSideFiles(path, network.chainIdHex);
    assert.throws(() => again.history.current());
    assert.throws(() => again.history.current());
    rmdirSync(log);
    assert.equal(again.history.current()?.tip(), null);
    again.close();
  });
});

test("a peer on disk takes a state over, checks what lies under it, and ends with every block", async () => {
  const clock = clockFor(network);
  const peers = new SimulatedNetwork({ clock, random: seededRandom(3) });
  const faults: unknown[] = [];
  const options = {
    network,
    snapshotPolicy: { everyBlocks: 20, depthMinBlocks: 5, worthBlocks: 30 },
  };
  const shared = { clock, random: seededRandom(2), log: quietLog(faults) };
  const source = new TestChain(network);
  for (let at = 0; at < 50; at++) source.grow();
  const alice = await openChain(options, {
    ...shared,
    store: memoryBlocks(),
    snapshots: memorySnapshots(),
    peers: peers.addPeer(ALICE.peerId),
  });
  assert.ok(alice.ok);
  await feed(alice.value.chain, source, 1, 50);
  await clock.advance(2_000);
  await inFolder(async (path) => {
    const database = new Database(join(path, "ledger.db"), [blockSchema]);
    const store = diskBlocks(database);
    const side = openLedgerSideFiles(path, network.chainIdHex);
    const { snapshots, history } = side;
    const bob = await openChain(options, {
      ...shared,
      store,
      snapshots,
      history,
      peers: peers.addPeer(BOB.peerId),
    });
    assert.ok(bob.ok);
    const { chain } = bob.value;
    await clock.advanceUntil(() => chain.syncState().history !== null, 60_000, "taken over");
    await clock.advanceUntil(
      () => chain.syncState().history === null && chain.tip().height === 50,
      120_000,
      "level, and checked",
    );
    assert.equal(store.bodiesFrom(), 0);
    assert.equal(history.current(), null);
    assert.deepEqual(chain.blockAt(7), source.at(7).block);
    await clock.advanceUntilSettled(chain.close(), 60_000, "closed");
    side.close();
    database.close();
  });
  await clock.advanceUntilSettled(alice.value.chain.close(), 60_000, "closed");
  assert.deepEqual([...faults, ...peers.faults], []);
});
