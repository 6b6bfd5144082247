/**
 * `npm run bench [-- PART...] [--json] [--size MIB]`: the figures of docs/performance.md, measured on this computer.
 * Parts: start, idle, message, transfer, block, miner, tracker, headers, state, reorg,
 * propagation; all of them when none is named.
 */
import { cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { benchBlock } from "./block.ts";
import { type Findings, findingsText } from "./figures.ts";
import { benchHeaders } from "./headers.ts";
import { benchMiner } from "./miner.ts";
import { benchIdle, benchMessages, benchStart } from "./peers.ts";
import { benchPropagation } from "./propagation.ts";
import { benchReorg } from "./reorg.ts";
import { benchState } from "./state.ts";
import { benchTracker } from "./tracker.ts";
import { benchTransfer } from "./transfer.ts";

const MIB = 1024 * 1024;
const { values: flags, positionals } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    size: { type: "string", default: "1024" },
  },
  allowPositionals: true,
});
const PARTS: Readonly<Record<string, () => Promise<Findings>>> = {
  start: benchStart,
  idle: benchIdle,
  message: benchMessages,
  transfer: () => benchTransfer(Number(flags.size) * MIB),
  block: benchBlock,
  miner: benchMiner,
  tracker: benchTracker,
  headers: benchHeaders,
  state: benchState,
  reorg: benchReorg,
  propagation: benchPropagation,
};

const unknown = positionals.filter((name) => PARTS[name] === undefined);
if (unknown.length > 0 || !(Number(flags.size) > 0)) {
  console.error(`no such part: ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, ${process.platform}-${process.arch}, Node ${process.versions.node}`;
if (!flags.json) console.log(machine);
const all: Findings[] = [];
for (const [name, measure] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const findings = await measure();
  all.push(findings);
  if (!flags.json) console.log(findingsText(findings));
}
if (flags.json) {
  const [figures, gaps] = [all.flatMap((one) => one.figures), all.flatMap((one) => one.gaps)];
  console.log(JSON.stringify({ machine, figures, gaps }));
}
