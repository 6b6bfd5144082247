import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex } from "#base/bytes.ts";
import { buildKernel, KERNELS, kernelPath } from "../../tools/build-kernel.ts";
import { bestKernel, HEADER_BYTES, HeaderSearch, type Kernel, loadKernel } from "./kernel.ts";

const scalar = loadKernel("scalar");
/** Where there is no SIMD the scalar kernel stands in for both. */
const kernels: readonly Kernel[] = [bestKernel(), scalar];

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
const counts = fc.integer({ min: 0, max: 67 });

test("every kernel finds the first nonce that node:crypto agrees with, and none where there is none", () => {
  fc.assert(
    fc.property(headers, halves, halves, counts, (header, low, start, count) => {
      const high = Math.min(start, 2 ** 32 - count);
      const target = targetOf(7);
      const expected = Array.from(
        { length: count },
        (_, at) => (BigInt(high + at) << 32n) | BigInt(low),
      ).find((nonce) => (idOf(header, nonce)[0] ?? 255) <= 7);
      for (const kernel of kernels) {
        const found = new HeaderSearch(header, target, kernel).search(low, high, count);
        assert.equal(found, expected ?? null, kernel.name);
      }
    }),
    { numRuns: 300 },
  );
});

test("an id equal to the target is found, one below it is not, whichever word decides", () => {
  for (const kernel of kernels) {
    for (let seed = 0; seed < 24; seed++) {
      const header = new Uint8Array(HEADER_BYTES).fill(seed);
      const id = idOf(header, 9n << 32n);
      assert.equal(new HeaderSearch(header, id, kernel).search(0, 9, 1), 9n << 32n);
      const below = Uint8Array.from(id);
      // The last byte of some word, lowered: the target is below the id from that word on.
      const at = (seed % 8) * 4 + 3;
      if (below[at] === 0) continue;
      below[at] = (below[at] ?? 0) - 1;
      assert.equal(
        new HeaderSearch(header, below, kernel).search(0, 9, 1),
        null,
        `${kernel.name} byte ${at}`,
      );
    }
  }
});

test("the nonce of every known block is found where it is", () => {
  const file = new URL("../../spec/vectors/ledger.json", import.meta.url);
  const { chain } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly chain: { readonly blocks: readonly { readonly id: string; readonly bytes: string }[] };
  };
  assert.ok(chain.blocks.length > 3);
  for (const { id, bytes } of chain.blocks) {
    const header = fromHex(bytes.slice(0, HEADER_BYTES * 2));
    const target = fromHex(id);
    assert.ok(header && target);
    const nonce = new DataView(header.buffer, header.byteOffset).getBigUint64(HEADER_BYTES - 8, true);
    assert.equal(idOf(header, nonce).toString("hex"), id);
    const [low, high] = [Number(nonce & 0xffff_ffffn), Number(nonce >> 32n)];
    for (const kernel of kernels) {
      // Its own id as target: of all nonces near it, this one alone meets it.
      const from = Math.max(0, high - 1_000);
      assert.equal(new HeaderSearch(header, target, kernel).search(low, from, high - from + 1), nonce);
      assert.equal(new HeaderSearch(header, target, kernel).search(low, from, high - from), null);
    }
  }
});

test("one search serves many calls, in any order of halves, and two searches do not mix", () => {
  const header = new Uint8Array(HEADER_BYTES).map((_, at) => at);
  const search = new HeaderSearch(header, targetOf(0));
  const first = search.search(1, 0, 2_000);
  new HeaderSearch(new Uint8Array(HEADER_BYTES), targetOf(3)).search(77, 5, 10);
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

test("without SIMD the scalar kernel is taken", () => {
  const kernel = bestKernel((name) => {
    if (name === "simd") throw new Error("no SIMD");
    return loadKernel(name);
  });
  assert.equal(kernel.name, "scalar");
});

for (const name of KERNELS) {
  test(`building the ${name} kernel gives the bytes that are committed`, async () => {
    const built = await buildKernel(name);
    assert.ok(Buffer.from(built).equals(readFileSync(kernelPath(name))), "run `node tools/build-kernel.ts`");
  });
}
