import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { person, slip } from "#test/kit/view-samples.ts";
import { historyOf, reduceHistory, withOlder, withSlip } from "./history.ts";

const bob = person("bob");
const orders = (slips: readonly { readonly order: number }[]) => slips.map(({ order }) => order);

test("pages come newest first and are kept oldest first", () => {
  const first = historyOf([slip(bob, 6), slip(bob, 5)], 2);
  assert.equal(first.complete, false);
  const whole = withOlder(first, [slip(bob, 5), slip(bob, 4)], 3);
  assert.deepEqual(orders(whole.slips), [4, 5, 6]);
  assert.equal(whole.complete, true);
});

test("an event changes a slip in place or adds it at the end", () => {
  const history = historyOf([slip(bob, 6), slip(bob, 5)], 2);
  const changed = reduceHistory(history, { type: "slip", slip: { ...slip(bob, 5), state: "anchored" } });
  assert.equal(changed.slips[0]?.state, "anchored");
  assert.deepEqual(orders(reduceHistory(changed, { type: "slip", slip: slip(bob, 7) }).slips), [5, 6, 7]);
});

test("a slip older than all that was read waits for its page", () => {
  const history = historyOf([slip(bob, 6), slip(bob, 5)], 2);
  assert.equal(withSlip(history, slip(bob, 1)), history);
});

test("whatever order events come in, slips stand by their order, each once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30)), (list) => {
      const history = list.reduce((so, order) => withSlip(so, slip(bob, order)), historyOf([], 50));
      assert.deepEqual(
        orders(history.slips),
        [...new Set(list)].toSorted((one, other) => one - other),
      );
    }),
  );
});
