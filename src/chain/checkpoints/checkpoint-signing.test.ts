import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AccountId, BlockId } from "#base/brand.ts";
import { CHECKPOINT_DEPTH_BLOCKS } from "../limits.ts";
import { decideSigning, type SigningView } from "./checkpoint-signing.ts";

const OURS = "aa".repeat(32) as AccountId;
const keys = [OURS, "bb", "cc", "dd"].map((key) => key.padEnd(64, key) as AccountId);
const idAt = (height: number, branch = "a") => `${branch}${height}`.padEnd(64, "0") as BlockId;

/** Four signers of whom three are needed, every 10 blocks; all is well and height 20 is due. */
function view(changed: Partial<SigningView> = {}): SigningView {
  return {
    rules: { keys, needed: 3, everyBlocks: 10 },
    signer: OURS,
    mark: null,
    isEquivocator: false,
    peersAsked: "answered",
    isSynced: true,
    tipHeight: 20 + CHECKPOINT_DEPTH_BLOCKS,
    blockAt: (height) => ({ id: idAt(height), time: 1_000 + height }),
    newerThanSeconds: 1_000,
    finalHeight: 0,
    signersAgainst: () => 0,
    ...changed,
  };
}

const why = (changed: Partial<SigningView>) => {
  const decision = decideSigning(view(changed));
  return decision.code === "sign" ? decision.height : decision.why;
};

test("the highest due block that is deep enough is signed", () => {
  assert.equal(why({}), 20);
  assert.equal(why({ tipHeight: 19 + CHECKPOINT_DEPTH_BLOCKS }), 10);
  assert.equal(why({ tipHeight: 9 + CHECKPOINT_DEPTH_BLOCKS }), "nothing-due");
  assert.equal(why({ tipHeight: 0 }), "nothing-due");
});

test("nothing is signed by strangers, by a doubled key, while catching up, or before peers were asked", () => {
  assert.equal(why({ signer: "ee".repeat(32) as AccountId }), "no-signer");
  assert.equal(why({ isEquivocator: true }), "key-used-twice");
  assert.equal(why({ peersAsked: "asking-peers" }), "asking-peers");
  assert.equal(why({ peersAsked: "nobody-answered" }), "nobody-answered");
  assert.equal(why({ isSynced: false }), "catching-up");
});

test("a height at or below the highest signed is never signed, whatever the block", () => {
  assert.equal(why({ mark: { height: 20, blockId: idAt(20) } }), "nothing-due");
  assert.equal(why({ mark: { height: 20, blockId: idAt(20, "b") } }), "nothing-due");
  assert.equal(why({ mark: { height: 30, blockId: idAt(30) } }), "nothing-due");
  assert.equal(why({ finalHeight: 20 }), "nothing-due");
});

test("after a start only blocks that did not exist before it are signed: an old copy of the folder knows no better", () => {
  assert.equal(why({ newerThanSeconds: 1_020 }), "older-than-start");
  assert.equal(why({ newerThanSeconds: 1_019 }), 20);
});

test("a signer stays with what it signed until that can no longer become final", () => {
  const bound = { mark: { height: 10, blockId: idAt(10, "b") } };
  assert.equal(why(bound), "bound-elsewhere");
  assert.equal(why({ mark: { height: 10, blockId: idAt(10) } }), 20);
  // Three are needed of four: with two against it, only two are left.
  assert.equal(why({ ...bound, signersAgainst: () => 1 }), "bound-elsewhere");
  assert.equal(why({ ...bound, signersAgainst: () => 2 }), 20);
  assert.equal(why({ ...bound, finalHeight: 10 }), 20);
  assert.equal(why({ ...bound, finalHeight: 9 }), "bound-elsewhere");
});

test("whatever the branches do, honest signers never complete two blocks of one height", () => {
  const run = fc.array(
    fc.record({
      signer: fc.nat(3),
      tipHeight: fc.integer({ min: 0, max: 80 }),
      branch: fc.constantFrom("a", "b"),
    }),
    { maxLength: 60 },
  );
  let signed = 0;
  fc.assert(
    fc.property(run, (steps) => {
      const all: { signer: number; height: number; blockId: BlockId }[] = [];
      for (const { signer, tipHeight, branch } of steps) {
        const mine = all.filter((each) => each.signer === signer).toSorted((a, b) => b.height - a.height);
        const decision = decideSigning(
          view({
            signer: keys[signer] ?? OURS,
            mark: mine[0] ?? null,
            tipHeight,
            blockAt: (height) => ({ id: idAt(height, branch), time: 2_000 }),
            signersAgainst: (height, id) =>
              all.filter((each) => each.height === height && each.blockId !== id).length,
          }),
        );
        if (decision.code === "sign") {
          signed += 1;
          all.push({ signer, height: decision.height, blockId: idAt(decision.height, branch) });
        }
      }
      for (const { height, signer } of all) {
        assert.equal(all.filter((each) => each.height === height && each.signer === signer).length, 1);
      }
      // The two branches part before height 10: blocks of different branches contradict each other at any heights.
      const isComplete = (branch: string) =>
        [10, 20, 30, 40, 50, 60, 70].some(
          (height) => all.filter((each) => each.blockId === idAt(height, branch)).length >= 3,
        );
      assert.ok(!(isComplete("a") && isComplete("b")), JSON.stringify(all));
    }),
    { numRuns: 2_000 },
  );
  assert.ok(signed > 1_000);
});
