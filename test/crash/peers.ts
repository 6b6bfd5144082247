/**
 * Owns the crash harness for whole peers: `waybill start` itself, fed over its real network by two others, killed at its
 * writes again and again while it fetches a chain, and then while it goes over to a heavier one. What it was asked to
 * send, and acknowledged, must be there at the end; its ledger must be that of an undisturbed chain.
 *
 * A start of a whole peer takes ten times that of a bare chain, so there are few deaths here and many in `harness.ts`.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { readApiFile } from "#api/api-file.ts";
import { createClient } from "#api/client.ts";
import { checkLedger } from "#chain/index.ts";
import { openAlone } from "#chain/test-node.ts";
import { encodeBlock } from "#ledger/index.ts";
import { genesisText } from "#ledger/presets.ts";
import { BOB, CAROL, TestChain } from "#ledger/test-chain.ts";
import { openLedgerDatabase } from "#node/data-folder.ts";
import { blockSchema, diskBlocks } from "#storage/disk/blocks.ts";
import { Database } from "#storage/disk/database.ts";
import { seededRandom } from "#test/kit/random.ts";
import { MAIN, must, type RealPeer, startArguments, startPeer } from "../../tools/real-peer.ts";
import { NODE_FLAGS } from "../../tools/setup/node-flags.mjs";
import { derived, KILL_SWITCH, type Tally } from "./harness.ts";
import type { Moment } from "./kill-switch.ts";
import { crashNetwork } from "./script.ts";

const ALONE = ["--no-discovery", "--no-mine", "--no-port-mapping"];
const HEIGHT = 80;
const FORK = 60;
/** A whole start and the fetching of all blocks, on a busy computer. */
const LIFE_MS_MAX = 60_000;
/** Whoever is not dead by then has nothing left to write. */
const QUIET_MS = 8_000;

/** A folder whose ledger already is this chain. */
async function prepared(folder: string, chain: TestChain): Promise<void> {
  const database = openLedgerDatabase(folder, chain.network.chainIdHex, [blockSchema]);
  if (!database.ok) throw new Error(database.fault.cause);
  const node = await openAlone(chain.network, diskBlocks(database.value.database));
  for (let height = 1; height <= chain.tip.block.header.height; height++) {
    const taken = await node.chain.submitBlock(encodeBlock(chain.at(height).block));
    if (!taken.ok) throw new Error(taken.fault.code);
  }
  await node.chain.close();
  database.value.database.close();
}

async function addressOf(peer: RealPeer): Promise<string> {
  const { addresses } = await must(peer.client.status());
  const address = addresses.find((one) => one.startsWith("/ip4/127.0.0.1/tcp/"));
  if (address === undefined) throw new Error("a feeding peer has no address");
  return address;
}

interface Doomed {
  readonly dataDir: string;
  readonly network: string;
  /** Whom it joins. */
  readonly from: RealPeer;
  readonly killAt: string;
  /** Ids of messages that it acknowledged; added to. */
  readonly said: Set<string>;
}

/** One life: until the kill switch ends it, or it has had all it can get. @returns what the death interrupted. */
async function live({ dataDir, network, from, killAt, said }: Doomed): Promise<Moment | null> {
  const join = await addressOf(from);
  const arguments_ = startArguments({ name: "doomed", dataDir, network, flags: [...ALONE, "--join", join] });
  const child = spawn(process.execPath, [...NODE_FLAGS, "--import", KILL_SWITCH, MAIN, ...arguments_], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIFE_MS_MAX,
    killSignal: "SIGKILL",
    env: { ...process.env, WAYBILL_KILL_AT: killAt },
  });
  let printed = "";
  let isAsked = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (isAsked || !/http:\/\//.test(printed)) return;
      isAsked = true;
      void say(dataDir, from, said);
      AbortSignal.timeout(QUIET_MS).addEventListener("abort", () => child.kill("SIGKILL"));
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", (ended) => resolve(ended)));
  if (code !== null) throw new Error(`the peer ended with ${code}: ${printed}`);
  const moment = /^killed (\w+) /m.exec(printed)?.[1];
  return moment === undefined ? null : (moment as Moment);
}

/** A message that is acknowledged is kept from then on; one that the death came before is nobody's promise. */
async function say(dataDir: string, to: RealPeer, said: Set<string>): Promise<void> {
  try {
    const api = await readApiFile(dataDir);
    if (!api.ok || api.value === null) return;
    const wait = () => Promise.resolve();
    const client = createClient({ origin: api.value.origin, token: api.value.token }, { fetch, wait });
    const slip = await client.say((await must(to.client.status())).peerId, `message ${said.size}`);
    if (slip.ok) said.add(slip.value.id);
  } catch {
    // It died in the middle of it.
  }
}

/** @throws Error when anything is not as it must be. */
export async function runPeers(seed: number, deaths: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const root = mkdtempSync(join(tmpdir(), "waybill-crash-peers-"));
  const peers: RealPeer[] = [];
  try {
    const ledger = crashNetwork();
    const network = join(root, "network.json");
    writeFileSync(network, genesisText(ledger.params));
    const first = new TestChain(ledger);
    for (let at = 0; at < HEIGHT; at++) first.grow([], BOB);
    const second = first.fork(FORK);
    for (let at = FORK; at <= HEIGHT; at++) second.grow([], CAROL);
    const dataDir = mkdtempSync(join(root, "doomed-"));
    const said = new Set<string>();
    for (const chain of [first, second]) {
      const folder = mkdtempSync(join(root, "feeder-"));
      await prepared(folder, chain);
      const from = await startPeer({ name: "feeder", dataDir: folder, network, accept: "all", flags: ALONE });
      peers.push(from);
      for (let at = 0; at < deaths / 2; at++) {
        const killAt = `${1 + random.below(at % 3 === 0 ? 150 : 700)}:${random.pick(["before", "after"])}`;
        const moment = await live({ dataDir, network, from, killAt, said });
        tally.lives += 1;
        tally.killed[moment ?? "any moment"] += 1;
      }
    }
    await finish({ dataDir, network, from: peers.at(-1), said, chain: second });
  } finally {
    await Promise.all(peers.map((peer) => peer.kill()));
    rmSync(root, { recursive: true, force: true });
  }
}

interface Finish {
  readonly dataDir: string;
  readonly network: string;
  readonly from: RealPeer | undefined;
  readonly said: ReadonlySet<string>;
  readonly chain: TestChain;
}

/** An undisturbed life, and the comparison. */
async function finish({ dataDir, network, from, said, chain }: Finish): Promise<void> {
  if (from === undefined) throw new Error("nobody to be fed by");
  const flags = [...ALONE, "--join", await addressOf(from)];
  const peer = await startPeer({ name: "doomed", dataDir, network, flags });
  const { height } = chain.tip.block.header;
  await peer.until("stands on the heaviest chain", LIFE_MS_MAX, async () => {
    const status = await must(peer.client.status());
    return status.chain.tip.height === height ? true : null;
  });
  for (const id of said) await must(peer.client.slip(id));
  await peer.interrupt();
  const path = join(dataDir, `ledger-${chain.network.chainIdHex.slice(0, 16)}.db`);
  const database = new Database(path, [blockSchema]);
  const undisturbed = new Database(":memory:", [blockSchema]);
  try {
    const check = await checkLedger(chain.network, diskBlocks(database), {
      progress: async () => undefined,
    });
    if (check.disagreement !== null) throw new Error(check.disagreement.what);
    const node = await openAlone(chain.network, diskBlocks(undisturbed));
    for (let at = 1; at <= height; at++) await node.chain.submitBlock(encodeBlock(chain.at(at).block));
    await node.chain.close();
    if (derived(database) !== derived(undisturbed))
      throw new Error("the ledger is not that of an undisturbed chain");
  } finally {
    database.close();
    undisturbed.close();
  }
}
