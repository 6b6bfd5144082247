import assert from "node:assert/strict";
import { test } from "node:test";
import type { NameView, OwnNameView } from "#api/views.ts";
import type { AccountId, BlockId, PeerId } from "#base/brand.ts";
import { stageWords, whoHolds } from "./name-words.ts";

const OWN: OwnNameView = {
  ...{ name: "anna", key: "12D3KooW" as PeerId, keyName: null, stage: "ours" },
  ...{ claimAtHeight: null, heldUntilMs: 1, graceUntilMs: 2, contestable: false, problem: null },
};
const HELD: NameView = {
  ...{ name: "anna", state: "held", owner: "ab".repeat(32) as AccountId, ownerName: "Bob" },
  ...{ key: "12D3KooW" as PeerId, keyName: null, mine: false, firmFromHeight: 1, heldUntilHeight: 9 },
  ...{ heldUntilMs: 1, graceUntilMs: 2, price: 1, reservationPrice: 1 },
  proof: { height: 3, blockId: "01" as BlockId, stateRoot: "02", path: "03" },
};

test("each stage of a registration has words of its own", () => {
  const stages = ["reserving", "waiting", "claiming", "ours", "lost", "lapsed"] as const;
  const words = stages.map((stage) => stageWords({ ...OWN, stage, claimAtHeight: 7 }));
  assert.equal(new Set(words).size, stages.length);
  assert.match(words[1] ?? "", /block 7/);
  assert.match(stageWords({ ...OWN, contestable: true }), /unless somebody reserved it earlier/);
});

test("a name is told of with its key, its owner, and what is not firm", () => {
  assert.equal(
    whoHolds(HELD, (key) => key.slice(0, 4)),
    "anna stands for 12D3 and belongs to Bob.",
  );
  assert.match(whoHolds({ ...HELD, mine: true }, String), /belongs to you\.$/);
  assert.match(whoHolds({ ...HELD, state: "contestable" }, String), /may still take it/);
  assert.match(whoHolds({ ...HELD, state: "grace" }, String), /only its owner may renew/);
});
