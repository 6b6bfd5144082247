import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId, BlockId } from "#base/brand.ts";
import type { CheckpointStatus } from "#chain/index.ts";
import { reversalProbability } from "#ledger/reversal.ts";
import { standings } from "./standing.ts";

const [ME, RIVAL, OTHER] = ["aa", "bb", "cc"].map((key) => key.repeat(32) as AccountId);

function at(tip: number, status: Partial<CheckpointStatus> | null, rivals: readonly number[]) {
  assert.ok(ME !== undefined && RIVAL !== undefined && OTHER !== undefined);
  const accounts = [RIVAL, OTHER];
  const header = (height: number) => (height > tip ? null : { chainWork: BigInt(height * 100) });
  const chain = {
    tip: () => ({ id: "ff" as BlockId, height: tip, header: header(tip) }),
    headerAt: header,
    minerShares: () => [
      { account: ME, blocks: 50, share: 0.5 },
      ...rivals.map((share, place) => ({ account: accounts[place], blocks: 1, share })),
    ],
  };
  const sources = { chain, checkpoints: { status: () => status }, account: ME };
  return standings(sources as unknown as Parameters<typeof standings>[0]);
}

const FINAL = {
  final: { id: "01" as BlockId, height: 40, cosigned: 3 },
  signers: [1, 2, 3, 4].map(() => ({ account: "aa" as AccountId, height: 40, isEquivocator: false })),
};

test("a block at or below the final one is co-signed, one above it is not", () => {
  const standing = at(60, FINAL, [0.2]);
  assert.deepEqual(standing(40)?.cosigned, { signed: 3, of: 4, height: 40 });
  assert.deepEqual(standing(7)?.cosigned, { signed: 3, of: 4, height: 40 });
  assert.equal(standing(41)?.cosigned, null);
  assert.equal(standing(61), null);
  assert.equal(at(60, null, [0.2])(40)?.cosigned, null);
  assert.equal(at(60, { ...FINAL, final: null }, [0.2])(40)?.cosigned, null);
});

test("the estimate is of the strongest miner but ourselves, over the work since", () => {
  const standing = at(60, null, [0.1, 0.3])(58);
  assert.equal(standing?.workSince, "200");
  assert.equal(standing?.rivalShare, 0.3);
  assert.equal(standing?.reversal, reversalProbability(3, 0.3));
});

test("a few blocks say nothing of who works how much", () => {
  const standing = at(12, null, [0.3])(10);
  assert.deepEqual([standing?.rivalShare, standing?.reversal], [null, null]);
});
