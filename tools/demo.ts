/**
 * The demo: four real peers on this computer, each with a fresh folder. `npm run demo` keeps them open until Ctrl-C;
 * `npm run demo -- --once` drives them through a delivery, an interruption, a payment and a late arrival, and ends.
 * `--json` prints one object as the last line. Exit code 0 when all of it held.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import type { StatusView } from "#api/views.ts";
import { makeContent } from "./demo/content.ts";
import { earnFirstCoins, meet, payCarol, proveDelivery, sendAndInterrupt, settle } from "./demo/story.ts";
import { must, type RealPeer, startPeer } from "./real-peer.ts";

/** The last line of `--json`. */
interface Report {
  readonly ok: boolean;
  readonly seconds: number;
  readonly peers: readonly {
    readonly name: string;
    readonly peerId: string;
    readonly height: number;
    readonly tip: string;
    readonly balance: number;
    readonly mined: number;
  }[];
  readonly message: { readonly state: string };
  readonly transfer: {
    readonly bytes: number;
    readonly files: number;
    readonly resumedFromBytes: number;
    readonly state: string;
  };
  readonly receipt: { readonly path: string; readonly verified: boolean };
  readonly payment: { readonly state: string };
}

const startedMs = performance.now();
const seconds = () => Math.round((performance.now() - startedMs) / 100) / 10;
const say = (line: string) => console.log(`${seconds().toFixed(1).padStart(5)} s  ${line}`);

/** Everybody running now; bob is replaced when he is killed and comes back. */
const open = new Map<string, RealPeer>();

async function start(folder: string, name: string): Promise<RealPeer> {
  const dataDir = join(folder, name);
  mkdirSync(dataDir, { mode: 0o700 });
  // Everybody accepts files here: nobody sits at these four to say yes.
  const peer = await startPeer({ name, dataDir, accept: "all", ownGroup: true });
  open.set(name, peer);
  say(`${name.padEnd(5)} ${peer.pageUrl}`);
  return peer;
}

/** A random order each time, all at once: no order is the right one. */
async function startAll(folder: string, names: readonly string[]): Promise<ReadonlyMap<string, RealPeer>> {
  const order = names
    .map((name) => ({ name, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => name);
  await Promise.all(order.map((name) => start(folder, name)));
  return open;
}

function running(name: string): RealPeer {
  const peer = open.get(name);
  if (peer === undefined) throw new Error(`${name} is not running`);
  return peer;
}

async function runOnce(folder: string, keep: string): Promise<Report> {
  await startAll(folder, ["alice", "bob", "carol"]);
  await meet([...open.values()]);
  say("alice, bob and carol found each other");
  const content = makeContent(join(keep, "scans"));
  const cast = { alice: running("alice"), bob: running("bob"), carol: running("carol") };
  const message = await earnFirstCoins(cast, say);

  const { bob, sent, resumedFromBytes } = await sendAndInterrupt(cast, content, say);
  open.set("bob", bob);
  const dave = start(folder, "dave");
  const payment = await payCarol({ ...cast, bob }, say);
  await dave;
  say("dave came late");
  const statuses = await settle([...open.values()]);
  say(`all receipts are anchored, and all four stand at height ${statuses[0]?.chain.tip.height ?? 0}`);

  const transfer = await must(cast.alice.client.slip(sent.id));
  const receipt = await proveDelivery(cast.alice, sent.id, content, keep);
  rmSync(join(keep, "changed-content"), { recursive: true });
  rmSync(join(keep, "changed.waybill"));
  say(`the receipt is ${receipt.path}, of the files in ${content.folder}`);
  say(
    receipt.verified
      ? "it is accepted as it is, and refused after one byte of it or of the content was changed"
      : "it was NOT judged as it should be",
  );
  const held =
    receipt.verified && resumedFromBytes > 0 && transfer.state === "anchored" && payment === "confirmed";
  return {
    ok: held && transfer.bytes === content.bytes && transfer.fileCount === content.files,
    seconds: seconds(),
    peers: statuses.map(describe).sort((a, b) => (a.name < b.name ? -1 : 1)),
    message: { state: message.state },
    transfer: {
      bytes: transfer.bytes,
      files: transfer.fileCount,
      resumedFromBytes,
      state: transfer.state,
    },
    receipt,
    payment: { state: payment },
  };
}

function describe(status: StatusView): Report["peers"][number] {
  return {
    name: status.name,
    peerId: status.peerId,
    height: status.chain.tip.height,
    tip: status.chain.tip.id,
    balance: status.balance,
    mined: status.mining.blocksMined,
  };
}

async function runUntilInterrupted(folder: string): Promise<void> {
  await startAll(folder, ["alice", "bob", "carol", "dave"]);
  say("four peers run; open a page of theirs. Ctrl-C ends them all.");
  await Promise.race([
    interrupted,
    ...[...open.values()].map(async (peer) => {
      const exit = await peer.exited;
      throw new Error(`${peer.options.name} ended (${exit.code ?? exit.signal}):\n${peer.output()}`);
    }),
  ]);
}

const { values: flags } = parseArgs({
  options: {
    once: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) {
  console.log("npm run demo [-- --once] [--json]\nFour peers on this computer. --once drives them and ends.");
  process.exit(0);
}

const interrupted = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
});
class Interrupted extends Error {}
let wasInterrupted = false;
const folder = mkdtempSync(join(tmpdir(), "waybill-demo-"));
try {
  if (flags.once) {
    const keep = mkdtempSync(join(tmpdir(), "waybill-demo-receipt-"));
    const outcome = await Promise.race([runOnce(folder, keep), interrupted]);
    if (outcome === undefined) throw new Interrupted("interrupted");
    process.exitCode = outcome.ok ? 0 : 1;
    await closeAll();
    say(outcome.ok ? "done" : "something did not hold: see above");
    if (flags.json) console.log(JSON.stringify(outcome));
  } else {
    await runUntilInterrupted(folder);
    await closeAll();
  }
} catch (error) {
  process.exitCode = 1;
  say(`failed: ${error instanceof Error ? error.message : String(error)}`);
  await closeAll().catch(() => undefined);
  if (flags.json) console.log(JSON.stringify({ ok: false, seconds: seconds() }));
  wasInterrupted = error instanceof Interrupted;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// What the story that was broken off still waits for would keep the process for a minute.
if (wasInterrupted) process.exit();

async function closeAll(): Promise<void> {
  await Promise.all([...open.values()].map((peer) => peer.interrupt()));
}
