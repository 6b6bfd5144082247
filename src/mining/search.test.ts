import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { SimulatedClock } from "#test/kit/clock.ts";
import { openInProcessSearch, type SearchJob, searchNonce } from "./search.ts";
import { startSearchThread } from "./thread.ts";
import { openThreadSearch } from "./thread-search.ts";

const header = new Uint8Array(176).map((_, at) => at * 3);

function job(zeroBytes: number): SearchJob {
  return { header, target: new Uint8Array(32).fill(0xff).fill(0, 0, zeroBytes), low: 11 };
}

function leadingZeroBytes(nonce: bigint): number {
  const sealed = Uint8Array.from(header);
  new DataView(sealed.buffer).setBigUint64(168, nonce, true);
  const inner = createHash("sha256").update(sealed).digest();
  const id = createHash("sha256").update(inner).digest();
  return id.findIndex((byte) => byte !== 0);
}

test("all ways of searching find the same nonce", async () => {
  const expected = searchNonce(job(2), 1_000_000);
  assert.ok(expected !== null && leadingZeroBytes(expected) >= 2);

  const clock = new SimulatedClock();
  const inProcess = openInProcessSearch(clock);
  const found = inProcess.run(job(2), new AbortController().signal);
  assert.equal(await clock.advanceUntilSettled(found, 60_000, "found in process"), expected);
  assert.ok(inProcess.hashes() > 0);

  const thread = openThreadSearch({ clock, startThread: startSearchThread });
  assert.equal(await thread.run(job(2), new AbortController().signal), expected);
  await thread.close();
});

test("an aborted search ends with null and makes room for the next", async () => {
  const thread = openThreadSearch({ clock: new SimulatedClock(), startThread: startSearchThread });
  const controller = new AbortController();
  const endless = thread.run(job(32), controller.signal);
  controller.abort();
  assert.equal(await endless, null);
  const next = await thread.run(job(1), new AbortController().signal);
  assert.ok(next !== null && leadingZeroBytes(next) >= 1);
  assert.equal(await thread.run(job(1), AbortSignal.abort()), null);
  await thread.close();
});

test("closing ends a running search, and an in-process one stops when aborted", async () => {
  const clock = new SimulatedClock();
  const thread = openThreadSearch({ clock, startThread: startSearchThread });
  const running = thread.run(job(32), new AbortController().signal);
  await thread.close();
  assert.equal(await running, null);

  const controller = new AbortController();
  const inProcess = openInProcessSearch(clock).run(job(32), controller.signal);
  controller.abort();
  assert.equal(await clock.advanceUntilSettled(inProcess, 1_000, "stopped"), null);
});
