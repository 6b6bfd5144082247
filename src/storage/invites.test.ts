/** Runs the contract of invites on both stores, and on disk what spans two of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { testInviteStore } from "#test/contract/invites.ts";
import { Database } from "./disk/database.ts";
import { diskInvites, invitesSchema } from "./disk/invites.ts";
import { diskPeople, peopleSchema } from "./disk/people.ts";
import { memoryInvites } from "./memory/invites.ts";

testInviteStore("memory", memoryInvites);
testInviteStore("disk", () => diskInvites(new Database(":memory:", [invitesSchema])));

test("disk: a guest and the invite it used are stored in one transaction", () => {
  const database = new Database(":memory:", [invitesSchema, peopleSchema]);
  const invites = diskInvites(database);
  const people = diskPeople(database);
  const invite = {
    id: "aa".repeat(32),
    secret: new Uint8Array(11),
    note: null,
    createdMs: 1,
    expiresMs: 2,
    ended: { how: "used", atMs: 1 },
    usedBy: "bob" as PeerId,
    failedGuesses: 0,
  } as const;
  const bob = {
    peer: "bob" as PeerId,
    petname: null,
    contact: true,
    blocked: false,
    claimedName: null,
    verified: { how: "invite", atMs: 1 },
    standIn: null,
    apartFrom: [],
    firstSeenMs: 1,
    lastSeenMs: 1,
  } as const;
  assert.throws(() =>
    invites.put(invite, () => {
      people.put(bob);
      throw new Error("power is gone");
    }),
  );
  assert.deepEqual([invites.list(), people.list()], [[], []]);
  invites.put(invite, () => people.put(bob));
  assert.deepEqual([invites.list(), people.list()], [[invite], [bob]]);
});
