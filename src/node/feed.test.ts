/** What a client that comes back is given: exactly what it missed, or the word that it must start afresh. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFeed } from "./feed.ts";
import { FEED_EVENTS_MAX } from "./limits.ts";

const unexpected = (error: unknown): never => {
  throw error;
};

test("events after a sequence number are given in order, none twice", () => {
  const feed = createFeed("run-1", unexpected);
  for (let count = 0; count < 5; count++) feed.publish({ type: "reset" });
  assert.deepEqual(
    feed.since(3)?.map((entry) => entry.sequence),
    [4, 5],
  );
  assert.deepEqual(feed.since(5), []);
  assert.deepEqual(
    feed.since(0)?.map((entry) => entry.sequence),
    [1, 2, 3, 4, 5],
  );
});

test("a sequence number from the future, or one no longer held, is answered with null", () => {
  const feed = createFeed("run-1", unexpected);
  assert.equal(feed.since(1), null);
  for (let count = 0; count < FEED_EVENTS_MAX * 2 + 1; count++) feed.publish({ type: "reset" });
  assert.equal(feed.since(0), null);
  assert.equal(feed.since(feed.latest() - FEED_EVENTS_MAX)?.length, FEED_EVENTS_MAX);
});

test("a listener that throws is reported and does not keep the others from hearing", () => {
  const faults: unknown[] = [];
  const feed = createFeed("run-1", (error) => faults.push(error));
  const heard: number[] = [];
  feed.subscribe(() => {
    throw new Error("listener");
  });
  feed.subscribe((event) => heard.push(event.sequence));
  feed.publish({ type: "reset" });
  assert.deepEqual(heard, [1]);
  assert.equal(faults.length, 1);
});
