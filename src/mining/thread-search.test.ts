import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SimulatedClock } from "#test/kit/clock.ts";
import { restAfter, SearchControl } from "./control.ts";
import { DUTY_REST_MAX_MS, TURN_HASHES, WORKER_IDLE_MS } from "./limits.ts";
import type { SearchJob } from "./search.ts";
import { startSearchThread } from "./thread.ts";
import {
  lowOf,
  openThreadSearch,
  type SearchReport,
  type SearchRequest,
  type SearchThread,
} from "./thread-search.ts";

const HEADER = new Uint8Array(176).map((_, at) => at * 5);

function job(zeroBytes: number): SearchJob {
  return { header: HEADER, target: new Uint8Array(32).fill(0xff).fill(0, 0, zeroBytes), low: 0xffff_fff0 };
}

const never = (): AbortSignal => new AbortController().signal;

/** Finds nothing until told. */
class ToldThread implements SearchThread {
  readonly control: SearchControl;
  readonly requests: SearchRequest[] = [];
  ended = 0;
  isAwaited = false;
  #heard: ((report: SearchReport) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #left: (() => void) | null = null;

  constructor(control: SharedArrayBuffer) {
    this.control = new SearchControl(control);
  }
  on(event: "message" | "error" | "exit", listener: (value: never) => void): void {
    if (event === "message") this.#heard = listener as (report: SearchReport) => void;
    else if (event === "error") this.#failed = listener as (error: Error) => void;
    else this.#left = listener as () => void;
  }
  postMessage(request: SearchRequest): void {
    this.requests.push(request);
  }
  /** Reports for the newest request, or one of another id. */
  find(nonce: bigint, id = this.requests.at(-1)?.id ?? 0): void {
    this.#heard?.({ id, nonce });
  }
  die(): void {
    this.#failed?.(new Error("out of memory"));
    this.#left?.();
  }
  isSearching(): boolean {
    return this.control.isCurrent(this.requests.at(-1)?.id ?? -1);
  }
  async terminate(): Promise<void> {
    this.ended += 1;
    this.#left?.();
  }
  ref(): void {
    this.isAwaited = true;
  }
  unref(): void {
    this.isAwaited = false;
  }
}

function told(threads: number, dutyPercent = 100) {
  const started: ToldThread[] = [];
  const clock = new SimulatedClock();
  const startThread = (control: SharedArrayBuffer): SearchThread => {
    const thread = new ToldThread(control);
    started.push(thread);
    return thread;
  };
  return { clock, started, search: openThreadSearch({ clock, startThread }, { threads, dutyPercent }) };
}

test("the parts of the threads are apart, as far as any of them could ever walk", () => {
  const lows = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(lows, fc.integer({ min: 1, max: 64 }), (low, members) => {
      const starts = Array.from({ length: members }, (_, at) => lowOf({ ...job(1), low }, at, members));
      const sorted = starts.toSorted((a, b) => a - b);
      const apart = sorted.map(
        (start, at) => ((sorted[at + 1] ?? (sorted[0] ?? 0) + 2 ** 32) - start) % 2 ** 32,
      );
      if (members > 1) assert.ok(Math.min(...apart) >= Math.floor(2 ** 32 / members));
      assert.equal(starts[0], low);
    }),
  );
});

test("the first thread that finds a nonce ends the others", async () => {
  const { started, search } = told(3);
  const found = search.run(job(2), never());
  assert.deepEqual(
    started.map((thread) => thread.isSearching()),
    [true, true, true],
  );
  assert.equal(new Set(started.map(({ requests }) => requests[0]?.job.low)).size, 3);
  started[1]?.find(77n);
  assert.equal(await found, 77n);
  assert.deepEqual(
    started.map((thread) => [thread.isSearching(), thread.isAwaited]),
    [
      [false, false],
      [false, false],
      [false, false],
    ],
  );
  started[2]?.find(78n);
  const next = search.run(job(2), never());
  started[0]?.find(79n, 1);
  started[0]?.find(80n);
  assert.equal(await next, 80n, "what was found for the search before counts no more");
  await search.close();
});

test("a new tip ends the search of every thread at once, without waiting for one of them", async () => {
  const { started, search } = told(2);
  const stop = new AbortController();
  const found = search.run(job(2), stop.signal);
  stop.abort();
  assert.deepEqual(
    started.map((thread) => thread.isSearching()),
    [false, false],
  );
  assert.equal(await found, null);
  await search.close();
});

test("real threads try no more than the turn they are in once their search has ended", async () => {
  const threads = 2;
  const search = openThreadSearch(
    { clock: new SimulatedClock(), startThread: startSearchThread },
    { threads, dutyPercent: 100 },
  );
  // Both threads are at work once each has found something that only it is asked for.
  for (let round = 0; round < 4; round++) assert.notEqual(await search.run(job(1), never()), null);
  const stop = new AbortController();
  const endless = search.run(job(32), stop.signal);
  const before = search.hashes();
  while (search.hashes() < before + 20 * TURN_HASHES) await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  const atEnd = search.hashes();
  assert.equal(await endless, null);
  // The next search is answered by the same threads, so what they did of the last one is over by then.
  const nonce = await search.run(job(0), never());
  assert.notEqual(nonce, null);
  assert.ok(
    search.hashes() - atEnd <= 2 * threads * TURN_HASHES,
    `${search.hashes() - atEnd} hashes after the end`,
  );
  await search.close();
});

test("threads start with the first search, end when idle, and as many as are asked for", async () => {
  const { clock, started, search } = told(1);
  assert.equal(started.length, 0);
  const first = search.run(job(2), never());
  started[0]?.find(1n);
  await first;
  search.tune?.({ threads: 3, dutyPercent: 40 });
  assert.equal(started[0]?.control.duty(), 40, "a duty holds at once");
  const second = search.run(job(2), never());
  assert.deepEqual(
    started.map(({ control }) => control.duty()),
    [40, 40, 40],
  );
  started[2]?.find(2n);
  await second;
  search.tune?.({ threads: 1, dutyPercent: 100 });
  const third = search.run(job(2), never());
  assert.deepEqual(
    started.map(({ ended }) => ended),
    [0, 1, 1],
  );
  started[0]?.find(3n);
  await third;
  await clock.advance(WORKER_IDLE_MS - 1);
  assert.equal(started[0]?.ended, 0);
  await clock.advance(1);
  assert.equal(started[0]?.ended, 1);
  await search.close();
});

test("a thread that dies is missed by none but the last, whose death is told; its hashes still count", async () => {
  const { started, search } = told(2);
  const found = search.run(job(2), never());
  for (const { control } of started) control.count(1_000);
  started[0]?.die();
  assert.equal(search.hashes(), 2_000);
  started[1]?.find(5n);
  assert.equal(await found, 5n);

  const failing = search.run(job(2), never());
  assert.equal(started.length, 3, "another took its place");
  started[1]?.die();
  started[2]?.die();
  await assert.rejects(failing, /out of memory/);
  const last = search.run(job(2), never());
  await search.close();
  assert.equal(await last, null);
});

test("a thread that cannot be started is missed by none but the last, and another search may be tried", async () => {
  const started: ToldThread[] = [];
  let room = 0;
  const startThread = (control: SharedArrayBuffer): SearchThread => {
    if (started.length >= room) throw new Error("no room for a thread");
    const thread = new ToldThread(control);
    started.push(thread);
    return thread;
  };
  const search = openThreadSearch(
    { clock: new SimulatedClock(), startThread },
    { threads: 2, dutyPercent: 100 },
  );
  await assert.rejects(search.run(job(2), never()), /no room/);
  room = 1;
  const found = search.run(job(2), never());
  started[0]?.find(5n);
  assert.equal(await found, 5n);
  await search.close();
});

test("work is the given part of the time, and a rest has an end", () => {
  assert.equal(restAfter(5, 50), 5);
  assert.equal(restAfter(5, 20), 20);
  assert.equal(restAfter(5, 1), 495);
  assert.equal(restAfter(5, 100), 0);
  assert.equal(restAfter(500, 1), DUTY_REST_MAX_MS);
});
