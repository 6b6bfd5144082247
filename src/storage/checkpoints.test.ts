/** Runs the contract of checkpoints on both stores. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import { testCheckpointStore } from "#test/contract/checkpoints.ts";
import { checkpointsSchema, diskCheckpoints } from "./disk/checkpoints.ts";
import { Database } from "./disk/database.ts";
import { memoryCheckpoints } from "./memory/checkpoints.ts";

const CHAIN = "c1".repeat(32);
const open = () => new Database(":memory:", [checkpointsSchema]);

testCheckpointStore("memory", memoryCheckpoints);
testCheckpointStore("disk", () => diskCheckpoints(open(), CHAIN));

test("disk: networks that used one folder after the other are kept apart", () => {
  const database = open();
  const [one, two] = [diskCheckpoints(database, CHAIN), diskCheckpoints(database, "c2".repeat(32))];
  one.setMark({ height: 900, blockId: "01".repeat(32) as BlockId });
  one.write({ final: "of one" });
  assert.deepEqual([two.read().mark, two.read().final], [null, null]);
  assert.ok(two.setMark({ height: 4, blockId: "02".repeat(32) as BlockId }).ok);
  assert.equal(one.read().mark?.height, 900);
});

test("disk: what cannot be written is a fault, and nothing has changed", () => {
  const database = open();
  const store = diskCheckpoints(database, CHAIN);
  store.write({ final: "one" });
  database.sql.exec("PRAGMA query_only = 1");
  const refused = [store.write({ final: "two" }), store.setMark({ height: 4, blockId: "01" as BlockId })];
  for (const each of refused) assert.equal(each.ok ? "written" : each.fault.code, "store-unavailable");
  database.sql.exec("PRAGMA query_only = 0");
  assert.deepEqual([store.read().final, store.read().mark], ["one", null]);
});
