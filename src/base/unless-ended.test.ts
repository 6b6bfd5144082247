/** Work in time is handed on; work that comes after the end is undone and waited for by nobody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { unlessEnded } from "./unless-ended.ts";

test("the end is answered at once, and what comes later is handed over to be undone", async () => {
  const ended = Promise.withResolvers<void>();
  const work = Promise.withResolvers<string>();
  const late: string[] = [];
  const outcome = unlessEnded(work.promise, ended.promise, (value) => late.push(value));
  ended.resolve();
  assert.equal(await outcome, null);
  work.resolve("stream");
  await work.promise;
  assert.deepEqual(late, ["stream"]);
});

test("work that fails after the end fails for nobody", async () => {
  const work = Promise.withResolvers<string>();
  assert.equal(await unlessEnded(work.promise, Promise.resolve(), assert.fail), null);
  work.reject(new Error("too late"));
  await assert.rejects(work.promise, /too late/);
});

test("work in time is handed on, and is not undone by a later end", async () => {
  const ended = Promise.withResolvers<void>();
  assert.equal(await unlessEnded(Promise.resolve("stream"), ended.promise, assert.fail), "stream");
  ended.resolve();
  await ended.promise;
});
