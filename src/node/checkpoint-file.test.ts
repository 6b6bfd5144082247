import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import { type Checkpoint, cosign, encodeCheckpoint } from "#ledger/checkpoint.ts";
import { ALICE, BOB, CAROL, person } from "#ledger/test-chain.ts";
import { verifyCheckpointFile } from "./checkpoint-file.ts";
import { composeNetwork } from "./network-create.ts";

function scene(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "waybill-checkpoint-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const keys = [ALICE, BOB, CAROL].map(({ account }) => account);
  const checkpoints = { keys, needed: 3, everyBlocks: 20 };
  const made = composeNetwork("default", { name: "ours", genesisTime: 1_800_000_000, checkpoints });
  assert.ok(made.ok);
  const [genesis, file] = [join(folder, "ours.json"), join(folder, "final.checkpoint")];
  writeFileSync(genesis, made.value.text);
  const checkpoint: Checkpoint = {
    chainId: made.value.network.chainId,
    height: 40,
    treeHash: new Uint8Array(32).fill(1),
    blockId: "ab".repeat(32) as BlockId,
  };
  const check = (text: string, networkFile: string | null = genesis) => {
    writeFileSync(file, text);
    const verdict = verifyCheckpointFile(file, networkFile);
    return verdict.ok ? verdict.value : `${verdict.fault.code}: ${verdict.fault.cause}`;
  };
  const signed = (...signers: readonly (typeof ALICE)[]) =>
    encodeCheckpoint({ checkpoint, signatures: signers.map((signer) => cosign(checkpoint, 5, signer)) });
  return { check, signed, file, folder };
}

test("a checkpoint with enough signatures is final, and says who signed when", (t) => {
  const { check, signed } = scene(t);
  assert.deepEqual(check(signed(CAROL, ALICE, BOB)), {
    network: "ours",
    height: 40,
    blockId: "ab".repeat(32),
    signers: [ALICE, BOB, CAROL]
      .toSorted((a, b) => (a.account < b.account ? -1 : 1))
      .map(({ peerId }) => ({ peerId, signedMs: 5_000 })),
    needed: 3,
    of: 3,
    isFinal: true,
  });
  const few = check(signed(ALICE));
  assert.ok(typeof few !== "string" && !few.isFinal && few.signers.length === 1);
});

test("what is no checkpoint, is of another network, or bears a false signature is refused with the reason", (t) => {
  const { check, signed, file, folder } = scene(t);
  const sound = signed(ALICE, BOB, CAROL);
  assert.match(String(check("nonsense")), /^checkpoint-refused: .*no checkpoint/);
  assert.match(String(check(sound.replace("\n40\n", "\n60\n"))), /signature of 12D3KooW.* is false/);
  assert.match(String(check(sound.replace("\n40\n", "\n41\n"))), /Nobody signs block 41/);
  assert.match(String(check(sound, null)), /network waybill names nobody/);
  assert.match(String(check(signed(person(9)))), /No signer/);
  assert.match(String(check("x".repeat(70_000))), /larger than/);
  const missing = verifyCheckpointFile(join(folder, "none"), null);
  assert.equal(missing.ok ? "" : missing.fault.code, "checkpoint-unreadable");
  assert.ok(file.length > 0);
});
