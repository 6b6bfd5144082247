import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareBytes, concat } from "#base/bytes.ts";
import { searchStamp, stampMeets, stampPrefix, stampTarget } from "./stamp.ts";
import { ALICE } from "./test-chain.ts";

test("to begin with n zero bits is to be no larger than the target", () => {
  const digests = fc
    .tuple(fc.nat(33), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([zeros, bytes]) => concat(new Uint8Array(zeros), bytes).subarray(0, 32));
  fc.assert(
    fc.property(digests, fc.nat(64), (digest, bits) => {
      assert.equal(stampMeets(digest, bits), compareBytes(digest, stampTarget(bits)) <= 0);
    }),
  );
  const edge = Uint8Array.of(0, 0x0f, ...new Uint8Array(30));
  assert.deepEqual(
    [11, 12, 13].map((bits) => stampMeets(edge, bits)),
    [true, true, false],
  );
});

test("a search in steps finds what one long search finds", () => {
  const subject = { from: ALICE.account, seq: 1, validUntil: 2, root: new Uint8Array(32) };
  const prefix = stampPrefix(subject, new Uint8Array(32));
  const found = searchStamp(prefix, 8, 0n, 5000);
  assert.notEqual(found, null);
  let stepped: bigint | null = null;
  for (let from = 0n; stepped === null; from += 7n) stepped = searchStamp(prefix, 8, from, 7);
  assert.equal(stepped, found);
  assert.equal(searchStamp(prefix, 8, 0n, Number(found)), null);
});
