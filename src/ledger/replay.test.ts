/** Row 13: what was signed on one network is worth nothing on another, however alike the two are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkBlock, checkHeader, checkTransaction } from "./check.ts";
import { checkpointOf, cosign, verifyCheckpoint } from "./checkpoint.ts";
import type { ChainParams } from "./params.ts";
import { signTransaction } from "./sign.ts";
import { ALICE, BOB, TestChain, testNetwork } from "./test-chain.ts";
import type { SignedTransaction, UnsignedTransaction } from "./types.ts";

const HERE = testNetwork();
const { params } = HERE;
/** Twins that differ in one parameter each: a second too late, one unit of somebody's coins, another name. */
const TWINS: readonly Partial<ChainParams>[] = [
  { genesisTime: params.genesisTime + 1 },
  { name: "test-2" },
  { allocations: [{ account: ALICE.account, amount: 10_001 }] },
  { checkpoints: { keys: [ALICE.account], needed: 1, everyBlocks: 4 } },
  { names: { ...params.names, lifeBlocks: params.names.lifeBlocks + 1 } },
  { validUntilMaxBlocks: params.validUntilMaxBlocks + 1 },
];

const head = { from: ALICE.account, seq: 0, fee: 5, validUntil: 20 } as const;
const BODIES: readonly UnsignedTransaction[] = [
  { type: "transfer", ...head, to: BOB.account, amount: 7 },
  { type: "anchor", ...head, root: new Uint8Array(32).fill(1) },
  { type: "name-commit", ...head, commitment: new Uint8Array(32).fill(2) },
  { type: "name-claim", ...head, salt: new Uint8Array(32).fill(3), name: "anna-lee", key: BOB.account },
  { type: "name-update", ...head, name: "anna-lee", change: { kind: "owner", owner: BOB.account } },
];

test("row 13: a transaction of one network is refused on every twin of it, whatever its kind", () => {
  for (const body of BODIES) {
    const signed: SignedTransaction = signTransaction(body, HERE.chainId, ALICE);
    assert.equal(checkTransaction(signed, HERE, 5), null, body.type);
    for (const twin of TWINS) {
      const fault = checkTransaction(signed, testNetwork(twin), 5);
      assert.equal(fault?.code, "signature-invalid", `${body.type} on ${JSON.stringify(twin)}`);
    }
  }
});

test("row 13: no block of one network follows the genesis of a twin, and its body stands there neither", () => {
  const chain = new TestChain(HERE);
  const payment = signTransaction(
    { type: "transfer", ...head, to: BOB.account, amount: 7 },
    HERE.chainId,
    ALICE,
  );
  const { block } = chain.grow([payment]);
  for (const twin of TWINS) {
    const there = testNetwork(twin);
    assert.notEqual(there.genesis.id, HERE.genesis.id);
    const other = new TestChain(there);
    const context = {
      parent: other.at(0).block,
      history: other.at(0).history,
      nowSeconds: block.header.time,
    };
    assert.equal(checkHeader(block, context, there.params)?.code, "previous-wrong");
    assert.equal(checkBlock(block, there.params, there.chainId)?.code, "transaction-invalid");
  }
});

test("row 13: a checkpoint of one network makes nothing final on a twin with the same signers", () => {
  const checkpoints = { keys: [ALICE.account], needed: 1, everyBlocks: 1 };
  const [one, two] = [testNetwork({ checkpoints }), testNetwork({ checkpoints, name: "test-2" })];
  const chain = new TestChain(one);
  const { block } = chain.grow();
  const checkpoint = checkpointOf(block, chain.at(0).history, one.chainId);
  const note = { checkpoint, signatures: [cosign(checkpoint, 1, ALICE)] };
  assert.ok(verifyCheckpoint(note, one).ok);
  const there = verifyCheckpoint(note, two);
  assert.equal(there.ok ? "verified" : there.fault.code, "checkpoint-of-other-network");
  // Nor when the origin is rewritten: it is signed.
  const moved = { ...note, checkpoint: { ...checkpoint, chainId: two.chainId } };
  const forged = verifyCheckpoint(moved, two);
  assert.equal(forged.ok ? "verified" : forged.fault.code, "cosignature-invalid");
});
