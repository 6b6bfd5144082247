/**
 * Owns what `bench/state.ts` runs in processes of their own: `prepare FOLDER` makes a ledger of a million accounts
 * and some full blocks to follow; `measure FOLDER` opens it as a peer does and connects them, and says what it took.
 * The accounts stand in the first block, as no genesis file could have them: what comes after is the real thing.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AccountId } from "#base/brand.ts";
import { compareBytes, toHex, utf8 } from "#base/bytes.ts";
import { sha256, sha256Into } from "#crypto/sha256.ts";
import {
  type Block,
  buildTemplate,
  decodeBlock,
  encodeBlock,
  type Network,
  type SignedTransaction,
  sealBlock,
  type TreeChange,
} from "#ledger/index.ts";
import { accountKey, encodeAccount, encodeTotals, TOTALS_KEY } from "#ledger/state-entries.ts";
import { StateTree } from "#ledger/state-tree.ts";
import { mine, testNetwork } from "#ledger/test-chain.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { BestChain } from "../src/chain/best-chain.ts";
import { genesisConnection } from "../src/chain/block-records.ts";

const ACCOUNTS = 1_000_000;
const TRANSFERS = 2_000;
const BLOCKS = 12;
const BALANCE = 1_000;
/** Of 65 bytes: a path of twenty levels for each account that a block touches. */
const HASHES = 20 * 2 * TRANSFERS;
/** Nobody checks signatures here: another part of the bench does. */
const SIGNATURE = new Uint8Array(64);

/** What `measure` writes, as JSON. Times in ms, sizes in bytes. */
export interface Measured {
  readonly openMs: number;
  readonly residentBytes: number;
  readonly largestBytes: number;
  /** For each block: to read and change its entries in the tree, or to connect it whole. */
  readonly treeMs: readonly number[];
  readonly connectMs: readonly number[];
  /** {@link HASHES} bare ones, right before. */
  readonly hashMs: readonly number[];
}

function accountOf(number: number): AccountId {
  return toHex(sha256(utf8(`bench ${number}`))) as AccountId;
}

function networkFor(stateRoot: Uint8Array | null): Network {
  const network = testNetwork({
    maxBlockBytes: 1_048_576,
    maxBlockSignatures: TRANSFERS,
    validUntilMaxBlocks: 1_000,
    payoutDelayBlocks: 100,
  });
  if (stateRoot === null) return network;
  const { header } = network.genesis;
  return { ...network, genesis: sealBlock({ ...header, stateRoot }, []) };
}

function entries(): TreeChange[] {
  const held = ACCOUNTS * BALANCE;
  const totals = { issued: held, held, pending: 0, burned: 0 };
  const all: TreeChange[] = [{ key: TOTALS_KEY, value: encodeTotals(totals) }];
  for (let number = 0; number < ACCOUNTS; number++) {
    const value = encodeAccount({ balance: BALANCE, nextSeq: 0 });
    all.push({ key: accountKey(accountOf(number)), value });
  }
  return all.sort((a, b) => compareBytes(a.key, b.key));
}

/** Of accounts that no other block of ours touches. */
function transfersOf(at: number): SignedTransaction[] {
  return Array.from({ length: TRANSFERS }, (_, place) => {
    const number = 2 * (at * TRANSFERS + place);
    const [from, to] = [accountOf(number), accountOf(number + 1)];
    return {
      type: "transfer",
      from,
      to,
      amount: 1,
      fee: 1,
      seq: 0,
      validUntil: 500,
      signature: SIGNATURE,
    };
  });
}

function openBest(network: Network, path: string) {
  const database = new Database(path, [blockSchema]);
  const opened = BestChain.open(network, diskBlocks(database));
  if (!opened.ok) throw new Error(opened.fault.cause);
  if (opened.value.repaired !== null)
    throw new Error("the ledger was repaired, and is not what was prepared");
  return { database, best: opened.value.best };
}

function prepare(folder: string): void {
  const changes = entries();
  const root = StateTree.empty.with(changes).root;
  const network = networkFor(root);
  const path = join(folder, "ledger.db");
  const database = new Database(path, [blockSchema]);
  const begun = diskBlocks(database).begin(network.chainId, { ...genesisConnection(network), changes });
  if (!begun.ok) throw new Error(begun.fault.cause);
  database.close();
  writeFileSync(join(folder, "root"), root);
  copyFileSync(path, join(folder, "scratch.db"));
  prepareBlocks(folder, network);
}

function prepareBlocks(folder: string, network: Network): void {
  const { database, best } = openBest(network, join(folder, "scratch.db"));
  for (let at = 0; at < BLOCKS; at++) {
    const { tip, state } = best;
    const rest = { candidates: transfersOf(at), miner: accountOf(1), extra: new Uint8Array(0) };
    const timeSeconds = tip.header.time + 15;
    const template = buildTemplate(
      { parent: tip, state, history: tip.history, timeSeconds, ...rest },
      network,
    );
    const block = mine(template.header, template.transactions);
    if (block.transactions.length !== TRANSFERS + 1) throw new Error("transfers were left out");
    connect(best, block);
    writeFileSync(join(folder, `block-${at}`), encodeBlock(block));
  }
  database.close();
}

function connect(best: BestChain, block: Block): void {
  const extended = best.extend(block);
  if (!extended.ok) throw new Error(`the block is refused: ${JSON.stringify(extended.fault)}`);
}

function measure(folder: string): Measured {
  const network = networkFor(new Uint8Array(readFileSync(join(folder, "root"))));
  const path = join(folder, "measured.db");
  copyFileSync(join(folder, "ledger.db"), path);
  const openedMs = performance.now();
  const { database, best } = openBest(network, path);
  const openMs = performance.now() - openedMs;
  const residentBytes = process.memoryUsage().rss;
  let largestBytes = residentBytes;
  const [treeMs, connectMs, hashMs]: [number[], number[], number[]] = [[], [], []];
  for (let at = 0; at < BLOCKS; at++) {
    const decoded = decodeBlock(new Uint8Array(readFileSync(join(folder, `block-${at}`))));
    if (!decoded.ok) throw new Error("the block does not decode");
    // By turns, as what one has read the other would find.
    const isTree = at % 2 === 0;
    const keys = transfersOf(at).flatMap((tx) =>
      [tx.from, tx.type === "transfer" ? tx.to : tx.from].map(accountKey),
    );
    const hashingMs = performance.now();
    hashBare();
    const startedMs = performance.now();
    hashMs.push(startedMs - hashingMs);
    if (isTree) touch(best, keys);
    else connect(best, decoded.value);
    (isTree ? treeMs : connectMs).push(performance.now() - startedMs);
    if (isTree) connect(best, decoded.value);
    largestBytes = Math.max(largestBytes, process.memoryUsage().rss);
  }
  database.close();
  return { openMs, residentBytes, largestBytes, treeMs, connectMs, hashMs };
}

function hashBare(): void {
  const input = new Uint8Array(65);
  for (let at = 0; at < HASHES; at++) sha256Into(input, input, 33);
}

/** What a block does to the tree: reads each entry, writes each, and needs the root. */
function touch({ state }: BestChain, keys: readonly Uint8Array[]): void {
  const changes = keys.map((key) => ({ key, value: state.get(key)?.with(1, 7) ?? null }));
  const { root } = state.with(changes);
  if (compareBytes(root, state.root) === 0) throw new Error("the changes changed nothing");
}

const [command, folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("which folder?");
if (command === "prepare") prepare(folder);
else process.stdout.write(JSON.stringify(measure(folder)));
