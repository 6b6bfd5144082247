import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, toHex } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { StateTree, type TreeProof, verifyTreeProof } from "./state-tree.ts";

/** Few distinct keys, many of which share long prefixes: where trees go wrong. */
const keys = fc
  .tuple(fc.constantFrom(0, 1, 0x80, 0xff), fc.constantFrom(0, 1, 2, 3), fc.constantFrom(0, 1))
  .map(([first, last, middle]) => {
    const key = new Uint8Array(32);
    key[0] = first;
    key[16] = middle;
    key[31] = last;
    return key;
  });
const values = fc.uint8Array({ minLength: 1, maxLength: 2 });
const entries = fc.array(fc.tuple(keys, values), { maxLength: 20 });
const changes = fc.array(fc.tuple(keys, fc.option(values)), { maxLength: 40 });

type Model = Map<string, { key: Uint8Array; value: Uint8Array }>;

function put(model: Model, key: Uint8Array, value: Uint8Array | null): void {
  if (value === null) model.delete(toHex(key));
  else model.set(toHex(key), { key, value });
}

function bit(key: Uint8Array, depth: number): number {
  return (Number.parseInt(toHex(key).slice(depth >> 2, (depth >> 2) + 1), 16) >> (3 - (depth & 3))) & 1;
}

/** The definition, word for word: nothing kept, nothing shared. */
function slowRoot(leaves: readonly { key: Uint8Array; value: Uint8Array }[], depth = 0): Uint8Array {
  const [first, second] = leaves;
  if (first === undefined) return new Uint8Array(32);
  if (second === undefined) return sha256(concat(Uint8Array.of(0), first.key, sha256(first.value)));
  const left = slowRoot(
    leaves.filter(({ key }) => bit(key, depth) === 0),
    depth + 1,
  );
  const right = slowRoot(
    leaves.filter(({ key }) => bit(key, depth) === 1),
    depth + 1,
  );
  return sha256(concat(Uint8Array.of(1), left, right));
}

test("the root is that of the set of entries, whatever led to it, and every step can be taken back", () => {
  fc.assert(
    fc.property(changes, fc.integer({ min: 1, max: 5 }), (list, batch) => {
      const model: Model = new Map();
      let tree = StateTree.empty;
      for (let at = 0; at < list.length; at += batch) {
        const batched = new Map(
          list.slice(at, at + batch).map(([key, value]) => [toHex(key), { key, value }]),
        );
        const before = [...batched.values()].map(({ key }) => ({ key, value: tree.get(key) }));
        const next = tree.with([...batched.values()]);
        assert.deepEqual(next.with(before).root, tree.root);
        for (const { key, value } of batched.values()) put(model, key, value);
        tree = next;
        assert.deepEqual(tree.root, slowRoot([...model.values()]));
      }
      for (const { key, value } of model.values()) assert.deepEqual(tree.get(key), value);
    }),
  );
});

test("one batch equals one change at a time, in any order", () => {
  fc.assert(
    fc.property(entries, (list) => {
      const distinct = [...new Map(list.map(([key, value]) => [toHex(key), { key, value }])).values()];
      const oneByOne = distinct.toReversed().reduce((tree, entry) => tree.with([entry]), StateTree.empty);
      assert.deepEqual(StateTree.empty.with(distinct).root, oneByOne.root);
    }),
  );
});

test("an unchanged tree is the same value", () => {
  const many = Array.from({ length: 50 }, (_, at) => ({
    key: sha256(Uint8Array.of(at)),
    value: Uint8Array.of(at),
  }));
  const grown = StateTree.empty.with(many);
  assert.equal(grown.with(many), grown);
  const key = new Uint8Array(32);
  const tree = StateTree.empty.with([{ key, value: Uint8Array.of(1) }]);
  assert.equal(tree.with([]), tree);
  assert.equal(StateTree.empty.with([{ key, value: null }]), StateTree.empty);
  assert.equal(toHex(StateTree.empty.root), "0".repeat(64));
});

test("proofs show what is there and what is not, to whoever has the root, and nothing else", () => {
  fc.assert(
    fc.property(entries, keys, values, (list, key, wrong) => {
      const model: Model = new Map();
      for (const [at, value] of list) put(model, at, value);
      const tree = StateTree.empty.with([...model.values()]);
      const value = tree.get(key);
      const proof = tree.prove(key);
      assert.equal(verifyTreeProof(tree.root, key, value, proof), true);
      const isRight = value !== null && toHex(wrong) === toHex(value);
      assert.equal(verifyTreeProof(tree.root, key, wrong, proof), isRight);
      if (value === null) return;
      assert.equal(verifyTreeProof(tree.root, key, null, proof), false);
      const other = { key, valueHash: sha256(value) };
      assert.equal(verifyTreeProof(tree.root, key, value, { ...proof, other }), false);
    }),
  );
});

test("absence cannot be shown with the leaf of the key itself, nor with one off its path", () => {
  const here = new Uint8Array(32);
  const there = new Uint8Array(32).fill(0xff);
  const value = Uint8Array.of(7);
  const tree = StateTree.empty.with([
    { key: here, value },
    { key: there, value },
  ]);
  const { siblings } = tree.prove(here);
  const valueHash = sha256(value);
  assert.equal(verifyTreeProof(tree.root, here, null, { siblings, other: { key: here, valueHash } }), false);
  // The sibling's leaf, claimed to stand on the path of `here`.
  const own = [sha256(concat(Uint8Array.of(0), here, valueHash))];
  assert.equal(
    verifyTreeProof(tree.root, here, null, { siblings: own, other: { key: there, valueHash } }),
    false,
  );
});

test("malformed proofs are false, never an exception", () => {
  const hashes = fc.uint8Array({ maxLength: 33 });
  const proofs: fc.Arbitrary<TreeProof> = fc.record({
    siblings: fc.array(hashes, { maxLength: 300 }),
    other: fc.option(fc.record({ key: hashes, valueHash: hashes })),
  });
  const root = new Uint8Array(32).fill(1);
  fc.assert(
    fc.property(hashes, fc.option(values), proofs, (key, value, proof) => {
      assert.equal(verifyTreeProof(root, key, value, proof), false);
    }),
  );
});

test("two entries of one key are a fault of ours, and so is a key of another length", () => {
  const entry = { key: new Uint8Array(32), value: Uint8Array.of(1) };
  assert.throws(() => StateTree.empty.with([entry, entry]), /each key stands once/);
  assert.throws(() => StateTree.empty.with([{ ...entry, key: new Uint8Array(31) }]), RangeError);
});
