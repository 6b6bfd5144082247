import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { HEADER_BYTES, HeaderSearch } from "./kernel.ts";

function idOf(header: Uint8Array, nonce: bigint): Buffer {
  const sealed = Uint8Array.from(header);
  new DataView(sealed.buffer).setBigUint64(HEADER_BYTES - 8, nonce, true);
  const inner = createHash("sha256").update(sealed).digest();
  return createHash("sha256").update(inner).digest();
}

/** A target that the first byte of an id decides. */
function targetOf(firstByte: number): Uint8Array {
  return new Uint8Array(32).fill(0xff).fill(firstByte, 0, 1);
}

const headers = fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES });
const halves = fc.integer({ min: 0, max: 0xffff_ffff });

test("a search finds the first nonce that node:crypto agrees with, and none where there is none", () => {
  fc.assert(
    fc.property(headers, halves, halves, (header, low, start) => {
      const high = Math.min(start, 2 ** 32 - 64);
      const target = targetOf(7);
      const expected = Array.from({ length: 64 }, (_, at) => (BigInt(high + at) << 32n) | BigInt(low)).find(
        (nonce) => (idOf(header, nonce)[0] ?? 255) <= 7,
      );
      assert.equal(new HeaderSearch(header, target).search(low, high, 64), expected ?? null);
    }),
    { numRuns: 200 },
  );
});

test("an id equal to the target is found, one below it is not", () => {
  const header = new Uint8Array(HEADER_BYTES).fill(3);
  const id = idOf(header, 9n << 32n);
  assert.equal(new HeaderSearch(header, id).search(0, 9, 1), 9n << 32n);
  const below = Uint8Array.from(id);
  below[31] = (below[31] ?? 0) - 1;
  assert.ok((id[31] ?? 0) > 0, "the last byte of this id can be lowered");
  assert.equal(new HeaderSearch(header, below).search(0, 9, 1), null);
});

test("one search serves many calls, in any order of halves", () => {
  const header = new Uint8Array(HEADER_BYTES).map((_, at) => at);
  const search = new HeaderSearch(header, targetOf(0));
  const first = search.search(1, 0, 2_000);
  search.search(77, 5, 10);
  assert.equal(search.search(1, 0, 2_000), first);
  assert.notEqual(first, null);
});

test("a header of another size and a walk out of the half are faults of ours", () => {
  assert.throws(() => new HeaderSearch(new Uint8Array(80), targetOf(0)), RangeError);
  assert.throws(() => new HeaderSearch(new Uint8Array(HEADER_BYTES), new Uint8Array(31)), RangeError);
  const search = new HeaderSearch(new Uint8Array(HEADER_BYTES), targetOf(0));
  assert.throws(() => search.search(0, 2 ** 32 - 1, 2), RangeError);
});
