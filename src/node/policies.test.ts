/** Whose files are taken unasked, and into which folder. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersonView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { isDisplayName } from "#base/display-name.ts";
import { problem } from "#base/result.ts";
import { type AcceptPolicy, DEFAULT_SETTINGS } from "./config.ts";
import { ownNameOf, policyOf } from "./policies.ts";

const FRIEND = "12D3KooWfriendfriend01" as PeerId;
const STRANGER = "12D3KooWstrangerxxxx02" as PeerId;
const ALIKE = "12D3KooWalikexxxxxxx04" as PeerId;
const BLOCKED = "12D3KooWblockedxxxxx03" as PeerId;

function policyWith(accept: AcceptPolicy, names: Readonly<Record<string, string>> = {}) {
  return policyOf({
    settings: { current: () => ({ ...DEFAULT_SETTINGS, accept }) },
    people: {
      isBlocked: (peer) => peer === BLOCKED,
      isContact: (peer) => peer === FRIEND || peer === ALIKE,
      holds: (peer) => (peer === ALIKE ? problem("key-changed", "Another key.", "Decide.") : null),
    },
    persons: {
      nameOf: (peer) => names[peer] ?? peer,
      list: () => Object.entries(names).map(([peerId, name]) => ({ peerId, name }) as unknown as PersonView),
    },
  });
}

test("the table of accept policies", () => {
  const table = [
    ["all", FRIEND, "accept"],
    ["all", STRANGER, "accept"],
    ["all", BLOCKED, "refuse"],
    ["contacts", FRIEND, "accept"],
    ["contacts", STRANGER, "ask"],
    ["contacts", BLOCKED, "refuse"],
    ["ask", FRIEND, "ask"],
    ["ask", STRANGER, "ask"],
    ["ask", BLOCKED, "refuse"],
    ["all", ALIKE, "ask"],
    ["contacts", ALIKE, "ask"],
  ] as const;
  for (const [accept, peer, expected] of table) {
    assert.equal(policyWith(accept).decide(peer), expected, `${accept} ${peer}`);
  }
});

test("two who claim one name do not share a folder", () => {
  const shared = policyWith("all", { [FRIEND]: "bob", [STRANGER]: "bob" });
  assert.notEqual(shared.folderOf(FRIEND), shared.folderOf(STRANGER));
  assert.equal(policyWith("all", { [FRIEND]: "bob", [STRANGER]: "eve" }).folderOf(FRIEND), "bob");
});

test("a peer that was never named has a name of its own", () => {
  const guessed = ownNameOf(DEFAULT_SETTINGS, FRIEND);
  assert.ok(isDisplayName(guessed));
  assert.notEqual(
    guessed,
    ownNameOf(DEFAULT_SETTINGS, STRANGER),
    "or one is held as a look-alike of the other",
  );
  assert.equal(ownNameOf({ ...DEFAULT_SETTINGS, name: "alice" }, FRIEND), "alice");
});
