import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ALICE, BOB, CAROL } from "#ledger/test-chain.ts";
import {
  composeNetwork,
  leastSignatures,
  openNetworkFile,
  PRESET_KINDS,
  readKey,
  writeNetworkFile,
} from "./network-create.ts";

const NAMED = { name: "ours", genesisTime: 1_800_000_000 };

function composed(...args: Parameters<typeof composeNetwork>) {
  const made = composeNetwork(...args);
  assert.ok(made.ok, made.ok ? "" : made.fault.cause);
  return made.value;
}

test("what is written is joined as what was made", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-network-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "ours.json");
  const checkpoints = { keys: [ALICE.account, BOB.account, CAROL.account], needed: 3, everyBlocks: 20 };
  const { text, network } = composed("classroom", {
    ...NAMED,
    symbol: "OUR",
    spacingSeconds: 12,
    reward: { initial: 0, tail: 0 },
    allocations: [{ account: ALICE.account, amount: 5 }],
    checkpoints,
  });
  assert.ok(writeNetworkFile(path, text, false).ok);
  const joined = openNetworkFile(path);
  assert.ok(joined.ok);
  assert.equal(joined.value.chainIdHex, network.chainIdHex);
  assert.equal(joined.value.params.targetSpacingSeconds, 12);
  assert.deepEqual(joined.value.params.checkpoints?.keys.toSorted(), checkpoints.keys.toSorted());
});

test("a file that is there is written over only when that was said", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-network-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "ours.json");
  assert.ok(writeNetworkFile(path, "first", false).ok);
  const refused = writeNetworkFile(path, "second", false);
  assert.equal(refused.ok ? "written" : refused.fault.code, "network-file-exists");
  assert.equal(readFileSync(path, "utf8"), "first");
  assert.ok(writeNetworkFile(path, "second", true).ok);
  assert.equal(readFileSync(path, "utf8"), "second");
  const nowhere = writeNetworkFile(join(folder, "none", "ours.json"), "text", false);
  assert.equal(nowhere.ok ? "written" : nowhere.fault.code, "network-file-not-written");
});

test("any time between blocks keeps the rules together, and lives of names in days", () => {
  for (const kind of PRESET_KINDS) {
    for (let spacingSeconds = 2; spacingSeconds <= 3_600; spacingSeconds += 19) {
      const { params } = composed(kind, { ...NAMED, spacingSeconds }).network;
      assert.equal(params.targetSpacingSeconds, spacingSeconds);
      const days = (params.names.lifeBlocks * spacingSeconds) / 86_400;
      assert.ok(Math.abs(days - 365) < 1, `${days} days at ${spacingSeconds} s`);
    }
  }
});

test("choices that contradict each other make no network, and the sentence says which", () => {
  const refusal = (choices: object) => {
    const made = composeNetwork("default", { ...NAMED, ...choices });
    assert.equal(made.ok ? "made" : made.fault.code, "network-refused");
    return made.ok ? "" : made.fault.cause;
  };
  const keys = [ALICE.account, BOB.account, CAROL.account];
  assert.match(refusal({ checkpoints: { keys, needed: 2, everyBlocks: 20 } }), /two thirds/);
  assert.match(refusal({ checkpoints: { keys, needed: 4, everyBlocks: 20 } }), /above the number of keys/);
  assert.match(
    refusal({ checkpoints: { keys: [...keys, ALICE.account], needed: 4, everyBlocks: 20 } }),
    /twice/,
  );
  const twice = { account: ALICE.account, amount: 1 };
  assert.match(refusal({ allocations: [twice, twice] }), /two allocations/);
  assert.match(refusal({ reward: { initial: Number.MAX_SAFE_INTEGER, tail: 0 } }), /2\^53/);
  assert.match(refusal({ name: "Not a name" }), /name/);
});

test("more than two thirds of the signers are asked for", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(leastSignatures), [1, 2, 3, 3, 4, 5, 5]);
});

test("keys are given as peer ids or accounts", () => {
  for (const text of [ALICE.peerId, ALICE.account]) {
    assert.deepEqual(readKey(text), { ok: true, value: ALICE.account });
  }
  for (const text of ["", "zz", ALICE.peerId.slice(1), `${ALICE.account}0`])
    assert.equal(readKey(text).ok, false);
});
