import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeliveryId } from "#base/brand.ts";
import { toHex, utf8 } from "#base/bytes.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { MESSAGE_BYTES_MAX, messageDigest, signCompletion, signDispatch } from "#receipts/index.ts";
import { decodeFrame, encodeFrame, type Frame } from "./codec.ts";
import { FRAME_BYTES_MAX, NUMBER_MAX } from "./limits.ts";

const alice = createKeypair(new Uint8Array(32).fill(1));
const bob = createKeypair(new Uint8Array(32).fill(2));

function dispatchOf(text: string) {
  return signDispatch(
    {
      version: 1,
      kind: "message",
      deliveryId: toHex(new Uint8Array(32).fill(7)) as DeliveryId,
      sender: alice.account,
      receiver: bob.account,
      contentDigest: messageDigest(text),
      bytes: utf8(text).length,
      fileCount: 0,
      dispatchedMs: 12,
    },
    alice,
  );
}

const number = fc.integer({ min: 1, max: NUMBER_MAX });
const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc
    .tuple(number, fc.string({ unit: "grapheme", minLength: 1, maxLength: 50 }))
    .filter(([, text]) => text !== "")
    .map(([at, text]) => ({ type: "envelope", number: at, dispatch: dispatchOf(text), text }) as const),
  fc.integer({ min: 0, max: 2 ** 40 }).map((atMs) => {
    const completion = signCompletion(dispatchOf("x"), atMs, bob);
    return { type: "completed", completion } as const;
  }),
  number.map((at) => ({ type: "expected", number: at }) as const),
  fc
    .constantFrom("invalid" as const, "blocked" as const, "storage" as const)
    .map((refusal) => ({ type: "refused", refusal }) as const),
);

test("a frame survives encoding, and its bytes survive decoding", () => {
  fc.assert(
    fc.property(frames, (frame) => {
      const bytes = encodeFrame(frame);
      const decoded = decodeFrame(bytes);
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.value, frame);
      assert.deepEqual(encodeFrame(decoded.value), bytes);
    }),
    { numRuns: 60 },
  );
});

test("arbitrary and damaged bytes get a verdict, and what is accepted has one encoding", () => {
  const damaged = fc.tuple(frames, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([frame, at, byte]) => {
    const bytes = encodeFrame(frame);
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), damaged), (bytes) => {
      const decoded = decodeFrame(bytes);
      if (decoded.ok) assert.deepEqual(encodeFrame(decoded.value), bytes);
    }),
    { numRuns: 300 },
  );
});

test("frames that break a rule are refused for that rule", () => {
  const envelope = encodeFrame({ type: "envelope", number: 1, dispatch: dispatchOf("hi"), text: "hi" });
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [Uint8Array.of(2, 3, 1, 0, 0, 0, 0, 0, 0, 0), /version/],
    [Uint8Array.of(1, 9), /unknown type/],
    [Uint8Array.of(1, 3, 0, 0, 0, 0, 0, 0, 0, 0), /number 0/],
    [Uint8Array.of(1, 3, 0, 0, 0, 0, 0, 0, 2, 0), /number/],
    [Uint8Array.of(1, 4, 0), /refusal/],
    [Uint8Array.of(1, 4, 4), /refusal/],
    [Uint8Array.of(1, 4, 1, 0), /follow the end/],
    [envelope.subarray(0, -1), /needs/],
    [encodeFrame({ type: "envelope", number: 1, dispatch: dispatchOf("hi"), text: "" }), /empty/],
  ];
  for (const [bytes, what] of cases) {
    const decoded = decodeFrame(bytes);
    assert.ok(!decoded.ok);
    assert.match(decoded.fault.what, what);
  }
});

test("the longest message fits one frame", () => {
  const text = "x".repeat(MESSAGE_BYTES_MAX);
  const bytes = encodeFrame({ type: "envelope", number: NUMBER_MAX, dispatch: dispatchOf(text), text });
  assert.ok(bytes.length <= FRAME_BYTES_MAX);
});
