import assert from "node:assert/strict";
import { test } from "node:test";
import { loadShippedNetworks } from "./network-file.ts";
import { otherNetworkWords } from "./other-network.ts";

test("a peer of another network is told of with the names of both, where theirs is known", () => {
  const shipped = loadShippedNetworks();
  assert.equal(shipped.length, 3);
  const [theirs] = shipped;
  assert.ok(theirs !== undefined);
  const words = otherNetworkWords({ name: "ours", chainIdHex: "ab".repeat(32) });
  const known = words(theirs.chainIdHex);
  assert.equal(known.code, "other-network");
  assert.ok(known.cause.includes(`${theirs.params.name} (${theirs.chainIdHex.slice(0, 12)}…)`), known.cause);
  assert.ok(known.cause.includes("ours (abababababab…)"), known.cause);
  assert.match(words("cd".repeat(32)).cause, /^Of another network: this peer stands on cdcdcdcdcdcd…, /);
});
