/** Owns the table of docs/reach.md: how cells and experiments are shown. Pure. */
import { cpus } from "node:os";
import process from "node:process";
import type { CellPlan, CellResult } from "./cell.ts";
import type { LossResult, SwitchResult } from "./switching.ts";

const START = "<!-- measured: written by npm run test:nat -- --write -->";
const END = "<!-- end of what was measured -->";

export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly why: string };

export interface Measured {
  readonly cells: readonly { readonly plan: CellPlan; readonly outcome: Outcome<CellResult> }[];
  readonly switching: Outcome<SwitchResult>;
  readonly loss: Outcome<LossResult>;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** What is wrong with a cell; `null` when all that was promised of it came true. */
export function faultOf(plan: CellPlan, outcome: Outcome<CellResult>): string | null {
  if (!outcome.ok) return outcome.why;
  return plan.straight && outcome.value.finalPath === "relayed" ? "stayed on the relay" : null;
}

export function cellLine(plan: CellPlan, outcome: Outcome<CellResult>): string {
  if (!outcome.ok) return `| ${plan.name} | **failed**: ${outcome.why} | | | | |`;
  const { connectedMs, firstPath, finalPath, finalMs, messageMs, megabytesPerSecond } = outcome.value;
  const then = finalPath === firstPath ? finalPath : `${finalPath} after ${seconds(finalMs)}`;
  const cells = [
    plan.name,
    seconds(connectedMs),
    firstPath,
    then,
    seconds(messageMs),
    megabytesPerSecond.toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}

function cellTable(measured: Measured, wanted: (plan: CellPlan) => boolean, first: string): string {
  const rows = measured.cells
    .filter(({ plan }) => wanted(plan))
    .map(({ plan, outcome }) => cellLine(plan, outcome));
  return [
    `| ${first} | connected | first path | final path | message | file, MB/s |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function switchText(outcome: Outcome<SwitchResult>): string {
  if (!outcome.ok) return `**Failed**: ${outcome.why}`;
  const { bytes, tookMs, steps, sentBytes } = outcome.value;
  const rows = steps.map(({ what, stalledMs, path }) => `| ${what} | ${seconds(stalledMs)} | ${path} |`);
  return `| what happens | longest pause | path then |
| --- | --- | --- |
${rows.join("\n")}

${(bytes / 1e6).toFixed(0)} MB arrived whole after ${seconds(tookMs)}; ${(sentBytes / 1e6).toFixed(0)} MB left the
sender's computer for it, all headers and all pieces that were under way at a change included.`;
}

function lossText(outcome: Outcome<LossResult>): string {
  return outcome.ok
    ? `Both have each other again ${seconds(outcome.value.backMs)} after the end of the tracker.`
    : `**Failed**: ${outcome.why}`;
}

/** The part of the page between the markers. */
export function render(measured: Measured): string {
  const inMatrix = ({ name }: CellPlan) => name.includes(" / ");
  const { cells, switching, loss } = measured;
  const delivered = cells.filter(({ outcome }) => outcome.ok).length;
  const straight = cells.filter(({ outcome }) => outcome.ok && outcome.value.finalPath !== "relayed").length;
  return `Measured on ${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, ${process.platform}-${process.arch}, Node
${process.versions.node}. Of ${cells.length} cells ${delivered} delivered, ${straight} of them without a relay in the end.

### Router of A / router of B

${cellTable(measured, inMatrix, "A / B")}

### Other places

${cellTable(measured, (plan) => !inMatrix(plan), "place")}

### Paths that go away during a transfer

${switchText(switching)}

### One of two trackers dies

${lossText(loss)}
`;
}

/** @throws Error when the page has no place for it. */
export function withMeasured(page: string, measured: string): string {
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`the page needs "${START}" and "${END}"`);
  return `${page.slice(0, start)}${START}\n\n${measured}\n${page.slice(end)}`;
}
