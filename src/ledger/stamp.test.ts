import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteWriter, compareBytes, concat } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { searchStamp, stampMeets, stampPrefix, stampStrength, stampTarget } from "./stamp.ts";
import { ALICE } from "./test-chain.ts";
import type { StampedAnchor } from "./types.ts";

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

test("the strength of a stamp is the zero bits of its hash, on the network that asks", () => {
  const subject = { from: ALICE.account, seq: 1, validUntil: 2, root: new Uint8Array(32) };
  const chains = [new Uint8Array(32), new Uint8Array(32).fill(1)] as const;
  for (const bits of [0, 4, 9]) {
    const stamp = searchStamp(stampPrefix(subject, chains[0]), bits, 0n, 100_000) ?? 0n;
    const anchor: StampedAnchor = {
      type: "stamped-anchor",
      ...subject,
      fee: 0,
      stamp,
      signature: new Uint8Array(64),
    };
    for (const chainId of [...chains, ...chains]) {
      const digest = sha256(new ByteWriter().raw(stampPrefix(subject, chainId)).u64(stamp).done());
      const strength = stampStrength(anchor, chainId);
      assert.deepEqual([stampMeets(digest, strength), stampMeets(digest, strength + 1)], [true, false]);
    }
    assert.ok(stampStrength(anchor, chains[0]) >= bits);
  }
});
