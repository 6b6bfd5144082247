/** What every store of people must do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import type { PeopleStore, Person } from "#people/index.ts";

const ALICE: Person = {
  peer: "alice" as PeerId,
  petname: null,
  contact: false,
  blocked: false,
  claimedName: "Alice ✉",
  verified: null,
  standIn: null,
  apartFrom: [],
  firstSeenMs: 1,
  lastSeenMs: 2,
};
const BOB: Person = { ...ALICE, peer: "bob" as PeerId, petname: "Robert", contact: true, claimedName: null };

export function testPeopleStore(name: string, open: () => PeopleStore): void {
  test(`${name}: people come back as they were put, first met first`, () => {
    const store = open();
    assert.deepEqual(store.list(), []);
    store.put(BOB);
    store.put(ALICE);
    assert.deepEqual(store.list(), [BOB, ALICE]);
  });

  test(`${name}: putting again changes the row and keeps its place`, () => {
    const store = open();
    store.put(BOB);
    store.put(ALICE);
    const changed: Person = {
      ...BOB,
      petname: null,
      contact: false,
      blocked: true,
      claimedName: "b",
      verified: { how: "phrase", atMs: 8 },
      standIn: { of: ALICE.peer, how: "address", sinceMs: 7 },
      apartFrom: ["carol" as PeerId, "dave" as PeerId],
      lastSeenMs: 9,
    };
    store.put(changed);
    assert.deepEqual(store.list(), [changed, ALICE]);
  });

  test(`${name}: several are put together`, () => {
    const store = open();
    store.put(BOB);
    const renamed: Person = { ...BOB, petname: "Rob", verified: { how: "invite", atMs: 4 } };
    store.putTogether([renamed, ALICE]);
    assert.deepEqual(store.list(), [renamed, ALICE]);
  });

  test(`${name}: who was removed is gone; removing nobody is no fault`, () => {
    const store = open();
    store.put(ALICE);
    store.remove(ALICE.peer);
    store.remove(BOB.peer);
    assert.deepEqual(store.list(), []);
  });
}
