/**
 * What a proof over the state tree may show, and what nobody can make it show. The trees are small enough to be
 * known whole, so that every other claim about them is known to be false.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, toHex } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { STATE_PATH_MAX, STATE_PROOF_BYTES_MAX } from "./limits.ts";
import {
  decodeTreeProof,
  encodeTreeProof,
  StateTree,
  type TreeChange,
  type TreeProof,
  verifyTreeProof,
} from "./state-tree.ts";

const VALUE = Uint8Array.of(7);
const EMPTY = new Uint8Array(32);

/** A key of zeros but for the bits named, bit 0 being the first. */
function keyWith(...bits: readonly number[]): Uint8Array {
  const key = new Uint8Array(32);
  for (const bit of bits) key[bit >> 3] = (key[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return key;
}

function treeOf(keys: readonly Uint8Array[]): StateTree {
  return StateTree.empty.with(keys.map((key) => ({ key, value: VALUE })));
}

interface Leaf {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

function bit(key: Uint8Array, depth: number): number {
  return ((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1;
}

function slowHash(leaves: readonly Leaf[], depth: number): Uint8Array {
  const [first, second] = leaves;
  if (first === undefined) return EMPTY;
  if (second === undefined) return sha256(concat(Uint8Array.of(0), first.key, sha256(first.value)));
  const [left, right] = [0, 1].map((side) => leaves.filter(({ key }) => bit(key, depth) === side));
  return sha256(concat(Uint8Array.of(1), slowHash(left ?? [], depth + 1), slowHash(right ?? [], depth + 1)));
}

/** The definition, word for word: nothing kept, nothing shared. */
function slowProof(leaves: readonly Leaf[], key: Uint8Array, depth = 0): TreeProof {
  if (leaves.length < 2) {
    const other = leaves.find((leaf) => toHex(leaf.key) !== toHex(key));
    const shown = other === undefined ? null : { key: other.key, valueHash: sha256(other.value) };
    return { siblings: [], other: shown };
  }
  const beside = leaves.filter((leaf) => bit(leaf.key, depth) !== bit(key, depth));
  const here = leaves.filter((leaf) => bit(leaf.key, depth) === bit(key, depth));
  const { siblings, other } = slowProof(here, key, depth + 1);
  return { siblings: [slowHash(beside, depth + 1), ...siblings], other };
}

/** Close together at many depths, where random keys would part at once. */
const keys = fc.uniqueArray(fc.uniqueArray(fc.constantFrom(0, 1, 2, 9, 100, 254, 255), { maxLength: 4 }), {
  maxLength: 12,
  selector: (bits) => toHex(keyWith(...bits)),
});
const proofs: fc.Arbitrary<TreeProof> = fc.record(
  {
    siblings: fc.array(fc.oneof(fc.constant(EMPTY), fc.uint8Array({ minLength: 32, maxLength: 32 })), {
      maxLength: 40,
    }),
    other: fc.option(
      fc.record(
        {
          key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
          valueHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
        },
        { noNullPrototype: true },
      ),
    ),
  },
  { noNullPrototype: true },
);

test("proofs are those of the definition, for keys that share long prefixes", () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 0, max: 11 }), (all, place) => {
      const leaves = all.map((bits) => ({ key: keyWith(...bits), value: VALUE }));
      const tree = StateTree.empty.with(leaves);
      assert.deepEqual(tree.root, slowHash(leaves, 0));
      const [present, absent] = [leaves[place % Math.max(leaves.length, 1)], keyWith(3, place)];
      for (const key of present === undefined ? [absent] : [present.key, absent]) {
        const proof = tree.prove(key);
        assert.deepEqual(proof, slowProof(leaves, key));
        assert.equal(verifyTreeProof(tree.root, key, tree.get(key), proof), true);
      }
    }),
  );
});

test("two keys that differ in their last bit stand at the longest path, and both can be shown", () => {
  const [one, two] = [keyWith(), keyWith(255)];
  const tree = treeOf([one, two]);
  for (const key of [one, two]) {
    const proof = tree.prove(key);
    assert.equal(proof.siblings.length, STATE_PATH_MAX);
    assert.equal(verifyTreeProof(tree.root, key, VALUE, proof), true);
    assert.equal(verifyTreeProof(tree.root, key, null, proof), false);
    assert.ok(encodeTreeProof(proof).length < 200, "empty siblings are not written out");
  }
  assert.deepEqual(tree.with([{ key: two, value: null }]).root, treeOf([one]).root);
});

test("false absence is refused: what stands there cannot be left out, nor be put behind another leaf", () => {
  const all = [keyWith(), keyWith(1), keyWith(1, 2), keyWith(0), keyWith(0, 255)];
  const tree = treeOf(all);
  for (const key of all) {
    const { siblings } = tree.prove(key);
    for (const count of siblings.keys()) {
      const short = siblings.slice(0, count);
      assert.equal(verifyTreeProof(tree.root, key, null, { siblings: short, other: null }), false);
      for (const other of all) {
        const shown = { key: other, valueHash: sha256(VALUE) };
        assert.equal(verifyTreeProof(tree.root, key, null, { siblings: short, other: shown }), false);
        assert.equal(verifyTreeProof(tree.root, key, null, { siblings, other: shown }), false);
      }
    }
  }
});

test("the prefix trick is refused: an inner node is no leaf, and a leaf no inner node", () => {
  const [left, right] = [keyWith(), keyWith(0)];
  const tree = treeOf([left, right]);
  const leafHash = (key: Uint8Array) => sha256(concat(Uint8Array.of(0), key, sha256(VALUE)));
  // The 64 bytes of the root node read as a leaf: a key, and the hash of a value.
  const asLeaf = { key: leafHash(left), valueHash: leafHash(right) };
  for (const key of [left, right, keyWith(5), keyWith(0, 5)]) {
    assert.equal(verifyTreeProof(tree.root, key, null, { siblings: [], other: asLeaf }), false);
  }
  // The bytes of a leaf, read as a node above two others: as if more stood below it.
  const below = { siblings: [leafHash(right), sha256(VALUE)], other: null };
  assert.equal(verifyTreeProof(tree.root, left, null, below), false);
  assert.equal(verifyTreeProof(tree.root, left, left, below), false);
});

test("a leaf of another key shows absence only where it shares the whole path", () => {
  const [near, far] = [keyWith(2), keyWith(0)];
  const tree = treeOf([near, far]);
  const { siblings } = tree.prove(near);
  const other = { key: near, valueHash: sha256(VALUE) };
  assert.equal(verifyTreeProof(tree.root, keyWith(3), null, { siblings, other }), true);
  assert.equal(verifyTreeProof(tree.root, keyWith(0, 3), null, { siblings, other }), false);
  assert.equal(verifyTreeProof(tree.root, near, null, { siblings, other }), false);
});

test("a path longer than keys have bits is refused before anything is hashed", () => {
  const siblings = Array.from({ length: STATE_PATH_MAX + 1 }, () => EMPTY);
  let hash: Uint8Array = EMPTY;
  for (let at = 0; at <= STATE_PATH_MAX; at++) hash = sha256(concat(Uint8Array.of(1), hash, EMPTY));
  assert.equal(verifyTreeProof(hash, keyWith(), null, { siblings, other: null }), false);
  assert.throws(() => encodeTreeProof({ siblings, other: null }), RangeError);
});

test("one bit changed anywhere in a proof, and it shows nothing", () => {
  const all = Array.from({ length: 40 }, (_, at) => sha256(Uint8Array.of(at)));
  const tree = treeOf(all);
  for (const key of [sha256(Uint8Array.of(3)), sha256(Uint8Array.of(99))]) {
    const value = tree.get(key);
    const proof = tree.prove(key);
    for (const place of proof.siblings.keys()) {
      const flipped = proof.siblings.map((sibling, at) =>
        at === place ? sibling.with(9, (sibling[9] ?? 0) ^ 4) : sibling,
      );
      assert.equal(verifyTreeProof(tree.root, key, value, { ...proof, siblings: flipped }), false);
    }
    assert.equal(verifyTreeProof(tree.root.with(0, 1), key, value, proof), false);
    assert.equal(verifyTreeProof(tree.root, key, Uint8Array.of(8), proof), false);
    if (value !== null) assert.equal(verifyTreeProof(tree.root, key.with(31, 0), value, proof), false);
  }
});

test("a proof has one encoding", () => {
  fc.assert(
    fc.property(proofs, (proof) => {
      const bytes = encodeTreeProof(proof);
      assert.ok(bytes.length <= STATE_PROOF_BYTES_MAX);
      assert.deepEqual(decodeTreeProof(bytes), { ok: true, value: proof });
    }),
  );
});

test("any bytes get a verdict, and what is accepted would be written the same", () => {
  const mutated = fc
    .tuple(proofs, fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([proof, place, byte]) => encodeTreeProof(proof).with(place % encodeTreeProof(proof).length, byte));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
      const decoded = decodeTreeProof(bytes);
      if (decoded.ok) assert.deepEqual(encodeTreeProof(decoded.value), bytes);
    }),
    { numRuns: 2000 },
  );
});

test("refused: an empty sibling written out, bits beyond the path, a long path, a flag of 2, bytes after the end", () => {
  const refused: readonly (readonly number[])[] = [
    [1, 0, 0x80, ...EMPTY, 0],
    [1, 0, 0x40, 0],
    [7, 0, 0x01, 0],
    [1, 1, ...new Array<number>(33).fill(0), 0],
    [0, 0, 2],
    [0, 0, 0, 0],
    [0, 0],
  ];
  for (const bytes of refused) assert.equal(decodeTreeProof(Uint8Array.from(bytes)).ok, false, String(bytes));
  assert.equal(decodeTreeProof(new Uint8Array(STATE_PROOF_BYTES_MAX + 1)).ok, false);
  const [none, one]: readonly TreeProof[] = [
    { siblings: [], other: null },
    { siblings: [EMPTY], other: null },
  ];
  assert.deepEqual(decodeTreeProof(Uint8Array.of(0, 0, 0)), { ok: true, value: none });
  assert.deepEqual(decodeTreeProof(Uint8Array.of(1, 0, 0, 0)), { ok: true, value: one });
});

test("a batch of changes that takes out all but one leaf leaves that leaf alone at the top", () => {
  const all = [keyWith(), keyWith(255), keyWith(254), keyWith(0, 9)];
  const [kept, ...gone] = all;
  const changes: TreeChange[] = gone.map((key) => ({ key, value: null }));
  const tree = treeOf(all).with(changes);
  assert.deepEqual(tree.root, kept === undefined ? EMPTY : treeOf([kept]).root);
  assert.deepEqual(tree.prove(keyWith(8)).siblings, []);
});
