import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeliveryId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import {
  COMPLETION_BYTES,
  DISPATCH_BYTES,
  type DispatchBody,
  decodeCompletion,
  decodeDispatch,
  decodeReceipt,
  encodeCompletion,
  encodeDispatch,
  encodeReceipt,
  messageDigest,
  RECEIPT_BYTES,
  signCompletion,
  signDispatch,
  verifyCompletion,
  verifyDispatch,
  verifyReceipt,
} from "./index.ts";

function keypair(seed: number): Keypair {
  return createKeypair(new Uint8Array(32).fill(seed));
}
const alice = keypair(1);
const bob = keypair(2);
const mallory = keypair(3);

function body(changes: Partial<DispatchBody> = {}): DispatchBody {
  return {
    version: 1,
    kind: "message",
    deliveryId: "ab".repeat(32) as DeliveryId,
    sender: alice.account,
    receiver: bob.account,
    contentDigest: messageDigest("good morning"),
    bytes: 12,
    fileCount: 0,
    dispatchedMs: 1_790_000_000_000,
    ...changes,
  };
}

const bodies = fc
  .record({
    kind: fc.constantFrom("message" as const, "files" as const),
    id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    contentDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    bytes: fc.nat(65_536),
    fileCount: fc.integer({ min: 1, max: 100_000 }),
    dispatchedMs: fc.nat(Number.MAX_SAFE_INTEGER),
  })
  .map(({ id, kind, fileCount, ...rest }) =>
    body({
      ...rest,
      kind,
      fileCount: kind === "message" ? 0 : fileCount,
      deliveryId: toHex(id) as DeliveryId,
    }),
  );

test("a receipt of both signatures is valid, and is read back as written", () => {
  fc.assert(
    fc.property(bodies, fc.nat(Number.MAX_SAFE_INTEGER), (dispatchBody, completedMs) => {
      const dispatch = signDispatch(dispatchBody, alice);
      const receipt = { dispatch, completion: signCompletion(dispatch, completedMs, bob) };
      assert.ok(verifyReceipt(receipt));
      assert.equal(encodeDispatch(dispatch).length, DISPATCH_BYTES);
      assert.equal(encodeCompletion(receipt.completion).length, COMPLETION_BYTES);
      assert.equal(encodeReceipt(receipt).length, RECEIPT_BYTES);
      assert.deepEqual(decodeDispatch(encodeDispatch(dispatch)), { ok: true, value: dispatch });
      assert.deepEqual(decodeCompletion(encodeCompletion(receipt.completion)), {
        ok: true,
        value: receipt.completion,
      });
      assert.deepEqual(decodeReceipt(encodeReceipt(receipt)), { ok: true, value: receipt });
    }),
    { numRuns: 30 },
  );
});

test("bytes that decode at all encode to themselves, and no bytes make a decoder throw", () => {
  const dispatch = signDispatch(body(), alice);
  const sample = encodeReceipt({ dispatch, completion: signCompletion(dispatch, 5, bob) });
  const edits = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { maxLength: 3 });
  fc.assert(
    fc.property(fc.oneof(edits, fc.uint8Array({ maxLength: 400 })), (input) => {
      const bytes = input instanceof Uint8Array ? input : sample.slice();
      if (!(input instanceof Uint8Array)) for (const [at, value] of input) bytes[at] = value;
      const decoded = decodeReceipt(bytes);
      if (decoded.ok) assert.deepEqual(encodeReceipt(decoded.value), bytes);
      else assert.equal(decoded.fault.code, "malformed");
    }),
  );
});

test("no byte of a receipt can change and the receipt stay valid", () => {
  const dispatch = signDispatch(body(), alice);
  const sample = encodeReceipt({ dispatch, completion: signCompletion(dispatch, 5, bob) });
  for (let at = 0; at < sample.length; at++) {
    const changed = sample.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    const decoded = decodeReceipt(changed);
    assert.ok(!decoded.ok || !verifyReceipt(decoded.value), `byte ${at}`);
  }
});

test("signatures of others, and of another dispatch, are refused", () => {
  const dispatch = signDispatch(body(), alice);
  const forged = {
    body: dispatch.body,
    signature: signDispatch(body({ sender: mallory.account }), mallory).signature,
  };
  assert.equal(verifyDispatch(forged), false);

  const other = signDispatch(body({ dispatchedMs: 1 }), alice);
  assert.equal(verifyCompletion(dispatch, signCompletion(other, 5, bob)), false);

  const toMallory = signDispatch(body({ receiver: mallory.account }), alice);
  const byMallory = signCompletion(toMallory, 5, mallory);
  assert.equal(verifyCompletion(dispatch, byMallory), false);
  assert.equal(verifyCompletion(dispatch, { ...signCompletion(dispatch, 5, bob), completedMs: 6 }), false);
});

test("signing in another's name is a fault of ours", () => {
  assert.throws(() => signDispatch(body(), mallory), /signed by its sender/);
  assert.throws(() => signCompletion(signDispatch(body(), alice), 5, mallory), /signed by the receiver/);
});

test("a dispatch that no encoder would write is refused with its reason", () => {
  const written = encodeDispatch(signDispatch(body({ kind: "files", fileCount: 1 }), alice));
  const edited = (at: number, ...bytes: number[]) => {
    const copy = written.slice();
    copy.set(bytes, at);
    return copy;
  };
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["empty", new Uint8Array(0), /needs 1 bytes/],
    ["version 2", edited(0, 2), /version is not 1/],
    ["kind 0", edited(1, 0), /delivery kind 0/],
    ["kind 3", edited(1, 3), /delivery kind 3/],
    ["message with files", edited(1, 1), /message with files/],
    ["no file", edited(138, 0), /delivery of 0 files/],
    ["100,001 files", edited(138, 0xa1, 0x86, 0x01), /delivery of 100001 files/],
    ["size above 2^53", edited(136, 0x20), /size is above/],
    ["cut short", written.slice(0, -1), /needs 64 bytes/],
    ["one byte more", Uint8Array.of(...written, 0), /1 bytes follow/],
  ];
  for (const [name, bytes, reason] of cases) {
    const decoded = decodeDispatch(bytes);
    assert.ok(!decoded.ok, name);
    assert.match(decoded.fault.what, reason, name);
  }
});
