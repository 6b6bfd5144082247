import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AccountId, BlockId } from "#base/brand.ts";
import { CHECKPOINT_DEPTH_BLOCKS, COSIGNATURES_PER_SIGNER_MAX } from "../limits.ts";
import { decideSigning, type SigningView } from "./checkpoint-signing.ts";
import type { SigningMark } from "./checkpoint-store.ts";

const OURS = "aa".repeat(32) as AccountId;
const keys = [OURS, "bb", "cc", "dd"].map((key) => key.padEnd(64, key) as AccountId);
const idAt = (height: number, branch = "a") => `${branch}${height}x`.padEnd(64, "0") as BlockId;

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
    signaturesOf: () => [],
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

/** What is known of signatures, by the place of their signers among the keys. */
const known = (...all: readonly (readonly SigningMark[])[]) => ({
  signaturesOf: (signer: AccountId) => all[keys.indexOf(signer)] ?? [],
});
const on = (height: number, branch = "a"): SigningMark => ({ height, blockId: idAt(height, branch) });

test("a signer stays with what it signed until that can no longer become final", () => {
  const bound = { mark: on(10, "b") };
  assert.equal(why(bound), "bound-elsewhere");
  assert.equal(why({ mark: on(10) }), 20);
  // Three are needed of four: with two against it, only two are left.
  assert.equal(why({ ...bound, ...known([], [on(10)]) }), "bound-elsewhere");
  assert.equal(why({ ...bound, ...known([], [on(10)], [on(10, "c")]) }), 20);
  assert.equal(why({ ...bound, finalHeight: 10 }), 20);
  assert.equal(why({ ...bound, finalHeight: 9 }), "bound-elsewhere");
});

test("who signed the best chain above it is against it too: not everybody signs every height", () => {
  const bound = { mark: on(10, "b") };
  assert.equal(why({ ...bound, ...known([], [on(20)], [on(30)]), tipHeight: 40 }), 30);
  // Of signatures on other branches nothing is known but their height.
  assert.equal(why({ ...bound, ...known([], [on(20, "c")], [on(30)]), tipHeight: 40 }), "bound-elsewhere");
});

test("a signer stays with all that it signed on a branch, not with the newest alone", () => {
  const newest = { mark: on(20, "b"), tipHeight: 40, ...known([], [on(20, "c")], [on(20)]) };
  assert.equal(why(newest), 30);
  const older = known([on(10, "b"), on(20, "b")], [on(10, "b"), on(20, "c")], [on(20)]);
  assert.equal(why({ ...newest, ...older }), "bound-elsewhere");
  // What it signed so long ago that it is forgotten may have been the same for all.
  const long = Array.from({ length: COSIGNATURES_PER_SIGNER_MAX }, (_, at) => on(200 + 10 * at, "b"));
  const mark = long.at(-1) ?? null;
  const aside = long.map(({ height }) => on(height, "c"));
  const far = { mark, tipHeight: 400 };
  assert.equal(why({ ...far, ...known(long, aside, aside) }), "bound-elsewhere");
  assert.equal(why({ ...far, ...known(long, [on(380)], [on(390)]) }), 390);
});

/** Branches and where they leave which other. */
const FORKS: Readonly<Record<string, readonly [string, number]>> = {
  b: ["a", 5],
  c: ["a", 25],
  d: ["a", 25],
  e: ["c", 45],
  f: ["b", 35],
};
const idOn = (height: number, branch: string): BlockId => {
  const fork = FORKS[branch];
  return fork === undefined || height > fork[1] ? idAt(height, branch) : idOn(height, fork[0]);
};

interface Signed extends SigningMark {
  readonly signer: number;
  readonly branch: string;
}

function completeOf(all: readonly Signed[]): readonly Signed[] {
  return all.filter(({ blockId }) => all.filter((each) => each.blockId === blockId).length >= 3);
}

test("property: honest signers complete no two blocks that exclude each other, whatever each has heard of the others", () => {
  const run = fc.array(
    fc.record({
      signer: fc.nat(3),
      ahead: fc.integer({ min: 0, max: 30 }),
      branch: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      heard: fc.array(fc.constantFrom(true, true, false), { minLength: 4, maxLength: 4 }),
    }),
    { maxLength: 60, size: "max" },
  );
  let [signed, moved] = [0, 0];
  fc.assert(
    fc.property(run, (steps) => {
      const all: Signed[] = [];
      for (const [at, { signer, ahead, branch, heard }] of steps.entries()) {
        const tipHeight = 2 * at + ahead;
        const told = all.filter((each) => each.signer === signer || heard[each.signer] === true);
        const final = completeOf(told).toSorted((a, b) => b.height - a.height)[0];
        // A final block elsewhere is gone to before anything is signed.
        if (final !== undefined && idOn(final.height, branch) !== final.blockId) continue;
        const mark = told.filter((each) => each.signer === signer).toSorted((a, b) => b.height - a.height)[0];
        const decision = decideSigning(
          view({
            ...{ signer: keys[signer] ?? OURS, mark: mark ?? null, tipHeight },
            blockAt: (height) => (height > tipHeight ? null : { id: idOn(height, branch), time: 2_000 }),
            finalHeight: final?.height ?? 0,
            signaturesOf: (key) => told.filter((each) => keys[each.signer] === key),
          }),
        );
        if (decision.code !== "sign") continue;
        const { height } = decision;
        signed += 1;
        if (mark !== undefined && idOn(mark.height, branch) !== mark.blockId) moved += 1;
        all.push({ signer, height, branch, blockId: idOn(height, branch) });
      }
      for (const { height, signer } of all) {
        assert.equal(all.filter((each) => each.height === height && each.signer === signer).length, 1);
      }
      const complete = completeOf(all);
      for (const low of complete) {
        for (const high of complete.filter(({ height }) => height >= low.height)) {
          assert.equal(idOn(low.height, high.branch), low.blockId, JSON.stringify(all));
        }
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(signed > 1_000 && moved > 100, `${signed} signed, ${moved} times on another branch`);
});
