/**
 * `npm run sim -- --seed S --nodes N --minutes M [--scenario NAME] [--trace]`: whole ledger nodes in a simulated world,
 * one line for each scenario; all of them when none is named. `--suite` runs many seeds over all scenarios in two
 * processes; `--difficulty` runs the difficulty rule alone and writes `docs/difficulty.md`. Exits 1 when something that
 * must hold did not.
 */
import { type ChildProcess, fork } from "node:child_process";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { writeDifficultyReport } from "../test/sim/difficulty/report.ts";
import { describeSummary, type RunOptions, runScenario, scenarioOf } from "../test/sim/run.ts";
import { SCENARIOS } from "../test/sim/scenarios/index.ts";
import type { SuiteAnswer } from "../test/sim/suite-worker.ts";

const root = resolve(import.meta.dirname, "..");
const WORKER = resolve(root, "test/sim/suite-worker.ts");
const SUITE_PROCESSES = 2;
const SUITE_SEEDS = 200;
const NODES = 50;
const MINUTES = 5;

const OPTIONS = {
  seed: { type: "string" },
  nodes: { type: "string" },
  minutes: { type: "string" },
  scenario: { type: "string" },
  seeds: { type: "string" },
  trace: { type: "boolean" },
  suite: { type: "boolean" },
  difficulty: { type: "boolean" },
  list: { type: "boolean" },
} as const;

function whole(text: string | undefined, usual: number, name: string): number {
  const value = Number(text ?? usual);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} is a whole number from 1`);
  return value;
}

/** Shows an error with all its causes: what failed, and how to see it again. */
function show(error: unknown): void {
  for (let at: unknown = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    console.error(at instanceof Error && at.cause !== undefined ? at.message : at);
  }
}

async function runHere(runs: readonly RunOptions[]): Promise<boolean> {
  let allHeld = true;
  for (const run of runs) {
    const startedMs = performance.now();
    try {
      const summary = await runScenario(run);
      console.log(describeSummary(summary, (performance.now() - startedMs) / 1000));
    } catch (error) {
      allHeld = false;
      show(error);
    }
  }
  return allHeld;
}

/** Every worker takes the next run when it is done with one. */
async function runSuite(runs: readonly RunOptions[]): Promise<boolean> {
  const startedMs = performance.now();
  const waiting = [...runs];
  let failed = 0;
  const work = (worker: ChildProcess): Promise<void> =>
    new Promise((done, refuse) => {
      const next = (): void => {
        const run = waiting.shift();
        if (run === undefined) worker.disconnect();
        else worker.send(run);
      };
      worker.on("message", (answer: SuiteAnswer) => {
        console.log(answer.line);
        if (!answer.held) failed += 1;
        next();
      });
      worker.once("error", refuse);
      worker.once("exit", (code) => (code === 0 ? done() : refuse(new Error(`a worker ended with ${code}`))));
      next();
    });
  await Promise.all(Array.from({ length: SUITE_PROCESSES }, () => work(fork(WORKER, { cwd: root }))));
  const minutes = (performance.now() - startedMs) / 60_000;
  console.log(`${runs.length - failed} of ${runs.length} held, in ${minutes.toFixed(1)} minutes`);
  return failed === 0;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.list === true) {
    for (const { name, what } of SCENARIOS) console.log(`${name.padEnd(20)} ${what}`);
    return true;
  }
  if (values.difficulty === true) {
    await writeDifficultyReport(root, whole(values.seed, 1, "seed"));
    return true;
  }
  const shared = {
    nodes: whole(values.nodes, NODES, "nodes"),
    minutes: whole(values.minutes, MINUTES, "minutes"),
  };
  const seed = whole(values.seed, 1, "seed");
  const names = values.scenario === undefined ? SCENARIOS.map(({ name }) => name) : [values.scenario];
  for (const name of names) scenarioOf(name);
  if (values.suite === true) {
    const seeds = whole(values.seeds, SUITE_SEEDS, "seeds");
    const runs = Array.from({ length: seeds }, (_, at) => ({
      ...shared,
      seed: seed + at,
      scenario: names[at % names.length] ?? "",
    }));
    return await runSuite(runs);
  }
  const trace = values.trace === true ? console.log : () => undefined;
  return await runHere(names.map((scenario) => ({ ...shared, seed, scenario, trace })));
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  show(error);
  process.exitCode = 2;
}
