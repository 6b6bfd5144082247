/**
 * `npm run test:race [-- --blocks N]`: four real peers on this computer, two of them mining against each other, while
 * a third is killed, cut off and brought back (`test/race/race.ts`). Prints what was seen; exits 1 when the four do
 * not agree on everything in the end.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { runRace } from "../test/race/race.ts";
import { CLASSROOM } from "./real-peer.ts";

const BLOCKS = 200;

const { values } = parseArgs({ options: { blocks: { type: "string", default: String(BLOCKS) } } });
const blocks = Number(values.blocks);
if (!Number.isSafeInteger(blocks) || blocks < 10) {
  console.error("usage: npm run test:race [-- --blocks N], N at least 10");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "waybill-race-"));
try {
  const defaults = JSON.parse(readFileSync(CLASSROOM, "utf8")) as object;
  const summary = await runRace({ blocks, folder, say: (line) => console.log(line) }, defaults);
  console.log(JSON.stringify(summary));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
