/** One person, however many ways they are known; names lead to the right one, and never to oneself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { problem } from "#base/result.ts";
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
    verified: null,
    standIn: null,
    apartFrom: [],
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
    people: {
      get: (peer) => people.find((one) => one.peer === peer) ?? null,
      list: () => people,
      isNamesake: (peer, name) => people.some((one) => one.peer !== peer && one.petname === name),
    },
    directory: { get: (peer) => entries.find((one) => one.peer === peer) ?? null, list: () => entries },
    correspondents: () => [BOB],
    otherNetworkOf: (peer) => (elsewhere.includes(peer) ? problem("other-network", "Elsewhere.", "") : null),
    relayName: (relay) => (relay === CAROL ? "tracker.example" : null),
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

test("a key that looks like somebody known shows beside the name, and the person known hears of it", () => {
  const bob = { ...person(BOB, null), claimedName: "bob" };
  const alike = {
    ...person(CAROL, null),
    contact: false,
    claimedName: "bob",
    standIn: { of: BOB, how: "name", sinceMs: 4 },
  } as const;
  const known = persons([entry(CAROL, "bob", true)], [bob, alike]);
  const shown = known.view(CAROL);
  assert.equal(shown.name, `bob (${shortPeerId(CAROL)})`);
  assert.deepEqual(shown.standIn, { of: BOB, ofName: "bob", how: "name", sinceMs: 4 });
  assert.equal(known.view(BOB).problem?.code, "key-changed");
  assert.equal(known.list().find(({ peerId }) => peerId === BOB)?.problem?.code, "key-changed");
  const found = known.resolve("bob");
  assert.ok(found.ok && found.value === BOB);
  const blocked = persons([], [bob, { ...alike, blocked: true }]);
  assert.deepEqual([blocked.view(CAROL).standIn, blocked.view(BOB).problem], [null, null]);
});

test("a contact who takes the name of another is shown with the key beside it", () => {
  const known = persons(
    [entry(BOB, "bob", true), entry(CAROL, "Robert", true)],
    [person(BOB, "Robert"), person(CAROL, null)],
  );
  assert.deepEqual(
    known.list().map(({ name }) => name),
    ["Robert", `Robert (${shortPeerId(CAROL)})`],
  );
  assert.equal(known.nameOf(CAROL), `Robert (${shortPeerId(CAROL)})`);
});

test("a relay is shown by the name that the user gave it, else by its own", () => {
  const over = { ...entry(BOB, "bob", true), path: "relayed", via: CAROL } as const;
  assert.deepEqual(persons([over], []).view(BOB).via, { peerId: CAROL, name: "tracker.example" });
  const unnamed = persons([{ ...over, via: NEVER_MET }], []).view(BOB).via;
  assert.deepEqual(unnamed, { peerId: NEVER_MET, name: shortPeerId(NEVER_MET) });
});

test("each person has the phrase of their key, the same whoever looks", () => {
  const known = persons([entry(BOB, "bob", true)], [person(CAROL, "Carol")]);
  assert.equal(known.view(BOB).phrase.split(" ").length, 8);
  assert.notEqual(known.view(BOB).phrase, known.view(CAROL).phrase);
});
