import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { messageDigest, signCompletion, signDispatch } from "#receipts/index.ts";
import {
  PROTOCOL_RETRY_MS,
  REFUSED_RETRY_MS,
  RENUMBERS_PER_FLUSH_MAX,
  RETRY_FIRST_MS,
  RETRY_LAST_MS,
} from "./limits.ts";
import { type Attempt, afterAnswer, afterDialFault, afterStreamFault, retryDelayMs } from "./outbox.ts";
import type { Message } from "./types.ts";

const alice = createKeypair(new Uint8Array(32).fill(1));
const bob = createKeypair(new Uint8Array(32).fill(2));
const dispatch = signDispatch(
  {
    version: 1,
    kind: "message",
    deliveryId: toHex(new Uint8Array(32).fill(7)) as DeliveryId,
    sender: alice.account,
    receiver: bob.account,
    contentDigest: messageDigest("hi"),
    bytes: 2,
    fileCount: 0,
    dispatchedMs: 0,
  },
  alice,
);
const message: Message = {
  deliveryId: dispatch.body.deliveryId,
  peer: bob.peerId,
  direction: "out",
  order: 1,
  text: "hi",
  state: "queued",
  reason: null,
  createdMs: 0,
  dispatch,
  completion: null,
};
const attempt: Attempt = { message, number: 4, renumbers: 0, failures: 0 };

test("a valid signature completes the message and moves to the next number", () => {
  const completion = signCompletion(dispatch, 5, bob);
  assert.deepEqual(afterAnswer(attempt, { type: "completed", completion }), {
    do: "complete",
    completion,
    nextOut: 5,
  });
});

test("a signature of another delivery, or by nobody, is an offence and completes nothing", () => {
  const good = signCompletion(dispatch, 5, bob);
  const signature = Uint8Array.from(good.signature);
  signature[0] = (signature[0] ?? 0) ^ 1;
  for (const completion of [
    { ...good, signature },
    { ...good, dispatchHash: new Uint8Array(32) },
    { ...good, completedMs: 6 },
  ]) {
    const effect = afterAnswer(attempt, { type: "completed", completion });
    assert.ok(effect.do === "wait" && effect.offence);
    assert.equal(effect.reason.code, "bad-answer");
  }
});

test("an expected number is taken over, a few times at most", () => {
  assert.deepEqual(afterAnswer(attempt, { type: "expected", number: 9 }), { do: "renumber", nextOut: 9 });
  assert.deepEqual(afterAnswer(attempt, { type: "expected", number: 1 }), { do: "renumber", nextOut: 1 });
  const tired = { ...attempt, renumbers: RENUMBERS_PER_FLUSH_MAX };
  assert.equal(afterAnswer(tired, { type: "expected", number: 9 }).do, "wait");
  assert.equal(afterAnswer(attempt, { type: "expected", number: 4 }).do, "wait");
});

test("refusals: invalid ends the message, the others wait and say why", () => {
  const refused = (refusal: "invalid" | "blocked" | "storage") =>
    afterAnswer(attempt, { type: "refused", refusal });
  const invalid = refused("invalid");
  assert.ok(invalid.do === "fail");
  assert.equal(invalid.reason.code, "refused-invalid");
  const blocked = refused("blocked");
  assert.ok(blocked.do === "wait" && blocked.delayMs === REFUSED_RETRY_MS);
  const storage = refused("storage");
  assert.ok(storage.do === "wait" && storage.delayMs === RETRY_FIRST_MS);
});

test("an envelope in place of an answer is an offence", () => {
  const effect = afterAnswer(attempt, { type: "envelope", number: 1, dispatch, text: "hi" });
  assert.ok(effect.do === "wait" && effect.offence);
});

test("every fault of the network waits with a cause", () => {
  const own = { code: "peer-away", cause: "c", nextStep: "n" };
  const dial = afterDialFault({ code: "not-connected", problem: own }, 0);
  assert.ok(dial.do === "wait" && dial.reason === own);
  const old = afterDialFault({ code: "protocol-unknown" }, 0);
  assert.ok(old.do === "wait" && old.delayMs === PROTOCOL_RETRY_MS);
  const codes = [
    afterDialFault({ code: "failed", cause: "x" }, 0),
    afterStreamFault({ code: "timeout" }, 0),
    afterStreamFault({ code: "closed" }, 0),
    afterStreamFault({ code: "reset", cause: "x" }, 0),
    afterStreamFault({ code: "frame-too-large", bytes: 2, maxBytes: 1 }, 0),
  ].map((effect) => (effect.do === "wait" ? effect.reason.code : ""));
  assert.deepEqual(codes, ["unreachable", "no-answer", "connection-lost", "connection-lost", "bad-answer"]);
});

test("pauses double and end at the longest", () => {
  assert.deepEqual([0, 1, 2].map(retryDelayMs), [2_000, 4_000, 8_000]);
  assert.equal(retryDelayMs(1_000_000), RETRY_LAST_MS);
});
