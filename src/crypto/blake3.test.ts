import assert from "node:assert/strict";
import { test } from "node:test";
import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { toHex } from "#base/bytes.ts";
import { blake3, createBlake3 } from "./blake3.ts";

/** Input of the official vectors: bytes 0..250 repeated. Digests: first 32 bytes of the `hash` field there. */
function officialInput(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251);
}

test("blake3 gives the digests of the official test vectors", () => {
  const digests: readonly (readonly [number, string])[] = [
    [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
    [1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"],
  ];
  for (const [length, digest] of digests) assert.equal(toHex(blake3(officialInput(length))), digest);
});

test("blake3 agrees with an independent implementation around chunk and subtree borders", () => {
  for (const length of [2, 63, 64, 65, 1023, 1024, 1025, 2048, 3072, 4097, 16_385, 102_400]) {
    assert.deepEqual(blake3(officialInput(length)), nobleBlake3(officialInput(length)), `${length} bytes`);
  }
});

test("a digest does not depend on how the content was cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }), (pieces) => {
      const hasher = createBlake3();
      for (const piece of pieces) hasher.update(piece);
      assert.deepEqual(hasher.digest(), blake3(Buffer.concat(pieces)));
    }),
    { numRuns: 50 },
  );
});
