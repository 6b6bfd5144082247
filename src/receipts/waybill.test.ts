import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { resealed, sampleAnchored, sampleFiles, sampleSigned } from "#test/kit/waybill-vectors.ts";
import { decodeWaybill, encodeWaybill, verifyWaybill, type Waybill } from "./index.ts";

const samples: readonly (readonly [string, Waybill])[] = [
  ["signed", sampleSigned],
  ["anchored", sampleAnchored],
  ["files", sampleFiles],
];

for (const [name, waybill] of samples) {
  test(`${name}: a file is read back as written`, () => {
    assert.deepEqual(decodeWaybill(encodeWaybill(waybill)), { ok: true, value: waybill });
  });

  test(`${name}: bytes that decode encode to themselves, and none make the verifier throw`, () => {
    const sample = encodeWaybill(waybill);
    const edits = fc.array(fc.tuple(fc.nat(sample.length - 33), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(edits, fc.nat(3), (changes, cut) => {
        const changed = sample.slice(0, sample.length - cut);
        for (const [at, value] of changes) changed[at] = value;
        const bytes = resealed(changed);
        const decoded = decodeWaybill(bytes);
        if (decoded.ok) assert.deepEqual(encodeWaybill(decoded.value), bytes);
        assert.equal(typeof verifyWaybill(bytes).verdict.ok, "boolean");
      }),
      { numRuns: 300 },
    );
  });
}

test("arbitrary bytes get a verdict", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.equal(verifyWaybill(bytes).verdict.grade, "refused");
    }),
  );
});

test("a file above the limit is refused unread", () => {
  const decoded = decodeWaybill(new Uint8Array(16 * 1024 * 1024 + 8 * 1024 + 1));
  assert.ok(!decoded.ok);
  assert.equal(decoded.fault.code, "too-large");
});

test("what does not fit together is never written", () => {
  assert.throws(() => encodeWaybill({ ...sampleFiles, manifest: null }), RangeError);
  assert.throws(() => encodeWaybill({ ...sampleSigned, manifest: sampleFiles.manifest }), RangeError);
});
