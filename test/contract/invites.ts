/** What every store of invites must do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import type { InviteStore, StoredInvite } from "#invites/index.ts";

const OPEN: StoredInvite = {
  id: "aa".repeat(32),
  secret: new Uint8Array(11).fill(7),
  note: "for Bob ✉",
  createdMs: 1,
  expiresMs: 90,
  ended: null,
  usedBy: null,
  failedGuesses: 0,
};
const REVOKED: StoredInvite = {
  ...OPEN,
  id: "bb".repeat(32),
  note: null,
  ended: { how: "revoked", atMs: 5 },
  failedGuesses: 3,
};

export function testInviteStore(name: string, open: () => InviteStore): void {
  test(`${name}: invites come back as they were put, first made first`, () => {
    const store = open();
    assert.deepEqual(store.list(), []);
    store.put(REVOKED);
    store.put(OPEN);
    assert.deepEqual(store.list(), [REVOKED, OPEN]);
  });

  test(`${name}: putting again changes the invite and keeps its place`, () => {
    const store = open();
    store.put(OPEN);
    store.put(REVOKED);
    const used: StoredInvite = { ...OPEN, ended: { how: "used", atMs: 9 }, usedBy: "bob" as PeerId };
    store.put(used);
    assert.deepEqual(store.list(), [used, REVOKED]);
  });

  test(`${name}: what is written alongside and what is put are kept together or not at all`, () => {
    const store = open();
    let written = 0;
    store.put(OPEN, () => {
      written += 1;
    });
    assert.equal(written, 1);
    const broken = () => {
      throw new Error("disk full");
    };
    assert.throws(() => store.put({ ...OPEN, failedGuesses: 1 }, broken), /disk full/);
    assert.deepEqual(store.list(), [OPEN]);
    store.put(REVOKED);
    assert.equal(store.list().length, 2);
  });

  test(`${name}: several are put together, each in its place`, () => {
    const store = open();
    store.put(OPEN);
    const guessed = { ...OPEN, failedGuesses: 1 };
    store.putTogether([REVOKED, guessed]);
    store.putTogether([]);
    assert.deepEqual(store.list(), [guessed, REVOKED]);
  });

  test(`${name}: what was removed is gone; removing nothing is no fault`, () => {
    const store = open();
    store.put(OPEN);
    store.remove(OPEN.id);
    store.remove(REVOKED.id);
    assert.deepEqual(store.list(), []);
  });
}
