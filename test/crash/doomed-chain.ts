/**
 * A process that is killed: a chain over its real store on disk, without peers, that is told a script step by step and
 * acknowledges each step on standard output once it was acknowledged to it. At its start it looks whether all that
 * earlier lives acknowledged is there.
 *
 * `doomed-chain.ts FOLDER SCRIPT ACKNOWLEDGED`, loaded behind `kill-switch.ts`. Lines: `opened CODE` (of the repair, or
 * `-`), `lost WHAT`, `did STEP`, `done`.
 */
import process from "node:process";
import { openChain } from "#chain/chain.ts";
import type { Chain } from "#chain/index.ts";
import type { BlockStore } from "#chain/store.ts";
import { clockFor, quietLog } from "#chain/test-node.ts";
import { decodeTransaction, isSigned } from "#ledger/index.ts";
import { ALICE } from "#ledger/test-chain.ts";
import { holdDataFolder, openLedgerDatabase } from "#node/data-folder.ts";
import { systemClock } from "#node/system.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { lostOf } from "./acknowledged.ts";
import { opened, say, settled } from "./kill-switch.ts";
import { crashNetwork, readSteps, type Step } from "./script.ts";

const [folder, scriptPath, acknowledged] = process.argv.slice(2);
if (folder === undefined || scriptPath === undefined)
  throw new Error("doomed-chain FOLDER SCRIPT ACKNOWLEDGED");

const network = crashNetwork();
const steps = readSteps(scriptPath);
const clock = systemClock(0);
const random = seededRandom(1);
const faults: unknown[] = [];

/** The code of a refusal; `null` when it was taken. */
async function carryOut(chain: Chain, { kind, bytes }: Step): Promise<string | null> {
  if (kind === "block") {
    const outcome = await chain.submitBlock(bytes);
    return outcome.ok ? null : outcome.fault.code;
  }
  const transaction = decodeTransaction(bytes);
  if (!transaction.ok || !isSigned(transaction.value)) throw new Error("the script holds no such payment");
  const outcome = await chain.submit(transaction.value);
  return outcome.ok ? null : outcome.fault.code;
}

async function live(store: BlockStore): Promise<void> {
  // Nobody is there, so time of the network may stand still.
  const peers = new SimulatedNetwork({ clock: clockFor(network), random }).addPeer(ALICE.peerId);
  const log = quietLog(faults);
  const openedChain = await openChain({ network }, { store, peers, clock, random, log });
  if (!openedChain.ok) throw new Error(openedChain.fault.cause);
  const { chain, repaired } = openedChain.value;
  opened();
  say(`opened ${repaired?.code ?? "-"}`);
  const done = Number(acknowledged);
  for (const lost of lostOf(steps.slice(0, done), chain, store)) say(`lost ${lost}`);
  for (const [at, step] of steps.entries()) {
    if (at < done) continue;
    settled();
    const refused = await carryOut(chain, step);
    if (refused !== null) throw new Error(`step ${at} was refused: ${refused}`);
    say(`did ${at}`);
  }
  await chain.close();
}

// The timers of the clock do not keep a process alive: in a peer, sockets do.
const alive = setInterval(() => undefined, 60_000);
const held = holdDataFolder(folder);
if (!held.ok) throw new Error(held.fault.cause);
const database = openLedgerDatabase(folder, network.chainIdHex, [blockSchema]);
if (!database.ok) throw new Error(database.fault.cause);
await live(diskBlocks(database.value.database));
database.value.database.close();
held.value.lock.release();
clearInterval(alive);
if (faults.length > 0) throw faults[0];
say("done");
