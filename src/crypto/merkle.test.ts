import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { concat, fromHex, toHex } from "#base/bytes.ts";
import {
  appendLeaf,
  EMPTY_PEAKS,
  merklePath,
  merkleRoot,
  peaksOf,
  rootOfPeaks,
  treeHash,
  verifyInclusion,
} from "./merkle.ts";
import { sha256 } from "./sha256.ts";

interface Vectors {
  readonly leaves: readonly string[];
  readonly treeHashes: readonly string[];
  readonly roots: readonly string[];
}
const file = new URL("../../spec/vectors/ledger-merkle.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex);
  assert.ok(value, hex);
  return value;
}

function numbered(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => Uint8Array.of(at >> 8, at & 0xff));
}

/** RFC 6962 section 2.1 word for word: split at the largest power of two below n. */
function slowTreeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return sha256(concat(Uint8Array.of(0), first));
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(
    concat(Uint8Array.of(1), slowTreeHash(leaves.slice(0, split)), slowTreeHash(leaves.slice(split))),
  );
}

test("published tree hashes, and our roots over the same leaves", () => {
  const leaves = vectors.leaves.map(bytes);
  assert.equal(vectors.treeHashes.length, 9);
  for (const [count, expected] of vectors.treeHashes.entries()) {
    assert.equal(toHex(treeHash(leaves.slice(0, count))), expected, `${count} leaves`);
    assert.equal(toHex(merkleRoot(leaves.slice(0, count))), vectors.roots[count], `root of ${count} leaves`);
  }
});

test("the tree hash is that of the definition, for every count up to 70", () => {
  for (let count = 0; count <= 70; count++) {
    assert.deepEqual(treeHash(numbered(count)), slowTreeHash(numbered(count)), `${count} leaves`);
  }
});

test("every leaf of every tree up to 40 has a path, which no other index, count or leaf can use", () => {
  for (let count = 1; count <= 40; count++) {
    const leaves = numbered(count);
    const root = merkleRoot(leaves);
    for (const [index, leaf] of leaves.entries()) {
      const inclusion = { leaf, index, count, path: merklePath(leaves, index) };
      assert.equal(verifyInclusion(inclusion, root), true, `${index} of ${count}`);
      assert.equal(verifyInclusion({ ...inclusion, index: (index + 1) % count }, root), count === 1);
      assert.equal(verifyInclusion({ ...inclusion, index: index + count }, root), false);
      assert.equal(verifyInclusion({ ...inclusion, count: count + 1 }, root), false);
      assert.equal(verifyInclusion({ ...inclusion, leaf: Uint8Array.of(9) }, root), false);
      assert.equal(verifyInclusion({ ...inclusion, path: [...inclusion.path, root] }, root), false);
      assert.equal(verifyInclusion({ ...inclusion, path: inclusion.path.slice(1) }, root), count === 1);
    }
  }
});

test("a node is no leaf: the tree hash of two leaves cannot stand for them", () => {
  const leaves = numbered(2);
  assert.notDeepEqual(merkleRoot([treeHash(leaves)]), merkleRoot(leaves));
});

test("peaks give the root at every step of growth", () => {
  let peaks = EMPTY_PEAKS;
  const leaves = numbered(300);
  for (const [at, leaf] of leaves.entries()) {
    assert.deepEqual(rootOfPeaks(peaks), merkleRoot(leaves.slice(0, at)));
    peaks = appendLeaf(peaks, leaf);
  }
  assert.deepEqual(peaks, peaksOf(leaves));
  assert.equal(EMPTY_PEAKS.hashes.length, 0);
});

test("malformed inclusions are false, never an exception", () => {
  const hashes = fc.uint8Array({ maxLength: 34 });
  fc.assert(
    fc.property(
      fc.record({ leaf: hashes, index: fc.double(), count: fc.double(), path: fc.array(hashes) }),
      hashes,
      (inclusion, root) => {
        assert.equal(verifyInclusion(inclusion, root), false);
      },
    ),
  );
  const path = Array.from({ length: 33 }, () => new Uint8Array(32));
  assert.equal(
    verifyInclusion(
      { leaf: path[0] ?? new Uint8Array(0), index: 0, count: 2 ** 33, path },
      new Uint8Array(32),
    ),
    false,
  );
});

test("no path for a leaf that is not there", () => {
  assert.throws(() => merklePath(numbered(3), 3), RangeError);
  assert.throws(() => merklePath(numbered(3), -1), RangeError);
});
