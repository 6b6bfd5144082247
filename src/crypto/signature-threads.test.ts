import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex } from "#base/bytes.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { createKeypair, sign } from "./ed25519.ts";
import {
  BATCHES_PER_THREAD_MAX,
  SIGNATURE_BATCH,
  SIGNATURE_THREAD_DEATHS_MAX,
  SIGNATURE_THREAD_IDLE_MS,
  SIGNATURES_WAITING_MAX,
} from "./limits.ts";
import { packItems, unpackItems, verdictsOf } from "./signature-batch.ts";
import { inThreadSignatureChecker, type SignatureItem } from "./signature-checker.ts";
import { startSignatureThread } from "./signature-thread.ts";
import {
  type BatchAnswer,
  type BatchRequest,
  openThreadedSignatureChecker,
  type SignatureThread,
} from "./signature-threads.ts";

const KEYPAIR = createKeypair(new Uint8Array(32).fill(8));

/** @param wrong places whose signature is that of another message. */
function signed(count: number, wrong: readonly number[] = []): SignatureItem[] {
  return Array.from({ length: count }, (_, at) => {
    const message = Uint8Array.of(1, at >> 8, at & 255);
    const signature = sign(KEYPAIR, wrong.includes(at) ? Uint8Array.of(2) : message);
    return { publicKey: KEYPAIR.publicKey, message, signature };
  });
}

/** The published edge cases, some of lengths that no signature has, and ordinary ones to fill batches. */
function edgeCases(): SignatureItem[] {
  const file = new URL("../../spec/vectors/ledger-ed25519.json", import.meta.url);
  const { signatures } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly signatures: readonly { readonly [field: string]: string }[];
  };
  const bytes = (hex: string | undefined) => fromHex(hex ?? "") ?? new Uint8Array();
  const published = signatures.map((each) => ({
    publicKey: bytes(each["key"]),
    message: bytes(each["message"]),
    signature: bytes(each["signature"]),
  }));
  const [first = signed(1)[0]] = signed(1);
  assert.ok(first);
  return [
    ...published,
    { ...first, publicKey: first.publicKey.subarray(1) },
    { ...first, signature: new Uint8Array(65) },
    ...signed(300, [3, 299]),
  ];
}

/** Does what a thread does when told to; can be killed. */
class ToldThread implements SignatureThread {
  readonly requests: BatchRequest[] = [];
  ended = 0;
  isAwaited = false;
  #heard: ((answer: BatchAnswer) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #left: (() => void) | null = null;
  #isWorking = false;

  on(event: "message" | "error" | "exit", listener: (value: never) => void): void {
    if (event === "message") this.#heard = listener as (answer: BatchAnswer) => void;
    else if (event === "error") this.#failed = listener as (error: Error) => void;
    else this.#left = listener as () => void;
  }
  postMessage(request: BatchRequest): void {
    this.requests.push(request);
    if (this.#isWorking) setImmediate(() => this.answerAll());
  }
  /** From now on it answers by itself. */
  work(): void {
    this.#isWorking = true;
    this.answerAll();
  }
  answerAll(): void {
    for (const { id, packed } of this.requests.splice(0)) this.#heard?.({ id, verdicts: verdictsOf(packed) });
  }
  die(): void {
    this.#failed?.(new Error("out of memory"));
    this.#left?.();
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

function toldChecker(threads: number) {
  const started: ToldThread[] = [];
  const faults: unknown[] = [];
  const clock = new SimulatedClock();
  const startThread = (): SignatureThread => {
    const thread = new ToldThread();
    started.push(thread);
    return thread;
  };
  const checker = openThreadedSignatureChecker(
    { threads },
    { clock, startThread, onFault: (fault) => faults.push(fault) },
  );
  return { checker, started, faults, clock };
}

test("threads give the verdicts of the calling thread, on every edge case and in the same order", async () => {
  const items = edgeCases();
  const expected = await inThreadSignatureChecker().check(items);
  assert.equal(expected.filter((verdict) => !verdict).length > 15, true);
  const faults: unknown[] = [];
  const checker = openThreadedSignatureChecker(
    { threads: 2 },
    {
      clock: new SimulatedClock(),
      startThread: startSignatureThread,
      onFault: (fault) => faults.push(fault),
    },
  );
  for (let round = 0; round < 3; round++) assert.deepEqual(await checker.check(items), expected);
  const many = await Promise.all([checker.check(items), checker.check(signed(200)), checker.check(items)]);
  assert.deepEqual(many, [expected, new Array(200).fill(true), expected]);
  await checker.close();
  assert.deepEqual(faults, []);
});

test("a real thread that is ended in the middle of its work is replaced, and no verdict changes", async () => {
  const faults: unknown[] = [];
  const started: SignatureThread[] = [];
  const startThread = (): SignatureThread => {
    const thread = startSignatureThread();
    started.push(thread);
    return thread;
  };
  const checker = openThreadedSignatureChecker(
    { threads: 1 },
    { clock: new SimulatedClock(), startThread, onFault: (fault) => faults.push(fault) },
  );
  const wrong = [5, 700, 1_023];
  const answer = checker.check(signed(1_024, wrong));
  // It has two batches at hand by now, and has answered none.
  await started[0]?.terminate();
  const verdicts = await answer;
  assert.deepEqual(
    verdicts.flatMap((verdict, at) => (verdict ? [] : [at])),
    wrong,
  );
  assert.equal((await checker.check(signed(200))).every(Boolean), true);
  assert.deepEqual([faults.length, started.length], [1, 2]);
  await checker.close();
});

test("a batch is read as it was packed", () => {
  const sized = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const item = fc
    .tuple(sized(32), fc.uint8Array(), sized(64))
    .map(([publicKey, message, signature]) => ({ publicKey, message, signature }));
  fc.assert(
    fc.property(fc.array(item), (items) => {
      assert.deepEqual(unpackItems(packItems(items)), items);
    }),
  );
});

test("threads start with the first full batch, have two batches at hand at most, and end when idle", async () => {
  const { checker, started, clock } = toldChecker(2);
  assert.deepEqual(
    await checker.check(signed(SIGNATURE_BATCH - 1)),
    new Array(SIGNATURE_BATCH - 1).fill(true),
  );
  assert.equal(started.length, 0);
  const answer = checker.check(signed(SIGNATURE_BATCH * 20));
  assert.deepEqual(
    started.map(({ requests, isAwaited }) => [requests.length, isAwaited]),
    [
      [BATCHES_PER_THREAD_MAX, true],
      [BATCHES_PER_THREAD_MAX, true],
    ],
  );
  for (const thread of started) thread.answerAll();
  assert.equal(started[0]?.requests.length, BATCHES_PER_THREAD_MAX, "and two more once these are answered");
  for (const thread of started) thread.work();
  assert.deepEqual(await answer, new Array(SIGNATURE_BATCH * 20).fill(true));
  assert.deepEqual(
    started.map(({ isAwaited }) => isAwaited),
    [false, false],
  );
  await clock.advance(SIGNATURE_THREAD_IDLE_MS - 1);
  assert.equal(started[0]?.ended, 0);
  await clock.advance(1);
  assert.deepEqual([started.length, started[0]?.ended, started[1]?.ended], [2, 1, 1]);
  await checker.close();
});

test("a thread that dies gives its work back, another takes its place, and no verdict changes", async () => {
  const { checker, started, faults } = toldChecker(1);
  const wrong = [0, 100, 130, 300];
  const answer = checker.check(signed(320, wrong));
  started[0]?.die();
  assert.equal(started.length, 2);
  assert.equal(started[1]?.requests.length, BATCHES_PER_THREAD_MAX);
  started[1]?.work();
  const verdicts = await answer;
  assert.deepEqual(
    verdicts.flatMap((verdict, at) => (verdict ? [] : [at])),
    wrong,
  );
  assert.equal(faults.length, 1);
  await checker.close();
});

test("where every thread dies the calling thread does it all, and no more are started", async () => {
  const { checker, started, faults } = toldChecker(1);
  const answer = checker.check(signed(SIGNATURE_BATCH * 8, [9]));
  for (let at = 0; at < SIGNATURE_THREAD_DEATHS_MAX; at++) started[at]?.die();
  const verdicts = await answer;
  assert.deepEqual([verdicts.length, verdicts.indexOf(false)], [SIGNATURE_BATCH * 8, 9]);
  assert.equal((await checker.check(signed(SIGNATURE_BATCH))).length, SIGNATURE_BATCH);
  assert.deepEqual(
    [started.length, faults.length],
    [SIGNATURE_THREAD_DEATHS_MAX, SIGNATURE_THREAD_DEATHS_MAX],
  );
  await checker.close();
});

test("a thread that cannot be started is a fault that is told, and not the end of the check", async () => {
  const faults: unknown[] = [];
  const startThread = (): SignatureThread => {
    throw new Error("no more threads");
  };
  const checker = openThreadedSignatureChecker(
    { threads: 4 },
    { clock: new SimulatedClock(), startThread, onFault: (fault) => faults.push(fault) },
  );
  const verdicts = await checker.check(signed(SIGNATURE_BATCH * 2));
  assert.deepEqual([verdicts.every(Boolean), faults.length], [true, SIGNATURE_THREAD_DEATHS_MAX]);
  await checker.close();
});

test("what waits is bounded, and closing answers what was asked before it ends", async () => {
  const { checker, started } = toldChecker(1);
  const one = signed(1)[0];
  assert.ok(one);
  await assert.rejects(
    checker.check(new Array(SIGNATURES_WAITING_MAX + 1).fill(one)),
    /wait for their check/,
  );
  const answer = checker.check(signed(SIGNATURE_BATCH * 4));
  const closed = checker.close();
  await assert.rejects(checker.check(signed(1)), /after close/);
  started[0]?.work();
  assert.equal((await answer).every(Boolean), true);
  await closed;
  assert.equal(started[0]?.ended, 1);
});

test("an unusual message is checked by the calling thread, with the rest of its batch", async () => {
  const { checker, started } = toldChecker(1);
  const message = new Uint8Array(2 * 1024 * 1024);
  const huge = { publicKey: KEYPAIR.publicKey, message, signature: sign(KEYPAIR, message) };
  assert.equal((await checker.check([...signed(SIGNATURE_BATCH - 1), huge])).every(Boolean), true);
  assert.equal(started.flatMap(({ requests }) => requests).length, 0);
  await checker.close();
});
