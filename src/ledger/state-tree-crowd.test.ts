/** Keys that begin alike: their author pays for each with work, and nobody else pays for them at each block. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sha256 } from "#crypto/sha256.ts";
import { StateTree, type TreeChange } from "./state-tree.ts";
import { FILL, TreeTop } from "./state-tree-top.ts";
import { SortedLeaves, settle, sourceOf } from "./test-leaves.ts";

/** Key of a crowd of its own, all of whose keys share their first bytes; crowd 0 is spread over the whole tree. */
function crowdKey(crowd: number, number: number): Uint8Array {
  const key = sha256(Uint8Array.of(crowd, number, number >>> 8));
  return crowd === 0
    ? key
    : Uint8Array.of(...new Uint8Array(2 * crowd).fill(0xa0 + crowd), ...key).slice(0, 32);
}

function crowdEntries(crowd: number, from: number, to: number, value: number | null = 1): TreeChange[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, at) => ({
    key: crowdKey(crowd, from + at),
    value: value === null ? null : Uint8Array.of(value),
  }));
}

const step = fc.record({
  crowd: fc.nat(3),
  from: fc.nat(300),
  count: fc.nat(300),
  value: fc.option(fc.nat(3)),
});
const memories = fc.record({ wholeLeavesMax: fc.nat(400), warmLeavesMax: fc.nat(150) });

test("a tree with crowds that come and go is the tree of its leaves", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), memories, (steps, memory) => {
      const source = sourceOf(crowdEntries(0, 0, 40));
      let tree = StateTree.over(source, memory);
      let twin = StateTree.empty.with(crowdEntries(0, 0, 40));
      for (const { crowd, from, count, value } of steps) {
        const changes = crowdEntries(crowd, from, from + count, value);
        tree = settle(tree, source, changes);
        twin = twin.with(changes);
        assert.deepEqual(tree.root, twin.root);
        for (const other of [0, 1, 2, 3]) {
          const key = crowdKey(other, from);
          assert.deepEqual(tree.get(key), twin.get(key));
          assert.deepEqual(tree.prove(key), twin.prove(key));
        }
      }
      assert.equal(tree.leafCount, source.size);
      assert.deepEqual(StateTree.over(source, memory).root, twin.root);
    }),
    { numRuns: 50 },
  );
});

/** So little is kept that a crowd is never in memory as a whole. */
const MEMORY = { wholeLeavesMax: 64, warmLeavesMax: 40 };
const CROWD = 3_000;

const LEAVES = [...crowdEntries(0, 0, 200), ...crowdEntries(1, 0, CROWD)];

function openedAtOnce(source: SortedLeaves): StateTree {
  source.change(LEAVES);
  return StateTree.over(source, MEMORY);
}

function grown(source: SortedLeaves): StateTree {
  let tree = StateTree.over(source, MEMORY);
  for (let from = 0; from < LEAVES.length; from += 100) {
    tree = settle(tree, source, LEAVES.slice(from, from + 100));
  }
  return tree;
}

test("crowding one corner of the state does not make each entry of it cost the whole crowd", () => {
  for (const open of [openedAtOnce, grown]) {
    const source = new SortedLeaves();
    const tree = open(source);
    source.leavesRead = 0;
    for (let number = 0; number < CROWD; number += 30) tree.get(crowdKey(1, number));
    const most = 64 * (CROWD / 30);
    assert.ok(source.leavesRead <= most, `${open.name}: ${source.leavesRead} leaves read, above ${most}`);
  }
});

test("a state that is all crowd but for a few is not taken into memory as a small one", () => {
  const source = sourceOf(crowdEntries(1, 0, CROWD));
  const tree = StateTree.over(source, MEMORY);
  source.leavesRead = 0;
  tree.get(crowdKey(1, 7));
  assert.ok(source.leavesRead > 0, "a whole tree reads nothing");
});

test("paths below the flat levels are forgotten with what stood there", () => {
  const top = new TreeTop(4);
  const zero = (target: Uint8Array, at: number) => void target.fill(7, at, at + 32);
  for (const depth of [3, 4, 5, 6]) {
    top.set(depth, 0, FILL.many, zero);
    top.set(depth, 1, FILL.many, zero);
  }
  assert.equal(top.crowdedCount, 4);
  const kept = new Uint8Array(32);
  const shelf = top.shelfOf(6, 1);
  top.set(3, 0, FILL.single, zero);
  assert.equal(top.crowdedCount, 0);
  shelf.copyHash(6, 1, kept, 0);
  assert.deepEqual(kept, new Uint8Array(32).fill(7), "whoever holds a node of it can still read its hash");
});
