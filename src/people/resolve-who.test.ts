/** A text names one person or nobody; nobody is guessed, and no claim catches what is meant for another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { type Candidate, resolveWho } from "./resolve-who.ts";

const person = (peer: string, petname: string | null, claimedName: string | null): Candidate => ({
  peer: peer as PeerId,
  petname,
  claimedName,
});

const BOB = person("12D3KooWBob111", null, "bob");
const BOBBY = person("12D3KooWBobby2", "Bobby", "bob");
const ALICE = person("12D3KooWAlice3", null, "Alice Ångström");
const CLAIMS_BOBBY = person("12D3KooWEve444", null, "bobby");
const EVERYBODY = [BOB, BOBBY, ALICE, CLAIMS_BOBBY];

test("the table of texts", () => {
  const table: readonly (readonly [text: string, expected: Candidate | "nobody" | "ambiguous"])[] = [
    ["12D3KooWBob111", BOB],
    ["bob", BOB],
    ["Bobby", BOBBY],
    ["bobby", BOBBY],
    ["alice", ALICE],
    ["ALICE ÅNGSTRÖM", ALICE],
    ["12D3KooWA", ALICE],
    ["12D3KooWBob", "ambiguous"],
    ["12D3KooW", "nobody"],
    ["carol", "nobody"],
    ["", "nobody"],
  ];
  for (const [text, expected] of table) {
    const found = resolveWho(text, EVERYBODY);
    if (typeof expected === "string") assert.equal(found.ok ? found.value : found.fault.code, expected, text);
    else assert.equal(found.ok ? found.value : found.fault.code, expected.peer, text);
  }
});

test("two who claim one name are both told", () => {
  const found = resolveWho("eve", [person("a", null, "eve"), person("b", null, "Eve")]);
  assert.ok(!found.ok && found.fault.code === "ambiguous");
  assert.equal(found.fault.candidates.length, 2);
});
