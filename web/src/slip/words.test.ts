import assert from "node:assert/strict";
import { test } from "node:test";
import type { SlipState } from "#api/views.ts";
import { person, slip } from "#test/kit/view-samples.ts";
import { isEnded, sentenceOf, signatureLines, stateWords, stepOf, timeLeftMs } from "./words.ts";

const STATES: readonly SlipState[] = [
  "queued",
  "offered",
  "sending",
  "delivered",
  "receipted",
  "anchored",
  "declined",
  "cancelled",
  "failed",
];
const base = slip(person("bob"), 1);

test("every state has a word and a sign in both directions", () => {
  for (const state of STATES) {
    for (const direction of ["in", "out"] as const) {
      const { word, sign } = stateWords({ state, direction });
      assert.ok(word.length > 0 && sign.length > 0);
    }
  }
});

test("the receiver's line is signed only by evidence of delivery", () => {
  const signed = STATES.filter((state) => signatureLines({ ...base, state }).completion.signed);
  assert.deepEqual(signed, ["delivered", "receipted", "anchored"]);
});

test("only an incoming offer asks; what ended offers no step", () => {
  assert.equal(stepOf({ state: "offered", direction: "in", kind: "files" }), "accept-or-decline");
  assert.equal(stepOf({ state: "offered", direction: "out", kind: "files" }), "cancel");
  assert.equal(stepOf({ state: "queued", direction: "out", kind: "message" }), "cancel");
  assert.equal(stepOf({ state: "sending", direction: "in", kind: "message" }), "none");
  for (const state of STATES.slice(3))
    assert.equal(stepOf({ state, direction: "out", kind: "files" }), "none");
});

test("what waits says why, in the words of the peer when it gives some", () => {
  const reason = { code: "peer-offline", cause: "bob is not here.", nextStep: "Wait." };
  assert.equal(sentenceOf({ ...base, state: "queued", reason }), "bob is not here.");
  for (const state of ["queued", "offered", "declined"] as const) assert.ok(sentenceOf({ ...base, state }));
  assert.equal(sentenceOf({ ...base, state: "anchored" }), null);
});

test("what ended is exactly what nobody will sign or stamp any more", () => {
  assert.deepEqual(
    STATES.filter((state) => isEnded({ state })),
    ["declined", "cancelled", "failed"],
  );
});

test("time left follows the rate, and is unknown without one", () => {
  const progress = { bytesDone: 250, bytesTotal: 1_250, resumedFromBytes: 0, bytesPerSecond: 100 };
  assert.equal(timeLeftMs(progress), 10_000);
  assert.equal(timeLeftMs({ ...progress, bytesPerSecond: 0 }), null);
});
