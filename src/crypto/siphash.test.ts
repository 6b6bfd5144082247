import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SipHash } from "./siphash.ts";

const MASK = 0xffffffffffffffffn;
const rotate = (word: bigint, by: bigint): bigint => ((word << by) | (word >> (64n - by))) & MASK;

/** The paper's definition word by word: slow and obvious. */
function slowSipHash(key: Uint8Array, bytes: Uint8Array): bigint {
  const word = (from: Uint8Array, at: number): bigint =>
    new DataView(from.buffer, from.byteOffset).getBigUint64(at, true);
  const [k0, k1] = [word(key, 0), word(key, 8)];
  let [v0, v1] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn];
  let [v2, v3] = [k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const round = (): void => {
    v0 = (v0 + v1) & MASK;
    v1 = rotate(v1, 13n) ^ v0;
    v0 = rotate(v0, 32n);
    v2 = (v2 + v3) & MASK;
    v3 = rotate(v3, 16n) ^ v2;
    v0 = (v0 + v3) & MASK;
    v3 = rotate(v3, 21n) ^ v0;
    v2 = (v2 + v1) & MASK;
    v1 = rotate(v1, 17n) ^ v2;
    v2 = rotate(v2, 32n);
  };
  const padded = new Uint8Array((bytes.length & ~7) + 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const m = word(padded, at);
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  }
  v2 ^= 0xffn;
  for (let turn = 0; turn < 4; turn++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at);

test("SipHash-2-4 gives the published values", () => {
  const hash = new SipHash(counting(16));
  assert.equal(hash.hash(counting(0)), 0x726fdb47dd0e0e31n);
  assert.equal(hash.hash(counting(1)), 0x74f839c593dc67fdn);
  // The example worked out in the paper, appendix A.
  assert.equal(hash.hash(counting(15)), 0xa129ca6149be45e5n);
});

test("SipHash-2-4 agrees with its definition for any key and bytes, and its lower 48 bits are exact", () => {
  const keys = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(keys, fc.uint8Array({ maxLength: 400 }), (key, bytes) => {
      const expected = slowSipHash(Uint8Array.from(key), Uint8Array.from(bytes));
      const hash = new SipHash(key);
      assert.equal(hash.hash(bytes), expected);
      assert.equal(hash.low48(bytes), Number(expected & 0xffffffffffffn));
    }),
  );
});
