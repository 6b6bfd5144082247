import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import { planReorganisation } from "./fork-choice.ts";
import { BOB, CAROL, TestChain } from "./test-chain.ts";
import type { Header } from "./types.ts";

function ids(chain: TestChain, from: number, to: number): readonly BlockId[] {
  return Array.from({ length: to - from + 1 }, (_, at) => chain.at(from + at).block.id);
}

function lookup(...chains: readonly TestChain[]): (id: BlockId) => Header | null {
  const known = new Map<BlockId, Header>();
  for (const chain of chains) {
    for (let height = 0; height <= chain.tip.block.header.height; height++) {
      const { block } = chain.at(height);
      known.set(block.id, block.header);
    }
  }
  return (id) => known.get(id) ?? null;
}

function grown(from: TestChain, blocks: number, miner = BOB): TestChain {
  const chain = from.fork(from.tip.block.header.height);
  for (let at = 0; at < blocks; at++) chain.grow([], miner);
  return chain;
}

test("equal work keeps the tip that was seen first; so does less", () => {
  const common = grown(new TestChain(), 2);
  const [ours, theirs] = [grown(common, 2), grown(common, 2, CAROL)];
  const keep = { kind: "keep" };
  assert.deepEqual(planReorganisation(ours.tip.block, theirs.tip.block, lookup(ours, theirs)), keep);
  assert.deepEqual(planReorganisation(ours.tip.block, ours.tip.block, lookup(ours)), keep);
  assert.deepEqual(planReorganisation(ours.tip.block, common.tip.block, lookup(ours)), keep);
});

test("a longer chain on our own tip is an extension", () => {
  const ours = grown(new TestChain(), 2);
  const longer = grown(ours, 3);
  const plan = planReorganisation(ours.tip.block, longer.tip.block, lookup(longer));
  assert.deepEqual(plan, { kind: "extend", apply: ids(longer, 3, 5) });
});

test("more work on another branch: undo newest first to the common ancestor, apply oldest first", () => {
  const common = grown(new TestChain(), 2);
  const [ours, theirs] = [grown(common, 3), grown(common, 4, CAROL)];
  const plan = planReorganisation(ours.tip.block, theirs.tip.block, lookup(ours, theirs));
  assert.deepEqual(plan, {
    kind: "reorganise",
    ancestor: { id: common.tip.block.id, height: 2 },
    undo: ids(ours, 3, 5).toReversed(),
    apply: ids(theirs, 3, 6),
  });
});

test("work decides, not height", () => {
  const common = grown(new TestChain(), 1);
  const [ours, theirs] = [grown(common, 3), grown(common, 1, CAROL)];
  const { id, header } = theirs.tip.block;
  const heavier = { id, header: { ...header, chainWork: ours.tip.block.header.chainWork + 1n } };
  const plan = planReorganisation(ours.tip.block, heavier, lookup(ours, theirs));
  assert.equal(plan.kind, "reorganise");
  assert.deepEqual(plan.kind === "reorganise" && plan.apply, [id]);
});

test("a gap in the candidate's ancestry is named", () => {
  const common = grown(new TestChain(), 1);
  const theirs = grown(common, 3, CAROL);
  const plan = planReorganisation(common.tip.block, theirs.tip.block, lookup(common));
  assert.deepEqual(plan, { kind: "header-unknown", id: theirs.at(3).block.id });
});

test("headers that lie about heights end the walk", () => {
  const ours = grown(new TestChain(), 1);
  const { id, header } = grown(ours, 1).tip.block;
  const loop = { id, header: { ...header, previous: id } };
  const plan = planReorganisation(ours.tip.block, loop, () => loop.header);
  assert.deepEqual(plan, { kind: "header-unknown", id });
});
