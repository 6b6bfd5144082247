/** One person, however many ways they are known; names lead to the right one, and never to oneself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import type { PeerEntry } from "#net/index.ts";
import type { Person } from "#people/index.ts";
import { createPersons, shortPeerId } from "./person-view.ts";

const peerOf = (seed: number): PeerId => createKeypair(new Uint8Array(32).fill(seed)).peerId;
const SELF = peerOf(1);
const BOB = peerOf(2);
const CAROL = peerOf(3);
const NEVER_MET = peerOf(4);

function entry(peer: PeerId, claimedName: string | null, online: boolean): PeerEntry {
  return {
    peer,
    claimedName,
    online,
    addresses: [],
    foundBy: ["typed"],
    path: online ? "lan" : null,
    address: null,
    via: null,
    pathReason: null,
    latencyMs: null,
    lastSeenMs: 5,
    version: null,
    capabilities: [],
    problem: null,
  };
}

function person(peer: PeerId, petname: string | null): Person {
  return {
    peer,
    petname,
    contact: true,
    blocked: false,
    claimedName: "older",
    firstSeenMs: 1,
    lastSeenMs: 2,
  };
}

function persons(
  entries: readonly PeerEntry[],
  people: readonly Person[],
  elsewhere: readonly PeerId[] = [],
) {
  return createPersons({
    self: SELF,
    ownName: () => "Alice",
    people: { get: (peer) => people.find((one) => one.peer === peer) ?? null, list: () => people },
    directory: { get: (peer) => entries.find((one) => one.peer === peer) ?? null, list: () => entries },
    correspondents: () => [BOB],
    standsOnOtherNetwork: (peer) => elsewhere.includes(peer),
  });
}

test("everybody shows once, those who are here first; a petname beats a claimed name", () => {
  const all = persons([entry(BOB, "bob", false), entry(CAROL, "carol", true)], [person(BOB, "Robert")]);
  assert.deepEqual(
    all.list().map(({ name, online, contact, claimedName }) => [name, online, contact, claimedName]),
    [
      ["carol", true, false, "carol"],
      ["Robert", false, true, "bob"],
    ],
  );
  assert.equal(persons([], []).view(NEVER_MET).name, shortPeerId(NEVER_MET));
});

test("a peer of another network says so in words", () => {
  const all = persons([entry(BOB, "bob", true)], [], [BOB]);
  assert.equal(all.view(BOB).problem?.code, "other-network");
});

test("a text leads to one person, to a whole id never met, or to a reason", () => {
  const all = persons(
    [entry(BOB, "bob", true), entry(CAROL, "carol", true), entry(NEVER_MET, "carol", true)],
    [],
  );
  const answer = (who: string) => {
    const found = all.resolve(who);
    return found.ok ? found.value : found.fault.code;
  };
  assert.equal(answer("bob"), BOB);
  assert.equal(answer("carol"), "who-ambiguous");
  assert.equal(answer(peerOf(9)), peerOf(9));
  assert.equal(answer(SELF), "who-self");
  assert.equal(answer("alice"), "who-self");
  assert.equal(answer("dave"), "who-unknown");
});
