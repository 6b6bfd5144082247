/** Runs the contract of our names on both stores. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId } from "#base/brand.ts";
import { testNameStore } from "#test/contract/names.ts";
import { Database } from "./disk/database.ts";
import { diskNames, namesSchema } from "./disk/names.ts";
import { memoryNames } from "./memory/names.ts";

const open = () => new Database(":memory:", [namesSchema]);

testNameStore("memory", memoryNames);
testNameStore("disk", () => diskNames(open(), "c1".repeat(32)));

test("disk: names of another network are not ours here, and what cannot be written is a fault", () => {
  const database = open();
  const [one, two] = [diskNames(database, "c1".repeat(32)), diskNames(database, "c2".repeat(32))];
  const anna = { name: "anna", key: "aa".repeat(32) as AccountId, salt: null, sinceMs: 1 };
  one.put(anna);
  assert.deepEqual(two.list(), []);
  database.sql.exec("PRAGMA query_only = 1");
  const refused = two.put(anna);
  assert.equal(refused.ok ? "written" : refused.fault.code, "store-unavailable");
});
