import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeliveryId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { blake3 } from "#crypto/blake3.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { MANIFEST_BYTES_MAX, signCompletion, signDispatch } from "#receipts/index.ts";
import { decodeFrame, encodeFrame, type Frame, pieceFrame, sealPiece, WIRE_REASONS } from "./codec.ts";
import { FRAME_BYTES_MAX, PIECE_BYTES, PIECE_HEAD_BYTES } from "./limits.ts";

const alice = createKeypair(new Uint8Array(32).fill(1));
const bob = createKeypair(new Uint8Array(32).fill(2));
const deliveryId = toHex(new Uint8Array(32).fill(7)) as DeliveryId;
const dispatch = signDispatch(
  {
    version: 1,
    kind: "files",
    deliveryId,
    sender: alice.account,
    receiver: bob.account,
    contentDigest: new Uint8Array(32),
    bytes: 5,
    fileCount: 1,
    dispatchedMs: 12,
  },
  alice,
);
const completion = signCompletion(dispatch, 13, bob);

const bytes = (minLength: number) =>
  fc.uint8Array({ minLength, maxLength: 200 }).map((given) => Uint8Array.from(given));
const reason = fc.constantFrom(...WIRE_REASONS);
const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc
    .integer({ min: 1, max: MANIFEST_BYTES_MAX })
    .map((manifestBytes) => ({ type: "offer", dispatch, manifestBytes }) as const),
  bytes(0).map((part) => ({ type: "manifest-part", bytes: part }) as const),
  fc
    .oneof(
      fc
        .constantFrom("send-manifest", "held", "accepted", "declined", "cancelled")
        .map((is) => ({ is }) as { readonly is: "held" }),
      reason.map((why) => ({ is: "failed", reason: why }) as const),
      fc.constant({ is: "completed", completion } as const),
    )
    .map((answer) => ({ type: "offer-answer", answer }) as const),
  fc.nat(2 ** 32 - 1).map((from) => ({ type: "pull", deliveryId, from }) as const),
  fc
    .tuple(fc.nat(2 ** 32 - 1), bytes(1))
    .map(([index, content]) => ({ type: "piece", index, digest: blake3(content), bytes: content }) as const),
  reason.map((why) => ({ type: "stopped", reason: why }) as const),
  fc
    .oneof(
      fc.constantFrom("declined", "cancelled").map((is) => ({ is }) as { readonly is: "declined" }),
      fc
        .tuple(fc.constantFrom("failed", "waiting"), reason)
        .map(([is, why]) => ({ is, reason: why }) as { readonly is: "failed"; readonly reason: typeof why }),
      fc.constant({ is: "completed", completion } as const),
    )
    .map((notice) => ({ type: "notice", deliveryId, notice }) as const),
  fc.constant({ type: "noted" } as const),
);

test("a frame survives encoding, and its bytes survive decoding", () => {
  fc.assert(
    fc.property(frames, (frame) => {
      const encoded = encodeFrame(frame);
      const decoded = decodeFrame(encoded);
      assert.ok(decoded.ok, JSON.stringify(decoded));
      assert.deepEqual(decoded.value, frame);
      assert.deepEqual(encodeFrame(decoded.value), encoded);
    }),
    { numRuns: 300 },
  );
});

test("arbitrary and damaged bytes get a verdict, and what is accepted has one encoding", () => {
  const damaged = fc
    .tuple(frames, fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([frame, at, byte]) => encodeFrame(frame).with(at % encodeFrame(frame).length, byte));
  fc.assert(
    fc.property(fc.oneof(bytes(0), damaged), (given) => {
      const decoded = decodeFrame(given);
      if (decoded.ok) assert.deepEqual(encodeFrame(decoded.value), given);
    }),
    { numRuns: 500 },
  );
});

test("a piece built in place has the bytes of one that is encoded", () => {
  const content = Uint8Array.of(1, 2, 3);
  const built = pieceFrame(content.length);
  built.content.set(content);
  sealPiece(built.frame, 9, blake3(content));
  const encoded = encodeFrame({ type: "piece", index: 9, digest: blake3(content), bytes: content });
  assert.deepEqual(Uint8Array.from(built.frame), encoded);
});

test("the largest piece fits one frame, and a larger one is refused", () => {
  const digest = new Uint8Array(32);
  const full = encodeFrame({ type: "piece", index: 0, digest, bytes: new Uint8Array(PIECE_BYTES) });
  assert.equal(full.length, FRAME_BYTES_MAX);
  assert.ok(decodeFrame(full).ok);
  const above = encodeFrame({ type: "piece", index: 0, digest, bytes: new Uint8Array(PIECE_BYTES + 1) });
  assert.ok(!decodeFrame(above).ok);
  assert.ok(!decodeFrame(full.subarray(0, PIECE_HEAD_BYTES)).ok);
});

test("frames that break a rule are refused for that rule", () => {
  const offer = encodeFrame({ type: "offer", dispatch, manifestBytes: 1 });
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [Uint8Array.of(2, 8), /version/],
    [Uint8Array.of(1, 99), /unknown type/],
    [Uint8Array.of(1, 8, 0), /follow the end/],
    [Uint8Array.of(1, 6, 0), /unknown reason/],
    [Uint8Array.of(1, 6, WIRE_REASONS.length + 1), /unknown reason/],
    [Uint8Array.of(1, 3, 0), /unknown answer/],
    [offer.with(offer.length - 4, 0), /manifest of 0/],
    [offer.with(offer.length - 1, 1), /manifest of/],
  ];
  for (const [given, what] of cases) {
    const decoded = decodeFrame(given);
    assert.ok(!decoded.ok);
    assert.match(decoded.fault.what, what);
  }
});
