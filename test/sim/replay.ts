/**
 * Replays simulations by seed, with a trace: `npx node test/sim/replay.ts SEED`, or `FIRST LAST` for all seeds
 * between. Exits 1 at the first that fails.
 */
import { runFirstLight } from "./first-light.ts";

const [first = 1, last = first] = process.argv.slice(2).map(Number);
for (let seed = first; seed <= last; seed++) {
  const startedMs = performance.now();
  try {
    const summary = await runFirstLight(seed, first === last ? console.log : () => undefined);
    console.log(JSON.stringify({ ...summary, realMs: Math.round(performance.now() - startedMs) }));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
    break;
  }
}
