import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadNetwork } from "./genesis.ts";
import { genesisText, PRESET_KINDS, presetGenesis, presetParams } from "./presets.ts";
import { ALICE, BOB, CAROL, testNetwork } from "./test-chain.ts";

const SHIPPED = [
  ["classroom", "waybill-classroom", "WBC"],
  ["default", "waybill", "WB"],
  ["internet", "waybill-internet", "WBI"],
] as const;

test("the networks that come with the software are the presets, to the letter", () => {
  for (const [kind, name, symbol] of SHIPPED) {
    const shipped = readFileSync(new URL(`../../networks/${kind}.json`, import.meta.url), "utf8");
    assert.equal(presetGenesis(kind, { name, symbol, genesisTime: 1_793_491_200 }), shipped, kind);
  }
});

test("every preset is a sound network, and says what it was made with", () => {
  const allocations = [{ account: ALICE.account, amount: 7 }];
  const keys = [ALICE.account, BOB.account, CAROL.account].sort();
  const checkpoints = { keys, needed: 3, everyBlocks: 100 };
  for (const kind of PRESET_KINDS) {
    const options = { name: "ours", genesisTime: 5, symbol: "OUR", allocations, checkpoints };
    const network = loadNetwork(presetGenesis(kind, options));
    assert.ok(network.ok, network.ok ? "" : network.fault.cause);
    assert.deepEqual(network.value.params, presetParams(kind, options));
    const { targetSpacingSeconds: spacing, names, reward } = network.value.params;
    assert.equal(names.lifeBlocks * spacing, 365 * 86_400);
    assert.equal(reward.halvingBlocks * spacing, 365 * 86_400);
    assert.equal(names.claimWithinBlocks * spacing, 86_400);
  }
});

test("a name or a time that cannot stand is refused when the file is read", () => {
  for (const options of [
    { name: "No Name", genesisTime: 5 },
    { name: "ours", genesisTime: -1 },
    { name: "ours", genesisTime: 0.5 },
    { name: "ours", genesisTime: 5, symbol: "ours" },
  ]) {
    assert.equal(loadNetwork(presetGenesis("default", options)).ok, false);
  }
});

test("whatever parameters are written are read back the same", () => {
  const { params } = testNetwork();
  const network = loadNetwork(genesisText(params));
  assert.ok(network.ok, network.ok ? "" : network.fault.cause);
  assert.deepEqual(network.value.params, params);
});
