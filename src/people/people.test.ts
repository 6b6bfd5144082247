/** What the user decided about people stays; what a stranger claims changes nothing of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import type { Log } from "#ports/log.ts";
import { memoryPeople } from "#storage/memory/people.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SEEN_WRITE_PERIOD_MS } from "./limits.ts";
import { openPeople } from "./people.ts";

const ALICE = "alice" as PeerId;
const BOB = "bob" as PeerId;
const log: Log = { debug() {}, info() {}, warn() {}, fault() {}, child: () => log };

function opened() {
  const store = memoryPeople();
  const clock = new SimulatedClock();
  return { store, clock, people: openPeople({ store, clock, log }) };
}

test("a petname, contact and block survive a restart and whatever the peer calls itself", () => {
  const { store, clock, people } = opened();
  assert.ok(people.update(BOB, { petname: " Robert ", contact: true }).ok);
  people.seen(BOB, "evil");
  people.update(BOB, { blocked: true });
  const again = openPeople({ store, clock, log });
  const bob = again.get(BOB);
  assert.deepEqual(
    [bob?.petname, bob?.contact, bob?.blocked, bob?.claimedName],
    ["Robert", true, true, "evil"],
  );
  assert.ok(again.isContact(BOB) && again.isBlocked(BOB));
});

test("a petname that another person bears, in any case, or that does not show, is refused", () => {
  const { people } = opened();
  people.update(ALICE, { petname: "Ann" });
  const taken = people.update(BOB, { petname: "ANN" });
  assert.equal(taken.ok ? "" : taken.fault.code, "name-taken");
  const hidden = people.update(BOB, { petname: "\u202e" });
  assert.equal(hidden.ok ? "" : hidden.fault.code, "name-refused");
  assert.equal(people.get(BOB), null);
  assert.ok(people.update(ALICE, { petname: "ann" }).ok, "one's own may be written anew");
});

test("being seen is written once a minute, a new name at once", async () => {
  const { people, clock } = opened();
  const heard: (string | null)[] = [];
  people.subscribe((event) => heard.push(event.person.claimedName));
  people.seen(BOB, "bob");
  people.seen(BOB, "bob");
  people.seen(BOB, null);
  assert.deepEqual(heard, ["bob"]);
  people.seen(BOB, "bobby");
  await clock.advance(SEEN_WRITE_PERIOD_MS);
  people.seen(BOB, null);
  assert.deepEqual(heard, ["bob", "bobby", "bobby"]);
});
