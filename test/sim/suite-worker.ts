/** A program: one of the processes of `npm run sim -- --suite`. Takes runs as messages, answers each with a line. */
import process from "node:process";
import { inspect } from "node:util";
import { describeSummary, type RunOptions, runScenario } from "./run.ts";

export interface SuiteAnswer {
  readonly held: boolean;
  readonly line: string;
}

async function answer(run: RunOptions): Promise<SuiteAnswer> {
  const startedMs = performance.now();
  try {
    const summary = await runScenario(run);
    return { held: true, line: describeSummary(summary, (performance.now() - startedMs) / 1000) };
  } catch (error) {
    return { held: false, line: inspect(error) };
  }
}

process.on("message", (run: RunOptions) => {
  void answer(run).then((told) => process.send?.(told));
});
