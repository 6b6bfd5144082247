import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 as other } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { fromHex, toHex, utf8 } from "#base/bytes.ts";
import { sha256, sha256d, sha256dHex, sha256Into, sha256Text } from "./sha256.ts";

test("the digests of FIPS 180-4, and the id of a header that everybody knows", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assert.equal(toHex(sha256(utf8("abc"))), abc);
  assert.equal(toHex(sha256(new Uint8Array(0))), empty);
  // Block 0 of Bitcoin; its id is shown in reverse order of the bytes.
  const header = `01000000${"00".repeat(32)}3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c`;
  const id = sha256d(fromHex(header) ?? new Uint8Array(0)).toReversed();
  assert.equal(toHex(id), "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
});

test("another implementation agrees, and digests are plain arrays", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.deepEqual(sha256(bytes), other(bytes));
      assert.equal(sha256Text(bytes), String.fromCharCode(...other(bytes)));
      assert.deepEqual(sha256d(bytes), other(other(bytes)));
      assert.equal(sha256dHex(bytes), toHex(sha256d(bytes)));
    }),
  );
});

test("a digest goes where it is wanted, also over what was hashed, and nowhere else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 100 }), fc.nat(), (bytes, place) => {
      const at = place % (bytes.length - 31);
      const expected = bytes.slice();
      expected.set(other(bytes), at);
      sha256Into(bytes, bytes, at);
      assert.deepEqual(bytes, expected);
    }),
  );
  assert.throws(() => sha256Into(new Uint8Array(40), new Uint8Array(40), 9), RangeError);
});
