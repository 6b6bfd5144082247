/**
 * Owns what `bench/reorg.ts` runs in processes of their own, so that what it takes is not mixed with what preparing takes:
 * `prepare FOLDER` makes two branches of full blocks with the same transfers and other miners; `measure FOLDER` has a
 * chain over a ledger on disk take the one, then the other, and says how long the step from one to the other took.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { type Chain, openChain } from "#chain/index.ts";
import { clockFor, quietLog } from "#chain/test-node.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { encodeBlock, type Network, type SignedTransaction } from "#ledger/index.ts";
import { BOB, CAROL, TestChain, testNetwork } from "#ledger/test-chain.ts";
import { systemClock } from "#node/system.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";

export const BLOCKS = 100;
export const TRANSFERS = 2_000;
const BALANCE = 1_000_000;

/** What `measure` writes, as JSON. */
export interface Reorganised {
  readonly reorganiseMs: number;
  /** Of the processor, all threads of the process together: what the clock shows on a busy computer says little. */
  readonly processorMs: number;
  readonly longestTurnMs: number;
  readonly largestBytes: number;
}

const PEOPLE = Array.from({ length: TRANSFERS }, (_, number) => {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, number + 1_000);
  return createKeypair(seed).account;
});

function network(): Network {
  return testNetwork({
    maxBlockBytes: 1_048_576,
    maxBlockSignatures: TRANSFERS,
    validUntilMaxBlocks: 1_000,
    allocations: PEOPLE.map((account) => ({ account, amount: BALANCE })),
  });
}

/** Everybody pays somebody else in each block, another one each time. */
function transfersOf(height: number): SignedTransaction[] {
  return PEOPLE.map((from, at) => ({
    ...{ type: "transfer", from, to: PEOPLE[(at + height) % TRANSFERS] ?? from, amount: 1, fee: 200 },
    ...{ seq: height - 1, validUntil: 1_000, signature: new Uint8Array(64) },
  }));
}

function prepare(folder: string): void {
  const ledger = network();
  for (const [name, miner, blocks] of [
    ["first", BOB, BLOCKS],
    ["second", CAROL, BLOCKS + 1],
  ] as const) {
    const chain = new TestChain(ledger);
    const framed: Uint8Array[] = [];
    for (let height = 1; height <= blocks; height++) {
      const { block } = chain.grow(transfersOf(height), miner);
      if (block.transactions.length !== TRANSFERS + 1) throw new Error("a block is not full");
      const bytes = encodeBlock(block);
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      framed.push(length, bytes);
    }
    writeFileSync(join(folder, name), Buffer.concat(framed));
  }
}

function* blocksIn(path: string): Iterable<Uint8Array> {
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    yield Uint8Array.from(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
}

async function measure(folder: string): Promise<Reorganised> {
  const ledger = network();
  const database = new Database(join(folder, "ledger.db"), [blockSchema]);
  const faults: unknown[] = [];
  const random = seededRandom(1);
  const opened = await openChain(
    { network: ledger },
    {
      store: diskBlocks(database),
      peers: new SimulatedNetwork({ clock: clockFor(ledger), random }).addPeer(BOB.peerId),
      ...{ clock: systemClock(0), random, log: quietLog(faults) },
      signatures: { check: async (items) => items.map(() => true) },
    },
  );
  if (!opened.ok) throw new Error(opened.fault.cause);
  const { chain } = opened.value;
  const [first, second] = [blocksIn(join(folder, "first")), blocksIn(join(folder, "second"))];
  for (const bytes of first) await take(chain.submitBlock(bytes));
  let [reorganiseMs, processorMs, longestTurnMs, height] = [0, 0, 0, 0];
  for (const bytes of second) {
    height += 1;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const [startedMs, before] = [performance.now(), process.cpuUsage()];
    const code = await take(chain.submitBlock(bytes));
    reorganiseMs = performance.now() - startedMs;
    const used = process.cpuUsage(before);
    processorMs = (used.user + used.system) / 1000;
    delay.disable();
    longestTurnMs = delay.max / 1e6;
    if (code !== (height > BLOCKS ? "connected" : "side-branch")) throw new Error(`block ${height}: ${code}`);
  }
  if (chain.tip().height !== BLOCKS + 1) throw new Error("the other branch was not taken");
  if (chain.pool().length > 0) throw new Error("what is in the blocks still waits");
  await chain.close();
  database.close();
  if (faults.length > 0) throw faults[0];
  return { reorganiseMs, processorMs, longestTurnMs, largestBytes: process.resourceUsage().maxRSS * 1024 };
}

async function take(outcome: ReturnType<Chain["submitBlock"]>): Promise<string> {
  const taken = await outcome;
  if (!taken.ok) throw new Error(JSON.stringify(taken.fault));
  return taken.value.code;
}

// Imported for its types and sizes by whoever starts it.
if (process.argv[1] === import.meta.filename) {
  const [command, folder = ""] = process.argv.slice(2);
  // The timers of the clock do not keep a process alive.
  const alive = setInterval(() => undefined, 60_000);
  if (command === "prepare") prepare(folder);
  else process.stdout.write(JSON.stringify(await measure(folder)));
  clearInterval(alive);
}
