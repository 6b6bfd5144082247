/** A text names one person or nobody; nobody is guessed, and no claim catches what is meant for another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { type Candidate, resolveWho } from "./resolve-who.ts";

const person = (
  peer: string,
  petname: string | null,
  claimedName: string | null,
  isChosen = false,
): Candidate => ({ peer: peer as PeerId, petname, claimedName, isChosen });

const BOB = person("12D3KooWBob111", null, "bob");
const BOBBY = person("12D3KooWBobby2", "Bobby", "bob");
const ALICE = person("12D3KooWAlice3", null, "Alice Ångström");
const CLAIMS_BOBBY = person("12D3KooWEve444", null, "bobby");
const EVERYBODY = [BOB, BOBBY, ALICE, CLAIMS_BOBBY];

test("the table of texts", () => {
  const table: readonly (readonly [text: string, expected: Candidate | "nobody" | "ambiguous"])[] = [
    ["12D3KooWBob111", BOB],
    ["bob", "ambiguous"],
    ["bo", BOBBY],
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

test("a stranger does not catch what the user types for short of a contact's name", () => {
  const robert = person("r", "Robert", null, true);
  const carol = person("c", null, "Carol", true);
  for (const [text, claim] of [
    ["rob", "Rob"],
    ["car", "car"],
  ] as const) {
    const found = resolveWho(text, [person("eve", null, claim), robert, carol]);
    assert.ok(!found.ok && found.fault.code === "ambiguous", text);
    assert.equal(found.fault.candidates.length, 2);
  }
});

test("two who claim one name are both told", () => {
  const found = resolveWho("eve", [person("a", null, "eve"), person("b", null, "Eve")]);
  assert.ok(!found.ok && found.fault.code === "ambiguous");
  assert.equal(found.fault.candidates.length, 2);
});

test("a contact is meant before strangers of the same name, and of two contacts nobody is guessed", () => {
  const carol = person("c1", null, "Carol", true);
  const claims = [person("eve", null, "carol"), person("mallory", null, "CAROL")];
  const found = resolveWho("carol", [...claims, carol]);
  assert.ok(found.ok && found.value === carol.peer);
  const begun = resolveWho("car", [person("eve", null, "carl"), carol]);
  assert.ok(begun.ok && begun.value === carol.peer);
  const two = resolveWho("carol", [...claims, carol, person("c2", null, "carol", true)]);
  assert.ok(!two.ok && two.fault.code === "ambiguous");
  assert.equal(two.fault.candidates.length, 2);
});
