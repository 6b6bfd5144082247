/** Two people behind routers meet by a tracker. One cell of the table that `npm run test:nat` makes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNoNatLab } from "#test/kit/nat-lab.ts";
import { runCell } from "#test/nat/cell.ts";
import { MATRIX } from "#test/nat/plans.ts";

test("both behind usual routers: a relay at once, a straight path soon, a message and a file across", {
  skip: whyNoNatLab(),
  timeout: 100_000,
}, async (t) => {
  const plan = MATRIX.find(({ name }) => name === "port-preserving / port-preserving");
  assert.ok(plan !== undefined);
  const { connectedMs, firstPath, finalPath, finalMs } = await runCell(plan);
  t.diagnostic(
    `${firstPath} after ${connectedMs.toFixed(0)} ms, ${finalPath} after ${finalMs.toFixed(0)} ms`,
  );
  assert.notEqual(finalPath, "relayed");
});
