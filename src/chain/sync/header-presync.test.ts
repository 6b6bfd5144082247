import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { EMPTY_PEAKS } from "#crypto/merkle.ts";
import { sha256 } from "#crypto/sha256.ts";
import { TestChain } from "#ledger/test-chain.ts";
import type { HeaderPoint } from "../header-point.ts";
import { PRESYNC_BITS_AHEAD, PRESYNC_HEADERS_PER_BIT } from "../limits.ts";
import { HeaderPresync } from "./header-presync.ts";

const GENESIS = new TestChain().tip.block;

/** A point as the checks before would give it; `branch` makes other ids. */
function pointAt(height: number, branch = 0): HeaderPoint {
  const id = toHex(sha256(Uint8Array.of(branch, height & 255, (height >> 8) & 255, height >> 16))) as BlockId;
  return { id, header: { ...GENESIS.header, height, chainWork: BigInt(height) }, history: EMPTY_PEAKS };
}

function presyncTo(workNeeded: number, salt = Uint8Array.of(5, 1, 9)): HeaderPresync {
  return new HeaderPresync({ start: pointAt(0), workNeeded: BigInt(workNeeded), salt });
}

function firstPass(presync: HeaderPresync, to: number, branch = 0): void {
  for (let height = 1; height < to; height++) {
    assert.equal(presync.take(pointAt(height, branch)).code, "more");
  }
  assert.equal(presync.take(pointAt(to, branch)).code, "again");
}

test("a chain of headers leaves one bit in 600 until its work is shown, and all of them after the second pass", () => {
  const needed = 20_000;
  const presync = presyncTo(needed);
  firstPass(presync, needed);
  assert.equal(presync.held.headers, 0);
  assert.ok(Math.abs(presync.held.bits - needed / PRESYNC_HEADERS_PER_BIT) <= 1);
  const letIn: HeaderPoint[] = [];
  for (let height = 1; height <= needed; height++) {
    const step = presync.take(pointAt(height));
    assert.ok(step.code === "let-in");
    letIn.push(...step.points);
    assert.equal(step.isDone, height === needed);
    assert.ok(presync.held.headers <= PRESYNC_BITS_AHEAD * PRESYNC_HEADERS_PER_BIT);
  }
  assert.deepEqual(
    letIn.map(({ header }) => header.height),
    Array.from({ length: needed }, (_, at) => at + 1),
  );
});

test("whoever shows work in the first pass and sends other headers in the second gets none of them kept", () => {
  const needed = 20_000;
  for (let seed = 0; seed < 2; seed++) {
    const presync = presyncTo(needed, Uint8Array.of(seed, 2, 3, 4));
    firstPass(presync, needed);
    let kept = 0;
    let code = "";
    for (let height = 1; height <= needed && code !== "changed"; height++) {
      const step = presync.take(pointAt(height, 1));
      code = step.code;
      if (step.code === "let-in") kept += step.points.length;
    }
    assert.equal(code, "changed");
    assert.equal(kept, 0);
  }
});
