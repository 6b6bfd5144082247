import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "#base/bytes.ts";
import { merklePath, merklePaths, verifyInclusion } from "#crypto/merkle.ts";
import { batchLeaf, type Receipt } from "#receipts/index.ts";
import { seededRandom } from "#test/kit/random.ts";
import { messageBody, receiptFor } from "#test/kit/waybill-sample.ts";
import { buildBatch } from "./batch.ts";
import { BATCH_LEAVES_MIN, BATCH_RECEIPTS_MAX } from "./limits.ts";

const first = receiptFor(messageBody());
/** Unsigned copies are enough here: a batch looks at bytes alone. */
function receipts(count: number): Receipt[] {
  return Array.from({ length: count }, (_, at) => ({
    ...first,
    completion: { ...first.completion, completedMs: at },
  }));
}

test("every receipt of a batch leads to its root, and to no other place in it", () => {
  for (const count of [1, 2, 7, 8, 9, 33]) {
    const some = receipts(count);
    const { root, proofs } = buildBatch(some, seededRandom(count));
    for (const [at, receipt] of some.entries()) {
      const proof = proofs[at];
      assert.ok(proof);
      const leaf = batchLeaf(proof.salt, receipt);
      assert.ok(verifyInclusion({ leaf, ...proof.place }, root));
      const elsewhere = { ...proof.place, index: (proof.place.index + 1) % proof.place.count };
      assert.ok(!verifyInclusion({ leaf, ...elsewhere }, root));
    }
    assert.equal(new Set(proofs.map(({ salt }) => toHex(salt))).size, count, "each salt serves one receipt");
    assert.equal(new Set(proofs.map(({ place }) => place.index)).size, count);
  }
});

test("the number of leaves is a power of two that tells little of the number of receipts", () => {
  for (const [count, leaves] of [
    [1, BATCH_LEAVES_MIN],
    [8, 8],
    [9, 16],
    [BATCH_RECEIPTS_MAX, BATCH_RECEIPTS_MAX],
  ] as const) {
    assert.equal(buildBatch(receipts(count), seededRandom(1)).proofs[0]?.place.count, leaves);
  }
  assert.throws(() => buildBatch([], seededRandom(1)), RangeError);
  assert.throws(() => buildBatch(receipts(BATCH_RECEIPTS_MAX + 1), seededRandom(1)), RangeError);
});

test("places do not follow the order of the receipts", () => {
  const places = buildBatch(receipts(16), seededRandom(3)).proofs.map(({ place }) => place.index);
  assert.notDeepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
});

test("the same receipt never gives the same root twice", () => {
  const random = seededRandom(4);
  const roots = Array.from({ length: 5 }, () => toHex(buildBatch([first], random).root));
  assert.equal(new Set(roots).size, 5);
});

test("all paths at once are the paths one by one", () => {
  for (let count = 1; count <= 40; count++) {
    const leaves = Array.from({ length: count }, (_, at) => Uint8Array.of(at));
    const paths = merklePaths(leaves);
    assert.deepEqual(
      paths,
      leaves.map((_, index) => merklePath(leaves, index)),
      `${count} leaves`,
    );
  }
  assert.deepEqual(merklePaths([]), []);
});
