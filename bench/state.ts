/**
 * Owns the figures of a large state: what a fresh process takes that has the ledger of a million accounts open, how
 * soon it is open, and what a block of 2,000 transfers costs between 4,000 accounts of it that nobody asked for lately.
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../tools/setup/node-flags.mjs";
import { type Figure, type Findings, median, quantile } from "./figures.ts";
import { withFolder } from "./peers.ts";
import type { Measured } from "./state-process.ts";

const RUNS = 3;
const RESIDENT_LIMIT_MB = 300;
const TREE_LIMIT_MS = 80;
const CONNECT_LIMIT_MS = 300;
const PROCESS = fileURLToPath(new URL("state-process.ts", import.meta.url));

function run(command: string, folder: string): string {
  return execFileSync(process.execPath, [...NODE_FLAGS, PROCESS, command, folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

export function benchState(): Promise<Findings> {
  return withFolder(async (folder) => {
    run("prepare", folder);
    const all: Measured[] = [];
    for (let at = 0; at < RUNS; at++) all.push(JSON.parse(run("measure", folder)));
    return { figures: figuresOf(all), gaps: [] };
  });
}

function figuresOf(all: readonly Measured[]): Figure[] {
  const part = "state";
  const open = all.map(({ openMs }) => openMs / 1000);
  const resident = all.map(({ residentBytes }) => residentBytes / 1e6);
  const largest = all.map(({ largestBytes }) => largestBytes / 1e6);
  const tree = all.flatMap(({ treeMs }) => treeMs);
  const connect = all.flatMap(({ connectMs }) => connectMs);
  const hash = all.flatMap(({ hashMs }) => hashMs);
  const most = Math.max(...largest);
  return [
    { part, what: "ledger of 1,000,000 accounts opened", value: median(open), unit: "s", runs: open },
    { part, what: "memory of the process then", value: median(resident), unit: "MB", runs: resident },
    {
      part,
      what: "at most while full blocks are connected",
      value: most,
      unit: "MB",
      runs: largest,
      target: { words: `under ${RESIDENT_LIMIT_MB} MB`, met: most < RESIDENT_LIMIT_MB },
    },
    {
      part,
      what: "a block's 4,000 accounts read and changed in the tree",
      value: median(tree),
      unit: "ms",
      runs: tree,
      target: { words: `under ${TREE_LIMIT_MS} ms`, met: median(tree) < TREE_LIMIT_MS },
    },
    { part, what: "80,000 bare SHA-256 of 65 bytes, beside", value: median(hash), unit: "ms", runs: hash },
    {
      part,
      what: "the block connected and durable, signatures apart, p95",
      value: quantile(connect, 0.95),
      unit: "ms",
      runs: connect,
      target: { words: `under ${CONNECT_LIMIT_MS} ms`, met: quantile(connect, 0.95) < CONNECT_LIMIT_MS },
    },
  ];
}
