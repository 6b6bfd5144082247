/**
 * `npm run test:nat [-- PART...] [--write] [--jobs N]`: whole programs in an internet made of network namespaces
 * (`test/kit/nat-lab.ts`). Every cell of the table has to deliver a message and a file; paths are taken away during a
 * transfer; a tracker dies. PART chooses cells by a part of their name, or `switching`, or `trackers`. `--write` puts
 * what was measured into docs/reach.md. Needs Linux, root and iptables; elsewhere it says why not, and ends well.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { whyNoNatLab } from "../test/kit/nat-lab.ts";
import { type CellPlan, type CellResult, runCell } from "../test/nat/cell.ts";
import { MATRIX, VARIANTS } from "../test/nat/plans.ts";
import { cellLine, faultOf, type Outcome, render, withMeasured } from "../test/nat/report.ts";
import { loseTracker, switchUnderLoad } from "../test/nat/switching.ts";

const SWITCHED_BYTES = 500_000_000;
/** Nobody may be lost for longer when one of two trackers dies. */
const LOSS_MAX_MS = 30_000;
const PAGE = join(resolve(import.meta.dirname, ".."), "docs", "reach.md");

async function outcomeOf<Value>(work: Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}

async function runCells(plans: readonly CellPlan[], jobs: number) {
  const cells: { plan: CellPlan; outcome: Outcome<CellResult> }[] = [];
  const waiting = [...plans];
  const work = async () => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      const outcome = await outcomeOf(runCell(plan));
      cells.push({ plan, outcome });
      const reason = outcome.ok && outcome.value.reason !== null ? `   ${outcome.value.reason}` : "";
      console.log(
        `${faultOf(plan, outcome) === null ? "ok    " : "FAILED"} ${cellLine(plan, outcome)}${reason}`,
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return cells.sort((one, other) => plans.indexOf(one.plan) - plans.indexOf(other.plan));
}

function said<Value>(what: string, outcome: Outcome<Value>, isGood: (value: Value) => boolean): boolean {
  const good = outcome.ok && isGood(outcome.value);
  console.log(
    `${good ? "ok    " : "FAILED"} ${what}: ${outcome.ok ? JSON.stringify(outcome.value) : outcome.why}`,
  );
  return good;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { write: { type: "boolean", default: false }, jobs: { type: "string", default: "2" } },
    allowPositionals: true,
  });
  const why = whyNoNatLab();
  if (why !== false) {
    console.log(`skipped: ${why}`);
    return 0;
  }
  const wanted = (name: string) =>
    positionals.length === 0 || positionals.some((part) => name.includes(part));
  const cells = await runCells(
    [...MATRIX, ...VARIANTS].filter(({ name }) => wanted(name)),
    Number(values.jobs),
  );
  let good = cells.every(({ plan, outcome }) => faultOf(plan, outcome) === null);
  const [switches, loses] = [wanted("switching"), wanted("trackers")];
  const none = { ok: false, why: "not run" } as const;
  const loss = loses ? await outcomeOf(loseTracker()) : none;
  if (loses) good = said("one of two trackers dies", loss, ({ backMs }) => backMs < LOSS_MAX_MS) && good;
  const switching = switches ? await outcomeOf(switchUnderLoad(SWITCHED_BYTES)) : none;
  if (switches) good = said("switching under load", switching, () => true) && good;
  if (values.write) {
    writeFileSync(PAGE, withMeasured(readFileSync(PAGE, "utf8"), render({ cells, switching, loss })));
    console.log("docs/reach.md is written");
  }
  return good ? 0 : 1;
}

process.exitCode = await main();
