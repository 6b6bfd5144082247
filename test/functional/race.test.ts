/** The race of `npm run test:race`, short: so that no change that breaks it lands. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CLASSROOM } from "../../tools/real-peer.ts";
import { runRace } from "../race/race.ts";

const BLOCKS = 30;

test("four real peers, two mining against each other, a third killed and cut off: one tip, everything recorded once", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-race-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const defaults = JSON.parse(readFileSync(CLASSROOM, "utf8")) as object;
  const summary = await runRace({ blocks: BLOCKS, folder, say: (line) => t.diagnostic(line) }, defaults);
  assert.ok(
    summary.blocks >= BLOCKS && summary.messages > 0 && summary.transactions > 0,
    JSON.stringify(summary),
  );
});
