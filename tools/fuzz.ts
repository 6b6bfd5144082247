/**
 * `npm run fuzz [-- --seconds S] [--seed N] [--keep] [NAME...]`: each decoder on mutated inputs, a minute each unless
 * told otherwise, two at a time. What breaks a promise is written to test/fuzz/cases and fed by `npm test` from then
 * on; `--keep` also keeps inputs that reached something new. Exits 1 when a promise was broken.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { toHex } from "#base/bytes.ts";
import { keepCases } from "#test/fuzz/cases.ts";
import { fuzz } from "#test/fuzz/engine.ts";
import { TARGETS } from "#test/fuzz/targets/index.ts";

interface Job {
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  readonly keep: boolean;
}

interface Outcome {
  readonly line: string;
  readonly isBroken: boolean;
}

const AT_ONCE = 2;
const SECONDS = 60;

function work(job: Job): Outcome {
  const target = TARGETS.find((one) => one.name === job.name);
  if (target === undefined) throw new Error(`no target is called ${job.name}`);
  const untilMs = performance.now() + job.seconds * 1000;
  const run = fuzz(target, job.seed, () => performance.now() >= untilMs);
  const kept = job.keep ? keepCases(target.name, run.found) : 0;
  const figures = `${run.inputs} inputs, ${run.shapes} kinds of verdict, slowest ${run.slowestMs.toFixed(1)} ms`;
  const line = `${target.name.padEnd(18)} ${figures}${kept > 0 ? `, ${kept} cases kept` : ""}`;
  if (run.broken === null) return { line, isBroken: false };
  keepCases(target.name, [run.broken.input], true);
  return {
    line: `${line}\n  BROKEN (seed ${job.seed}): ${run.broken.cause}\n  input: ${toHex(run.broken.input).slice(0, 2_000)}`,
    isBroken: true,
  };
}

function workInThread(job: Job): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: job });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

async function main(): Promise<void> {
  const { values: flags, positionals } = parseArgs({
    options: {
      seconds: { type: "string", default: String(SECONDS) },
      seed: { type: "string", default: String(Date.now() & 0x7fff_ffff) },
      keep: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const [seconds, seed] = [Number(flags.seconds), Number(flags.seed)];
  const names = TARGETS.map((target) => target.name);
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0 || !(seconds > 0) || !Number.isSafeInteger(seed)) {
    console.error(
      `usage: npm run fuzz [-- --seconds S] [--seed N] [--keep] [NAME...]; names: ${names.join(", ")}`,
    );
    process.exit(2);
  }
  const waiting = (positionals.length > 0 ? positionals : names).toReversed();
  console.log(`${waiting.length} decoders, ${seconds} s each, seed ${seed}`);
  const lanes = Array.from({ length: AT_ONCE }, async () => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const outcome = await workInThread({ name, seed, seconds, keep: flags.keep });
      console.log(outcome.line);
      if (outcome.isBroken) process.exitCode = 1;
    }
  });
  await Promise.all(lanes);
}

if (isMainThread) await main();
else parentPort?.postMessage(work(workerData as Job));
