import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Heap } from "./heap.ts";

test("whatever is put in and taken out, the least comes first", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: -50, max: 50 }), { nil: null })), (steps) => {
      const heap = new Heap<number>((a, b) => a - b);
      const twin: number[] = [];
      for (const step of steps) {
        if (step === null) {
          assert.equal(heap.pop(), twin.shift() ?? null);
        } else {
          heap.push(step);
          twin.push(step);
          twin.sort((a, b) => a - b);
        }
        assert.deepEqual([heap.size, heap.peek()], [twin.length, twin[0] ?? null]);
      }
      heap.filter((item) => item % 2 === 0);
      for (const item of twin.filter((each) => each % 2 === 0)) assert.equal(heap.pop(), item);
      assert.equal(heap.pop(), null);
    }),
  );
});
