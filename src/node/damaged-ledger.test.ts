import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { genesisConnection } from "#chain/block-records.ts";
import { clockFor, entriesOf, feed, openAlone, openOn, type TestNode } from "#chain/test-node.ts";
import { encodeBlock, signTransaction } from "#ledger/index.ts";
import { ALICE, BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import type { Database } from "#storage/disk/database.ts";
import { memoryBlocks } from "#storage/memory/blocks.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { type SeededRandom, seededRandom } from "#test/kit/random.ts";
import { cutOff, flipBit } from "../../test/crash/torn-files.ts";
import { openLedgerDatabase } from "./data-folder.ts";

const network = testNetwork({ validUntilMaxBlocks: 1_000 });
const NAME = `ledger-${network.chainIdHex.slice(0, 16)}.db`;
const HEIGHT = 24;
const SEEDS = 20;

function payment(seq: number) {
  const terms = { fee: 200, amount: 5, validUntil: 900 };
  const body = { type: "transfer", from: ALICE.account, to: CAROL.account, seq, ...terms } as const;
  return signTransaction(body, network.chainId, ALICE);
}

/** The best chain of everybody, and one that lost on the way. */
function chains() {
  const lost = new TestChain(network);
  for (let at = 0; at < 10; at++) lost.grow([payment(at)], BOB);
  const won = lost.fork(5);
  for (let at = 5; at < HEIGHT; at++) won.grow(at < 14 ? [payment(at)] : [], CAROL);
  return { lost, won };
}

function opened(folder: string): { readonly database: Database; readonly repaired: string | null } {
  const result = openLedgerDatabase(folder, network.chainIdHex, [blockSchema]);
  assert.ok(result.ok, result.ok ? "" : result.fault.cause);
  return { database: result.value.database, repaired: result.value.repaired?.code ?? null };
}

/** Two folders with the same ledger: as an orderly end leaves it, and as a death does, with SQLite's log beside it. */
async function makeFolders(root: string): Promise<{ readonly clean: string; readonly unclean: string }> {
  const [clean, unclean] = [mkdtempSync(join(root, "clean-")), mkdtempSync(join(root, "unclean-"))];
  const { database } = opened(clean);
  const node = await openAlone(network, diskBlocks(database));
  const { lost, won } = chains();
  await feed(node.chain, lost, 1, 10);
  await feed(node.chain, won, 6, HEIGHT);
  await node.chain.close();
  for (const suffix of ["", "-wal"]) copyFileSync(join(clean, NAME + suffix), join(unclean, NAME + suffix));
  database.close();
  return { clean, unclean };
}

function copyOf(folder: string, root: string): string {
  const copy = mkdtempSync(join(root, "copy-"));
  for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(copy, name));
  return copy;
}

function damage(folder: string, random: SeededRandom): string {
  const files = readdirSync(folder).filter((name) => name === NAME || name === `${NAME}-wal`);
  const name = random.pick(files);
  const path = join(folder, name);
  if (random.chance(0.3)) {
    cutOff(path, random);
    return `${name} cut off`;
  }
  const flips = 1 + random.below(30);
  for (let at = 0; at < flips; at++) flipBit(path, random);
  return `${flips} bits of ${name}`;
}

/** The damaged node beside a sound peer, until both stand on one tip. */
async function healed(folder: string, won: TestChain): Promise<{ readonly how: string }> {
  const clock = clockFor(network);
  const peers = new SimulatedNetwork({ clock, random: seededRandom(4), wiring: "mesh" });
  const sound = await openOn(network, peers.addPeer(BOB.peerId), memoryBlocks(), clock);
  await feed(sound.chain, won, 1, HEIGHT);
  const { database, repaired } = opened(folder);
  const node = await openOn(network, peers.addPeer(ALICE.peerId), diskBlocks(database), clock);
  try {
    // What is damaged where nobody looks is noticed when somebody does.
    await clock.advance(1_000);
    lookAtAll(node, won);
    await clock.advance(1_000);
    for (let at = 0; at < 20 && !standsOn(node, won); at++) await clock.advance(10_000);
    assert.equal(node.chain.tip().id, won.tip.block.id, "it stands where all do");
    assert.deepEqual(entriesOf(node.store), entriesOf(sound.store));
    assertNothingDamagedIsServed(node, won);
    const how = [repaired, ...node.chain.repairs().map(({ code }) => code)].filter((code) => code !== null);
    return { how: how.join(", ") || "nothing to do" };
  } finally {
    for (const { chain } of [node, sound]) await clock.advanceUntilSettled(chain.close(), 60_000, "closed");
    database.close();
  }
}

/** Reads every block; a question about a damaged one may fail, once. */
function lookAtAll({ store, chain }: TestNode, won: TestChain): void {
  for (let height = 0; height <= HEIGHT; height++) {
    try {
      chain.headerAt(height);
      store.body(won.at(height).block.id);
    } catch {
      // It has been noticed, and is mended next.
    }
  }
}

function standsOn({ chain }: TestNode, won: TestChain): boolean {
  try {
    return chain.tip().id === won.tip.block.id;
  } catch {
    return false;
  }
}

function assertNothingDamagedIsServed({ store, chain }: TestNode, won: TestChain): void {
  for (let height = 0; height <= HEIGHT; height++) {
    const { block } = won.at(height);
    const body = store.body(block.id);
    if (body !== null) assert.deepEqual(Buffer.from(body), Buffer.from(encodeBlock(block)));
    assert.equal(chain.headerAt(height)?.nonce, block.header.nonce);
  }
}

test("bits that flipped and files cut off, at random places: the node ends on everybody's tip by itself, and serves nothing damaged", async () => {
  const root = mkdtempSync(join(tmpdir(), "waybill-damaged-"));
  try {
    const folders = await makeFolders(root);
    const { won } = chains();
    const hows = new Map<string, number>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed);
      const folder = copyOf(seed % 2 === 0 ? folders.clean : folders.unclean, root);
      const what = damage(folder, random);
      try {
        const { how } = await healed(folder, won);
        hows.set(how, (hows.get(how) ?? 0) + 1);
        // What was mended stays mended.
        const again = await healed(folder, won);
        assert.equal(again.how, "nothing to do");
      } catch (error) {
        throw new Error(`seed ${seed}, ${what}: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
      rmSync(folder, { recursive: true });
    }
    for (const how of ["ledger-refetched", "ledger-renewed"]) {
      assert.ok(hows.has(how), `only ${JSON.stringify([...hows])}`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

class PowerCut extends Error {}

/** Sets the file aside as a death in the middle would have: its log not yet. */
function setHalfAside(folder: string): void {
  renameSync(join(folder, NAME), join(folder, `${NAME}.damaged`));
}

test("power lost at any moment of a repair: what can be saved, and above all what waits, is there after the next start", async () => {
  const root = mkdtempSync(join(tmpdir(), "waybill-damaged-"));
  try {
    const folder = mkdtempSync(join(root, "first-"));
    const { database } = opened(folder);
    const node = await openAlone(network, diskBlocks(database));
    const { won } = chains();
    await feed(node.chain, won, 1, HEIGHT);
    assert.ok((await node.chain.submit(payment(14))).ok);
    const unclean = mkdtempSync(join(root, "unclean-"));
    for (const suffix of ["", "-wal"])
      copyFileSync(join(folder, NAME + suffix), join(unclean, NAME + suffix));
    await node.chain.close();
    database.close();
    let cuts = 0;
    for (let allowed = 0, wasCut = true; wasCut; allowed++) {
      const copy = copyOf(unclean, root);
      setHalfAside(copy);
      wasCut = await cutDuringOpening(copy, allowed);
      cuts += wasCut ? 1 : 0;
      const resumed = opened(copy).database;
      const { chain, faults } = await openAlone(network, diskBlocks(resumed));
      assert.equal(chain.tip().id, won.tip.block.id, `blocks, after ${allowed} transactions`);
      assert.equal(chain.pool().length, 1, `what waits, after ${allowed} transactions`);
      assert.deepEqual(faults, []);
      await chain.close();
      resumed.close();
    }
    assert.ok(cuts >= 4, `${cuts} moments were tried`);
  } finally {
    rmSync(root, { recursive: true });
  }
});

/** @returns whether so many transactions of the database were too few to open. */
async function cutDuringOpening(folder: string, allowed: number): Promise<boolean> {
  const { database } = opened(folder);
  const transaction = database.transaction.bind(database);
  let left = allowed;
  database.transaction = (work) => {
    if (left === 0) throw new PowerCut();
    left -= 1;
    return transaction(work);
  };
  try {
    const { chain } = await openAlone(network, diskBlocks(database));
    await chain.close();
    return left === 0;
  } catch {
    return true;
  } finally {
    if (database.sql.isOpen) database.close();
  }
}

test("a disk that is full in the middle of a repair: the repair is tried again, and nothing that can be saved is lost", async () => {
  const root = mkdtempSync(join(tmpdir(), "waybill-damaged-"));
  try {
    const { database } = opened(root);
    const store = diskBlocks(database);
    const { won } = chains();
    const node = await openAlone(network, store);
    await feed(node.chain, won, 1, HEIGHT);
    assert.ok((await node.chain.submit(payment(14))).ok);
    await node.chain.close();
    const genesis = genesisConnection(network);
    for (const room of [0, 2, 4]) {
      const replace = database.replace.bind(database);
      database.replace = () => {
        replace();
        const pages = Number(database.sql.prepare("PRAGMA page_count").get()?.["page_count"]);
        database.sql.exec(`PRAGMA max_page_count = ${pages + room}`);
      };
      const refused = store.renew(network.chainId, genesis);
      assert.equal(refused.ok ? "" : refused.fault.code, "store-unavailable", `with room for ${room} pages`);
      database.replace = replace;
    }
    const renewed = store.renew(network.chainId, genesis);
    assert.deepEqual(renewed, { ok: true, value: HEIGHT });
    assert.equal(store.pool().length, 1);
    database.close();
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a ledger of a newer program is left where it is", () => {
  const root = mkdtempSync(join(tmpdir(), "waybill-newer-"));
  try {
    const { database } = opened(root);
    database.sql.exec("UPDATE schema_versions SET version = 99");
    database.close();
    const refused = openLedgerDatabase(root, network.chainIdHex, [blockSchema]);
    assert.equal(refused.ok ? "" : refused.fault.code, "ledger-unusable");
    assert.deepEqual(readdirSync(root), [NAME]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
