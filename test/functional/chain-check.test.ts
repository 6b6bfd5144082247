import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { CLASSROOM, peer, waybill } from "#test/kit/process.ts";

const ALONE = ["--no-discovery", "--no-mine"];

test("chain check: refused while the peer runs, agrees once it is stopped, and names what does not agree", async (t) => {
  const alice = await peer(t, { name: "alice", flags: ALONE });
  const { dataDir } = alice.options;
  const check = (...more: readonly string[]) =>
    waybill("chain", "check", "--data", dataDir, "--network", CLASSROOM, ...more);
  const early = await check();
  assert.equal(early.code, 1);
  assert.match(early.stderr, /data-folder-in-use: .*\nStop the peer/);
  assert.equal((await alice.interrupt()).code, 0);

  const sound = await check();
  assert.equal(sound.code, 0, sound.stderr);
  assert.match(sound.stdout, /1 block with 0 transactions derived from genesis/);
  assert.doesNotMatch(sound.stdout, /Not looked at/);
  writeFileSync(join(dataDir, "ledger-00aa11bb22cc33dd.db"), "");
  const json = JSON.parse((await check("--json")).stdout);
  assert.deepEqual([json.disagreement, json.otherFiles], [null, ["ledger-00aa11bb22cc33dd.db"]]);
  assert.match((await check()).stdout, /Not looked at: ledger-00aa11bb22cc33dd\.db, of another network\./);
  rmSync(join(dataDir, "ledger-00aa11bb22cc33dd.db"));

  const name =
    readdirSync(dataDir).find((one) => /^ledger-[0-9a-f]{16}\.db$/.test(one)) ?? assert.fail("no ledger");
  const database = new DatabaseSync(join(dataDir, name));
  database.exec("INSERT INTO state VALUES (zeroblob(32), x'01')");
  database.close();
  const wrong = await check();
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /ledger-disagrees: .*at height 0.*0{64}/);

  // What it finds it leaves: a damaged body is there for the next start, and the second check names the same.
  const damaged = new DatabaseSync(join(dataDir, name));
  damaged.exec(
    "UPDATE bodies SET bytes = zeroblob(length(bytes)); DELETE FROM state WHERE key = zeroblob(32)",
  );
  damaged.close();
  const kept = readFileSync(join(dataDir, name));
  const [first, second] = [await check(), await check()];
  assert.match(first.stderr, /ledger-disagrees: .*body is missing or damaged/);
  assert.equal(second.stderr, first.stderr);
  assert.deepEqual(readFileSync(join(dataDir, name)), kept);

  const elsewhere = await waybill("chain", "check", "--data", dataDir);
  assert.match(elsewhere.stderr, /ledger-absent/);
});
