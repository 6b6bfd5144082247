/**
 * Trees over a source of leaves: that they are the same trees as those in memory, whatever was read, kept or
 * let go of, and that they refuse what the source cannot have meant.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sha256 } from "#crypto/sha256.ts";
import { STATE_WHOLE_LEAVES_MAX } from "./limits.ts";
import { LeavesDamagedError, StateTree, type TreeChange, verifyTreeProof } from "./state-tree.ts";
import { SortedLeaves, settle, sourceOf } from "./test-leaves.ts";

/** Pseudorandom, the same each time. */
function keyOf(number: number): Uint8Array {
  return sha256(Uint8Array.of(number, number >>> 8, number >>> 16));
}

function entryOf(number: number, value = 1): TreeChange {
  return { key: keyOf(number), value: Uint8Array.of(number, value) };
}

function entries(from: number, to: number, value = 1): TreeChange[] {
  return Array.from({ length: to - from }, (_, at) => entryOf(from + at, value));
}

/** So little is kept that a tree of some hundred leaves is a large one. */
const MEMORY = { wholeLeavesMax: 64, warmLeavesMax: 40 };
const LARGE = 2_000;

const batches = fc.array(fc.array(fc.tuple(fc.nat(300), fc.option(fc.nat(3))), { maxLength: 80 }), {
  maxLength: 8,
});
const memories = fc.record({ wholeLeavesMax: fc.nat(300), warmLeavesMax: fc.nat(150) });

test("a tree over a source is the tree of its leaves, through changes, shrinking and growth", () => {
  fc.assert(
    fc.property(fc.nat(200), batches, memories, (start, list, memory) => {
      const source = sourceOf(entries(0, start));
      let tree = StateTree.over(source, memory);
      let twin = StateTree.empty.with(entries(0, start));
      for (const batch of list) {
        const changes = [...new Map(batch.map(([number, value]) => [number, value]))].map(
          ([number, value]) =>
            value === null ? { key: keyOf(number), value: null } : entryOf(number, value),
        );
        tree = settle(tree, source, changes);
        twin = twin.with(changes);
        assert.deepEqual(tree.root, twin.root);
        assert.equal(tree.leafCount, source.size);
        for (const number of [0, 7, 150, 299]) {
          assert.deepEqual(tree.get(keyOf(number)), twin.get(keyOf(number)));
          assert.deepEqual(tree.prove(keyOf(number)), twin.prove(keyOf(number)));
        }
      }
      assert.deepEqual(StateTree.over(source).root, twin.root);
    }),
  );
});

test("a tree larger than what is kept in memory gives the same roots, values and proofs", () => {
  const all = entries(0, STATE_WHOLE_LEAVES_MAX + 10_000);
  const source = sourceOf(all);
  let tree = StateTree.over(source);
  let twin = StateTree.empty.with(all);
  assert.deepEqual(tree.root, twin.root);
  for (let round = 1; round <= 3; round++) {
    const changes = [
      ...entries(round * 1000, round * 1000 + 500, 7),
      ...entries(round * 3000 + 600, round * 3000 + 900).map(({ key }) => ({ key, value: null })),
      ...entries(all.length + round * 200, all.length + round * 200 + 200),
    ];
    twin = twin.with(changes);
    const derived = tree.with(changes);
    for (const number of [round * 1000, round * 3000 + 600, all.length + round * 200, 5]) {
      const key = keyOf(number);
      assert.deepEqual(derived.get(key), twin.get(key));
      assert.deepEqual(derived.prove(key), twin.prove(key));
      assert.equal(verifyTreeProof(derived.root, key, twin.get(key), derived.prove(key)), true);
    }
    tree = settle(tree, source, changes);
    assert.deepEqual(tree.root, twin.root);
    assert.equal(tree.leafCount, source.size);
  }
});

test("a small tree is kept whole, and reads nothing", () => {
  const source = sourceOf(entries(0, 1000));
  const tree = StateTree.over(source);
  source.leavesRead = 0;
  settle(tree, source, entries(500, 1500, 3)).get(keyOf(7));
  assert.equal(source.leavesRead, 0);
});

test("a block reads the leaves that it touches and their near neighbours, not the tree", () => {
  const source = sourceOf(entries(0, LARGE));
  const tree = StateTree.over(source, { ...MEMORY, warmLeavesMax: 500 });
  source.leavesRead = 0;
  tree.with(entries(0, 50, 9));
  assert.ok(
    source.leavesRead > 0 && source.leavesRead <= 500,
    `${source.leavesRead} leaves read for 50 changes`,
  );
  source.leavesRead = 0;
  tree.with(entries(0, 50, 8));
  assert.equal(source.leavesRead, 0);
});

test("a tree that grew from nothing forgets what it cannot keep, and still reads little for a change", () => {
  const source = new SortedLeaves();
  let tree = StateTree.over(source, MEMORY);
  let twin = StateTree.empty;
  for (let from = 0; from < LARGE; from += 30) {
    const changes = entries(from, from + 30);
    tree = settle(tree, source, changes);
    twin = twin.with(changes);
    assert.deepEqual(tree.root, twin.root);
  }
  source.leavesRead = 0;
  tree = settle(tree, source, entries(0, 50, 2));
  twin = twin.with(entries(0, 50, 2));
  assert.deepEqual(tree.root, twin.root);
  assert.ok(source.leavesRead > 0, "not all is kept in memory");
  assert.ok(source.leavesRead <= 500, `${source.leavesRead} leaves read for 50 changes`);
});

test("a state derived before its source moved on is not used any more", () => {
  const source = sourceOf(entries(0, 50));
  const tree = StateTree.over(source);
  const sibling = tree.with(entries(60, 61));
  const settled = settle(tree, source, entries(50, 60));
  for (const stale of [tree, sibling]) {
    assert.throws(() => stale.get(keyOf(1)), /after its source moved on/);
    assert.throws(() => stale.prove(keyOf(1)), /after its source moved on/);
    assert.throws(() => stale.with(entries(1, 2)), /after its source moved on/);
    assert.throws(() => stale.settled(), /after its source moved on/);
  }
  assert.deepEqual(settled.get(keyOf(55)), Uint8Array.of(55, 1));
});

test("what was derived and given up leaves no trace", () => {
  const source = sourceOf(entries(0, LARGE));
  const tree = StateTree.over(source, MEMORY);
  const before = tree.root;
  tree.with(entries(0, 700).map(({ key }) => ({ key, value: null })));
  tree.with(entries(LARGE, LARGE + 700));
  assert.deepEqual(tree.with([]).root, before);
  const changes = entries(10, 20, 3);
  assert.deepEqual(settle(tree, source, changes).root, StateTree.over(source).root);
});

test("a leaf that the disk changed, lost or added is noticed when it is read", () => {
  const key = keyOf(1234);
  const damages: readonly TreeChange[] = [
    { key, value: Uint8Array.of(0) },
    { key, value: null },
    { key: key.with(31, (key[31] ?? 0) ^ 1), value: Uint8Array.of(1) },
  ];
  for (const damage of damages) {
    const source = sourceOf(entries(0, LARGE));
    const tree = StateTree.over(source, MEMORY);
    source.change([damage]);
    assert.throws(() => tree.get(key), LeavesDamagedError);
    assert.throws(() => tree.prove(key), LeavesDamagedError);
    assert.throws(() => tree.with([{ key, value: null }]), LeavesDamagedError);
  }
});

test("an empty source is the empty tree, and can be emptied again", () => {
  const source = new SortedLeaves();
  const tree = StateTree.over(source, MEMORY);
  assert.deepEqual(tree.root, StateTree.empty.root);
  const filled = settle(tree, source, entries(0, 10));
  const emptied = settle(
    filled,
    source,
    entries(0, 10).map(({ key }) => ({ key, value: null })),
  );
  assert.deepEqual(emptied.root, StateTree.empty.root);
  assert.equal(emptied.leafCount, 0);
});
