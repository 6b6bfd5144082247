import assert from "node:assert/strict";
import { test } from "node:test";
import { block } from "#test/kit/view-samples.ts";
import { expectedBlockMs, stackRows } from "./stack-rows.ts";

test("a block that was taken out stands below its rival, and none below the oldest shown", () => {
  const rows = stackRows([block(4), block(3, "new"), block(2)], [block(3, "old"), block(1, "old")]);
  assert.deepEqual(
    rows.map(({ block: { id }, aside }) => [id, aside]),
    [
      ["4-", false],
      ["3-new", false],
      ["3-old", true],
      ["2-", false],
    ],
  );
});

test("the next block is expected by its hashes and the rate", () => {
  assert.equal(expectedBlockMs("1000", 500), 2_000);
  assert.equal(expectedBlockMs("1000", 0), null);
});
