/**
 * Owns the figure of a large reorganisation: a hundred full blocks undone and a hundred and one connected, durable, with
 * what they give back waiting again and taken up again. Signatures apart: they were checked when the blocks came.
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../tools/setup/node-flags.mjs";
import type { Findings } from "./figures.ts";
import { withFolder } from "./peers.ts";
import { BLOCKS, type Reorganised, TRANSFERS } from "./reorg-process.ts";

const LIMIT_S = 30;
const RESIDENT_LIMIT_MB = 400;
const PROCESS = fileURLToPath(new URL("reorg-process.ts", import.meta.url));

function run(command: string, folder: string): string {
  return execFileSync(process.execPath, [...NODE_FLAGS, PROCESS, command, folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

export function benchReorg(): Promise<Findings> {
  return withFolder(async (folder) => {
    run("prepare", folder);
    const { reorganiseMs, processorMs, longestTurnMs, largestBytes }: Reorganised = JSON.parse(
      run("measure", folder),
    );
    const part = "reorg";
    const [seconds, megabytes] = [reorganiseMs / 1000, largestBytes / 1e6];
    const figures = [
      {
        ...{ part, what: `${BLOCKS} full blocks of ${TRANSFERS} transfers reorganised`, value: seconds },
        ...{ unit: "s", runs: [], target: { words: `within ${LIMIT_S} s`, met: seconds <= LIMIT_S } },
      },
      { part, what: "processor time of it, all threads", value: processorMs / 1000, unit: "s", runs: [] },
      { part, what: "longest that nobody else had the thread", value: longestTurnMs, unit: "ms", runs: [] },
      {
        ...{ part, what: "most memory of the process, bringing the blocks included", value: megabytes },
        ...{ unit: "MB", runs: [] },
        target: { words: `under ${RESIDENT_LIMIT_MB} MB`, met: megabytes < RESIDENT_LIMIT_MB },
      },
    ];
    return { figures, gaps: [] };
  });
}
