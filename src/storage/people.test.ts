/** Runs the contract of people on both stores, and opens what an earlier version wrote. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testPeopleStore } from "#test/contract/people.ts";
import { Database } from "./disk/database.ts";
import { diskPeople, peopleSchema } from "./disk/people.ts";
import { memoryPeople } from "./memory/people.ts";

testPeopleStore("memory", memoryPeople);
testPeopleStore("disk", () => diskPeople(new Database(":memory:", [peopleSchema])));

test("disk: people of the first version are as they were, neither verified nor looking like others", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-people-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "waybill.db");
  const first = new Database(path, [{ name: "people", steps: peopleSchema.steps.slice(0, 1) }]);
  first.sql.exec("INSERT INTO people VALUES (1, 'bob', 'Robert', 1, 0, 'bob', 3, 4)");
  first.close();
  const now = new Database(path, [peopleSchema]);
  t.after(() => now.close());
  assert.deepEqual(diskPeople(now).list(), [
    {
      peer: "bob",
      petname: "Robert",
      contact: true,
      blocked: false,
      claimedName: "bob",
      verified: null,
      standIn: null,
      apartFrom: [],
      firstSeenMs: 3,
      lastSeenMs: 4,
    },
  ]);
});
