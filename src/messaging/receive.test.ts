import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryId } from "#base/brand.ts";
import { toHex, utf8 } from "#base/bytes.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import {
  type DispatchBody,
  messageDigest,
  signCompletion,
  signDispatch,
  verifyReceipt,
} from "#receipts/index.ts";
import type { Envelope } from "./codec.ts";
import { type Inbound, type InboundContext, receive } from "./receive.ts";

const alice = createKeypair(new Uint8Array(32).fill(1));
const bob = createKeypair(new Uint8Array(32).fill(2));
const mallory = createKeypair(new Uint8Array(32).fill(9));

function envelope(text: string, change: Partial<DispatchBody> = {}, signer: Keypair = alice): Envelope {
  const body: DispatchBody = {
    version: 1,
    kind: "message",
    deliveryId: toHex(new Uint8Array(32).fill(7)) as DeliveryId,
    sender: signer.account,
    receiver: bob.account,
    contentDigest: messageDigest(text),
    bytes: utf8(text).length,
    fileCount: 0,
    dispatchedMs: 12,
    ...change,
  };
  return { type: "envelope", number: 1, dispatch: signDispatch(body, signer), text };
}

const context: InboundContext = {
  self: bob.account,
  peer: alice.peerId,
  nowMs: 1000,
  complete: (dispatch) => signCompletion(dispatch, 1000, bob),
};
const fresh: Inbound = { nextIn: 1, known: null, admitted: true };

function storedOf(first: Envelope) {
  const effect = receive(fresh, first, context).effects[0];
  assert.ok(effect?.do === "persist");
  return { ...effect.message, order: 1 };
}

test("a good message is stored, then answered, then announced", () => {
  const step = receive(fresh, envelope("hi"), context);
  assert.deepEqual(
    step.effects.map((effect) => effect.do),
    ["persist", "answer", "announce"],
  );
  assert.equal(step.state.nextIn, 2);
  const stored = storedOf(envelope("hi"));
  assert.ok(stored.completion !== null);
  assert.ok(verifyReceipt({ dispatch: stored.dispatch, completion: stored.completion }));
});

test("a repeat gets the stored signature, whatever its number, and even from a blocked peer", () => {
  const known = storedOf(envelope("hi"));
  for (const number of [1, 2, 99]) {
    const repeat = { ...envelope("hi"), number };
    const step = receive({ nextIn: 2, known, admitted: false }, repeat, context);
    assert.deepEqual(step.effects, [
      { do: "answer", answer: { type: "completed", completion: known.completion } },
    ]);
    assert.equal(step.state.nextIn, 2);
  }
});

test("an id that stands for something else is refused and stores nothing", () => {
  const known = storedOf(envelope("hi"));
  const other = envelope("something else");
  const step = receive({ nextIn: 2, known, admitted: true }, { ...other, number: 2 }, context);
  assert.deepEqual(step.effects, [{ do: "answer", answer: { type: "refused", refusal: "invalid" } }]);
});

test("any number but the expected one is answered with the expected one", () => {
  for (const number of [1, 2, 4, 1000]) {
    const step = receive({ nextIn: 3, known: null, admitted: true }, { ...envelope("hi"), number }, context);
    assert.deepEqual(step.effects, [{ do: "answer", answer: { type: "expected", number: 3 } }]);
  }
});

test("a blocked peer is told so and nothing is stored", () => {
  const step = receive({ ...fresh, admitted: false }, envelope("hi"), context);
  assert.deepEqual(step.effects, [{ do: "answer", answer: { type: "refused", refusal: "blocked" } }]);
});

test("a dispatch that does not fit text, sender, receiver or signature is an offence", () => {
  const good = envelope("hi");
  const tampered = Uint8Array.from(good.dispatch.signature);
  tampered[3] = (tampered[3] ?? 0) ^ 1;
  const cases: readonly Envelope[] = [
    { ...good, text: "ho" },
    envelope("hi", {}, mallory),
    envelope("hi", { receiver: mallory.account }),
    envelope("hi", { bytes: 3 }),
    envelope("hi", { kind: "files", fileCount: 1 }),
    { ...good, dispatch: { ...good.dispatch, signature: tampered } },
  ];
  for (const bad of cases) {
    assert.deepEqual(
      receive(fresh, bad, context).effects.map((effect) => effect.do),
      ["answer", "judge"],
    );
  }
});

test("a sender whose clock is an hour or a century off is taken like any other", () => {
  for (const dispatchedMs of [0, 1000 + 3_600_000, 2 ** 50]) {
    assert.equal(receive(fresh, envelope("hi", { dispatchedMs }), context).state.nextIn, 2);
  }
});
