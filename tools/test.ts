/**
 * `npm test`: everything that can tell whether Waybill holds, stage by stage, with a summary at the end. Exit code 0
 * only when all of it passed. `npm test -- --only unit,sim` runs some stages; further words choose files by a part of
 * their path: `npm test -- --only unit ledger`.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { checkLint, checkTypes, type Outcome } from "./checks.ts";
import { assignStages, STAGES, type Stage, testFilesOf } from "./stages.ts";

const root = resolve(import.meta.dirname, "..");

interface Line {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Node's closing counts; empty for the checks. */
  readonly counts: ReadonlyMap<string, number>;
}

/** The counts with which node's test runner closes, in its order. */
const COUNTS = ["tests", "suites", "pass", "fail", "cancelled", "skipped", "todo"] as const;

async function timed(name: string, work: () => Promise<Omit<Line, "name" | "seconds">>): Promise<Line> {
  console.log(`\n── ${name}`);
  const startedMs = performance.now();
  const outcome = await work();
  return { name, ...outcome, seconds: (performance.now() - startedMs) / 1000 };
}

function checked(check: (root: string) => Promise<Outcome>) {
  return async () => {
    const outcome = await check(root);
    console.log(outcome.ok ? "ok" : outcome.output);
    return { ok: outcome.ok, counts: new Map<string, number>() };
  };
}

/** Runs the files of one stage under node's test runner, showing its output and reading its closing counts. */
function runStage(stage: Stage, files: readonly string[]): Promise<Omit<Line, "name" | "seconds">> {
  return new Promise((resolveStage, reject) => {
    const child = spawn(
      process.execPath,
      [
        ...["--test", "--test-reporter=spec", `--test-concurrency=${stage.concurrency}`],
        ...[`--test-timeout=${stage.timeoutMs}`, ...files],
      ],
      { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
    );
    const counts = new Map<string, number>();
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      process.stdout.write(text);
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const found = /^. (\w+) (\d+)$/u.exec(line);
        if (found?.[1] !== undefined) counts.set(found[1], Number(found[2]));
      }
    });
    child.once("error", reject);
    child.once("close", (code) => {
      // A run that ends well but ran nothing has told us nothing.
      resolveStage({
        ok: code === 0 && (counts.get("pass") ?? 0) + (counts.get("skipped") ?? 0) > 0,
        counts,
      });
    });
  });
}

function summarise(lines: readonly Line[]): void {
  console.log("\n── summary");
  for (const line of lines) {
    const tests = line.counts.get("tests");
    const said = tests === undefined ? "" : `${line.counts.get("pass") ?? 0} of ${tests} passed`;
    console.log(
      `${line.ok ? "ok    " : "FAILED"} ${line.name.padEnd(12)}${`${line.seconds.toFixed(1)} s`.padStart(9)}  ${said}`,
    );
  }
  const total = (name: string) => lines.reduce((sum, line) => sum + (line.counts.get(name) ?? 0), 0);
  console.log();
  for (const name of COUNTS) console.log(`ℹ ${name} ${total(name)}`);
  const milliseconds = lines.reduce((sum, line) => sum + line.seconds * 1000, 0);
  console.log(`ℹ duration_ms ${milliseconds.toFixed(0)}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { only: { type: "string" } },
    allowPositionals: true,
  });
  const names = ["types", "lint", ...STAGES.map((stage) => stage.name)];
  const only = values.only?.split(",") ?? names;
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`no stage is called ${unknown.join(", ")}; there are ${names.join(", ")}`);
    return 2;
  }
  const { byStage, unclaimed } = assignStages(testFilesOf(root));
  if (unclaimed.length > 0) {
    console.error(`no stage runs ${unclaimed.join(", ")}: see tools/stages.ts`);
    return 1;
  }
  const lines: Line[] = [];
  if (only.includes("types")) lines.push(await timed("types", checked(checkTypes)));
  if (only.includes("lint")) lines.push(await timed("lint", checked(checkLint)));
  for (const stage of STAGES) {
    const files = (byStage.get(stage.name) ?? []).filter(
      (file) => positionals.length === 0 || positionals.some((part) => file.includes(part)),
    );
    if (!only.includes(stage.name) || files.length === 0) continue;
    lines.push(await timed(`${stage.name}: ${stage.what}`, () => runStage(stage, files)));
  }
  summarise(lines.map((line) => ({ ...line, name: line.name.split(":")[0] ?? line.name })));
  return lines.length > 0 && lines.every((line) => line.ok) ? 0 : 1;
}

process.exitCode = await main();
