import assert from "node:assert/strict";
import { test } from "node:test";
import type { Judgement } from "#ports/network.ts";
import { InboundQueue } from "./inbound-queue.ts";

/** A queue whose work waits until the test lets it go on. */
function held(order: "first-in-first-out" | "last-in-first-out", limit: number, calmBelow = 0) {
  const begun: number[] = [];
  const faults: unknown[] = [];
  const gates: (() => void)[] = [];
  const work = async (item: number): Promise<Judgement> => {
    begun.push(item);
    await new Promise<void>((resolve) => gates.push(resolve));
    if (item < 0) throw new Error("broken");
    return "accept";
  };
  const queue = new InboundQueue<number>({ order, limit, calmBelow }, work, (error) => faults.push(error));
  /** Lets the item at work end, once it is at work. */
  const release = async (answer: Promise<Judgement>): Promise<Judgement> => {
    while (gates.length === 0) await Promise.resolve();
    gates.shift()?.();
    return answer;
  };
  return { queue, begun, faults, release };
}

test("first in, first out: the newest finds no room when full", async () => {
  const { queue, begun, release } = held("first-in-first-out", 2);
  const answers = [1, 2, 3].map((item) => queue.push(item));
  assert.equal(await answers[2], "ignore");
  assert.equal(queue.dropped, 1);
  for (const answer of answers.slice(0, 2)) assert.equal(await release(answer), "accept");
  assert.deepEqual(begun, [1, 2]);
});

test("last in, first out: the oldest goes when full, the newest is next", async () => {
  const { queue, begun, release } = held("last-in-first-out", 2);
  const answers = [1, 2, 3].map((item) => queue.push(item));
  assert.equal(await answers[0], "ignore");
  for (const answer of [answers[2], answers[1]])
    assert.equal(await release(answer ?? Promise.reject()), "accept");
  assert.deepEqual(begun, [3, 2]);
});

test("last in, first out begins with a flood: before, what came first is next", async () => {
  const { queue, begun, release } = held("last-in-first-out", 8, 3);
  const answers = [1, 2, 3, 4].map((item) => queue.push(item));
  for (const at of [3, 2, 0, 1]) assert.equal(await release(answers[at] ?? Promise.reject()), "accept");
  assert.deepEqual(begun, [4, 3, 1, 2]);
});

test("what the work throws is a fault of ours: told, and the item ignored", async () => {
  const { queue, faults, release } = held("first-in-first-out", 2);
  const bad = queue.push(-1);
  assert.equal(await release(bad), "ignore");
  assert.equal(faults.length, 1);
  assert.equal(await release(queue.push(1)), "accept");
});

test("closing drops what waits and waits for what is at work", async () => {
  const { queue, release } = held("first-in-first-out", 3);
  const atWork = queue.push(1);
  await Promise.resolve();
  await Promise.resolve();
  const waiting = queue.push(2);
  const closed = queue.close();
  assert.equal(await waiting, "ignore");
  assert.equal(await release(atWork), "accept");
  await closed;
  assert.equal(await queue.push(3), "ignore");
});
