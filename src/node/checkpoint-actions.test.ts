import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId } from "#base/brand.ts";
import { problem } from "#base/result.ts";
import type { CheckpointStatus, Checkpoints } from "#chain/index.ts";
import { ALICE } from "#ledger/test-chain.ts";
import { checkpointActions, checkpointWarnings } from "./checkpoint-actions.ts";

const STATUS: CheckpointStatus = {
  signers: [{ account: ALICE.account, height: null, isEquivocator: false }],
  needed: 1,
  everyBlocks: 4,
  final: null,
  sought: null,
  signing: { isSigner: true, waitsFor: null },
  problem: null,
};

function told(waitsFor: CheckpointStatus["signing"]["waitsFor"], change: Partial<CheckpointStatus> = {}) {
  const status = { ...STATUS, signing: { isSigner: true, waitsFor }, ...change };
  const checkpoints: Checkpoints = {
    status: () => status,
    finalNote: () => null,
    holdings: () => [],
    evidence: () => [],
    subscribe: () => () => undefined,
    close: async () => undefined,
  };
  const nameOf = (_account: AccountId) => null;
  return { view: checkpointActions(checkpoints, ALICE.account, nameOf).checkpoints(), checkpoints };
}

test("what a signer waits for and passes by itself is no problem; what holds it up is one", async () => {
  for (const why of ["asking-peers", "catching-up", "older-than-start", "bound-elsewhere"] as const) {
    const view = await told(why).view;
    assert.deepEqual([view.waitsFor?.code, view.problem], [`checkpoint-${why}`, null]);
  }
  for (const why of ["nobody-answered", "key-used-twice"] as const) {
    const view = await told(why).view;
    assert.deepEqual([view.waitsFor, view.problem?.code], [null, `checkpoint-${why}`]);
  }
  for (const why of ["nothing-due", null] as const) {
    const view = await told(why).view;
    assert.deepEqual([view.waitsFor, view.problem], [null, null]);
  }
});

test("who is no signer waits for nothing", async () => {
  const { view } = told(null, { signing: { isSigner: false, waitsFor: "asking-peers" } });
  assert.deepEqual([(await view).waitsFor, (await view).problem], [null, null]);
});

test("the status warns of a doubled key and of a disk that refuses, not of a short wait", () => {
  const codes = (...status: Parameters<typeof told>) =>
    checkpointWarnings(told(...status).checkpoints).map(({ code }) => code);
  assert.deepEqual(codes("asking-peers"), []);
  assert.deepEqual(codes("nobody-answered"), []);
  assert.deepEqual(codes("key-used-twice"), ["checkpoint-key-used-twice"]);
  const refused = problem("checkpoint-not-signed", "The disk is full.", "Make room.");
  assert.deepEqual(codes(null, { problem: refused }), ["checkpoint-not-signed"]);
});
