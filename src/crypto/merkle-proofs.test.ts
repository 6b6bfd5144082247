import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex, toHex } from "#base/bytes.ts";
import { type Inclusion, merklePath, treeHash, treeHashOfInclusion } from "./merkle.ts";
import { type Consistency, consistencyPath, verifyConsistency } from "./merkle-consistency.ts";

interface Vectors {
  readonly leaves: readonly string[];
  readonly inclusion: readonly {
    readonly index: number;
    readonly count: number;
    readonly treeHash: string;
    readonly path: readonly string[];
  }[];
  readonly consistency: readonly {
    readonly older: number;
    readonly newer: number;
    readonly olderTreeHash: string;
    readonly newerTreeHash: string;
    readonly path: readonly string[];
  }[];
}
const file = new URL("../../spec/vectors/ledger-merkle.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

function bytes(hex: string): Uint8Array {
  const value = fromHex(hex);
  assert.ok(value, hex);
  return value;
}
const LEAVES = vectors.leaves.map(bytes);
const first = (count: number) => LEAVES.slice(0, count);
const GARBAGE = new Uint8Array(32).fill(0xa5);

function leafAt(index: number): Uint8Array {
  const leaf = LEAVES[index];
  assert.ok(leaf);
  return leaf;
}

test("published inclusion proofs are those that we make, and lead to the published tree hash", () => {
  for (const { index, count, treeHash: expected, path } of vectors.inclusion) {
    assert.deepEqual(merklePath(first(count), index).map(toHex), path);
    const hash = treeHashOfInclusion({ leaf: leafAt(index), index, count, path: path.map(bytes) });
    assert.equal(hash === null ? null : toHex(hash), expected);
  }
});

test("published consistency proofs are those that we make, and hold", () => {
  for (const { older, newer, olderTreeHash, newerTreeHash, path } of vectors.consistency) {
    assert.deepEqual(consistencyPath(first(newer), older).map(toHex), path);
    const proof = { older, newer, path: path.map(bytes) };
    assert.equal(verifyConsistency(proof, bytes(olderTreeHash), bytes(newerTreeHash)), true);
  }
});

/** A proof spoilt in every way that transparency-dev/merkle tries: bits, order, length, roots among the path. */
function spoiltPaths(path: readonly Uint8Array[], roots: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const flipped = path.map((_, at) =>
    path.map((hash, place) => (place === at ? hash.with(0, (hash[0] ?? 0) ^ 16) : hash)),
  );
  const longer = [GARBAGE, ...roots, ...path.slice(0, 1)].flatMap((hash) => [
    [hash, ...path],
    [...path, hash],
  ]);
  const shorter = path.length === 0 ? [] : [path.slice(0, -1), path.slice(1), []];
  const shortHash = path.length === 0 ? [] : [[...path.slice(0, -1), GARBAGE.subarray(1)]];
  const swapped = path.length < 2 ? [] : [path.toReversed()];
  return [...flipped, ...longer, ...shorter, ...shortHash, ...swapped];
}

const NUMBERS = [-1, 0.5, Number.NaN, 2 ** 32, 2 ** 53, Number.POSITIVE_INFINITY];

test("inclusion: bits, places, sizes, order and length changed give another hash or none", () => {
  for (let count = 1; count <= 8; count++) {
    for (let index = 0; index < count; index++) {
      const proof: Inclusion = { leaf: leafAt(index), index, count, path: merklePath(first(count), index) };
      const expected = toHex(treeHash(first(count)));
      const leadsThere = (changed: Partial<Inclusion>) => {
        const hash = treeHashOfInclusion({ ...proof, ...changed });
        return hash !== null && toHex(hash) === expected;
      };
      assert.ok(leadsThere({}));
      for (const path of spoiltPaths(proof.path, [treeHash(first(count))])) assert.ok(!leadsThere({ path }));
      for (const wrong of [index + 1, index - 1, index ^ 2, ...NUMBERS])
        assert.ok(!leadsThere({ index: wrong }), `${index} of ${count} as ${wrong}`);
      for (const wrong of [2 * count, 0, ...NUMBERS]) assert.ok(!leadsThere({ count: wrong }));
      assert.ok(!leadsThere({ leaf: GARBAGE }));
    }
  }
});

test("consistency: bits, sizes, roots, order and length changed are refused", () => {
  for (let newer = 1; newer <= 8; newer++) {
    for (let older = 1; older <= newer; older++) {
      const [oldHash, newHash] = [treeHash(first(older)), treeHash(first(newer))];
      const proof: Consistency = { older, newer, path: consistencyPath(first(newer), older) };
      const holds = (changed: Partial<Consistency>, from = oldHash, to = newHash) =>
        verifyConsistency({ ...proof, ...changed }, from, to);
      assert.ok(holds({}), `${older} of ${newer}`);
      for (const path of spoiltPaths(proof.path, [oldHash, newHash])) assert.ok(!holds({ path }));
      for (const wrong of [older + newer, 0, ...NUMBERS]) assert.ok(!holds({ older: wrong }));
      for (const wrong of [0, older - 1, ...NUMBERS]) assert.ok(!holds({ newer: wrong }));
      assert.ok(!holds({}, GARBAGE) && !holds({}, oldHash, GARBAGE));
      assert.ok(!holds({}, oldHash.subarray(1)) && !holds({}, oldHash, newHash.subarray(1)));
      if (older < newer) assert.ok(!holds({}, newHash, oldHash), "swapped");
    }
  }
});

test("an older tree goes into any newer one, and into none that differs in an old leaf", () => {
  const leaves = Array.from({ length: 70 }, (_, at) => Uint8Array.of(at));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(), (newer, chance, at) => {
      const older = 1 + (chance % newer);
      const path = consistencyPath(leaves.slice(0, newer), older);
      const changed = leaves.with(at % older, Uint8Array.of(255));
      const holds = (of: readonly Uint8Array[]) =>
        verifyConsistency(
          { older, newer, path },
          treeHash(leaves.slice(0, older)),
          treeHash(of.slice(0, newer)),
        );
      assert.ok(holds(leaves));
      assert.ok(!holds(changed));
      const other = consistencyPath(changed.slice(0, newer), older);
      assert.ok(
        !verifyConsistency(
          { older, newer, path: other },
          treeHash(leaves.slice(0, older)),
          treeHash(changed.slice(0, newer)),
        ),
      );
    }),
  );
});

test("arbitrary proofs get a verdict", () => {
  const hash = fc.uint8Array({ minLength: 31, maxLength: 33 });
  const counts = fc.oneof(fc.nat(70), fc.double(), fc.constantFrom(2 ** 31, 2 ** 32 - 1));
  fc.assert(
    fc.property(counts, counts, fc.array(hash, { maxLength: 40 }), hash, (a, b, path, root) => {
      assert.equal(verifyConsistency({ older: a, newer: b, path }, root, GARBAGE), false);
      const found = treeHashOfInclusion({ leaf: root, index: a, count: b, path });
      assert.ok(found === null || found.length === 32);
    }),
  );
});
