/** What a client that comes back is given: exactly what it missed, or the word that it must start afresh. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TxId } from "#base/brand.ts";
import { createFeed } from "./feed.ts";
import { FEED_EVENTS_MAX, FEED_ITEMS_MAX } from "./limits.ts";

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

test("what is held is bounded in blocks and transactions too, and what was missed is never given in part", () => {
  const feed = createFeed("run-1", unexpected);
  const removed = Array.from({ length: 100 }, (_, at) => `${at}` as TxId);
  for (let count = 0; count < 1_000; count++) {
    feed.publish({ type: "pool", added: [], removed });
    const held = Array.from({ length: count + 1 }, (_, back) => feed.since(feed.latest() - back)).findLast(
      (events) => events !== null,
    );
    assert.ok((held?.length ?? 0) * 101 <= 2 * FEED_ITEMS_MAX);
    assert.ok((held?.length ?? 0) >= Math.min(count, Math.floor(FEED_ITEMS_MAX / 101)));
  }
  assert.equal(feed.since(1), null);
  const oversized = Array.from({ length: 3 * FEED_ITEMS_MAX }, (_, at) => `${at}` as TxId);
  feed.publish({ type: "pool", added: [], removed: oversized });
  assert.equal(feed.since(feed.latest() - 1), null);
  assert.deepEqual(feed.since(feed.latest()), []);
  feed.publish({ type: "reset" });
  assert.equal(feed.since(feed.latest() - 1)?.length, 1);
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
