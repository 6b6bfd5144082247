/** What every store of addresses must do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import type { AddressStore, KnownAddress } from "#net/index.ts";

const TYPED: KnownAddress = {
  address: "/ip4/192.168.1.7/tcp/4001",
  source: "typed",
  peer: null,
  addedMs: 5,
  reachedMs: null,
};
const LEARNED: KnownAddress = { ...TYPED, source: "learned", peer: "bob" as PeerId, reachedMs: 9 };

export function testAddressStore(name: string, open: () => AddressStore): void {
  test(`${name}: an address has a row for each source, in the order of adding`, () => {
    const store = open();
    assert.deepEqual(store.list(), []);
    store.put(TYPED);
    store.put(LEARNED);
    assert.deepEqual(store.list(), [TYPED, LEARNED]);
  });

  test(`${name}: putting again changes the row and keeps its place`, () => {
    const store = open();
    store.put(TYPED);
    store.put(LEARNED);
    const reached: KnownAddress = { ...TYPED, peer: "carol" as PeerId, reachedMs: 11 };
    store.put(reached);
    assert.deepEqual(store.list(), [reached, LEARNED]);
  });

  test(`${name}: removing takes one source only; removing nothing is no fault`, () => {
    const store = open();
    store.put(TYPED);
    store.put(LEARNED);
    store.remove(TYPED.address, "typed");
    store.remove("/ip4/10.0.0.1/tcp/1", "typed");
    assert.deepEqual(store.list(), [LEARNED]);
  });
}
