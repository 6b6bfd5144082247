/** What the user decided about people stays; what a stranger claims changes nothing of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import type { Log } from "#ports/log.ts";
import { memoryPeople } from "#storage/memory/people.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { looksLike } from "./likeness.ts";
import { HEARD_STAND_INS_MAX, PEOPLE_MAX, SEEN_WRITE_PERIOD_MS } from "./limits.ts";
import { openPeople } from "./people.ts";

const ALICE = "alice" as PeerId;
const BOB = "bob" as PeerId;
const CAROL = "carol" as PeerId;
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

test("who claims the name of a contact under another key is held until the user decides", () => {
  const { people, store, clock } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "Bob");
  people.seen(ALICE, "alice");
  assert.equal(people.holds(ALICE), null);
  const heard: PeerId[] = [];
  people.subscribe(({ person }) => heard.push(person.peer));
  people.seen(ALICE, "bob");
  assert.deepEqual(heard, [ALICE, BOB], "both are shown with it");
  assert.deepEqual(people.get(ALICE)?.standIn, { of: BOB, how: "name", sinceMs: clock.nowMs() });
  assert.equal(people.holds(ALICE)?.code, "key-changed");
  // Its own doing releases nobody: what was written to "bob" would go to whoever bore that name for a while.
  people.seen(ALICE, "carol");
  people.update(ALICE, { contact: true });
  const again = openPeople({ store, clock, log });
  assert.equal(again.holds(ALICE)?.code, "key-changed");
  assert.equal(again.holds(BOB), null);
});

test("who is only heard of is held too when it bears a known name, and is otherwise not kept", () => {
  const { people } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "bob");
  people.heardOf(CAROL, "carol");
  people.heardOf(ALICE, "BOB");
  people.heardOf(BOB, "bob");
  assert.deepEqual([people.get(CAROL), people.holds(BOB)], [null, null]);
  assert.equal(people.holds(ALICE)?.code, "key-changed");
});

test("keys made up by the thousand that are only heard of do not fill the list; those who come are held", () => {
  const { people, store } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "bob");
  for (let at = 0; at < 1_000; at++) people.heardOf(`made up ${at}` as PeerId, "bob");
  assert.equal(store.list().length, 1 + HEARD_STAND_INS_MAX);
  people.seen("made up 999" as PeerId, "bob");
  assert.equal(people.holds("made up 999" as PeerId)?.code, "key-changed");
});

test("who bears the name of somebody known is told apart, a contact who took it too", () => {
  const { people } = opened();
  people.update(BOB, { petname: "Robert", contact: true });
  people.update(ALICE, { contact: true });
  people.seen(ALICE, "alice");
  assert.deepEqual([people.isNamesake(ALICE, "alice"), people.isNamesake(ALICE, "ROBERT")], [false, true]);
  assert.deepEqual([people.isNamesake(BOB, "Robert"), people.isNamesake(BOB, "alice")], [false, true]);
});

test("a petname is somebody's name as well, whatever that one calls itself", () => {
  const { people } = opened();
  people.update(BOB, { petname: "Robert" });
  people.seen(ALICE, "ROBERT");
  assert.equal(people.get(ALICE)?.standIn?.of, BOB);
});

test("an accepted key takes over name and contact; the old one is renamed, the new one not yet verified", () => {
  const { people, store, clock } = opened();
  people.verify(BOB, "invite");
  people.update(BOB, { petname: "Robert" });
  for (const peer of [ALICE, CAROL]) people.seen(peer, "robert");
  assert.ok(people.acceptKey(ALICE).ok);
  const again = openPeople({ store, clock, log });
  const [alice, bob] = [again.get(ALICE), again.get(BOB)];
  assert.deepEqual(
    [alice?.petname, alice?.contact, alice?.verified, alice?.standIn],
    ["Robert", true, null, null],
  );
  assert.deepEqual([bob?.petname, bob?.contact, bob?.verified], ["Robert (old key)", false, null]);
  assert.equal(again.get(CAROL)?.standIn?.of, ALICE);
  assert.equal(again.acceptKey(ALICE).ok, false);
  // A second change gives another name to the second old key.
  assert.ok(again.acceptKey(CAROL).ok);
  assert.equal(again.get(ALICE)?.petname, "Robert (old key 2)");
});

test("a namesake who was kept apart stays so when the person has a new key", () => {
  const { people } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "bob");
  people.seen(ALICE, "bob");
  people.keepApart(ALICE);
  people.seen(CAROL, "bob");
  assert.ok(people.acceptKey(CAROL).ok);
  people.seen(ALICE, "BOB");
  assert.equal(people.holds(ALICE), null);
});

test("to block a stand-in is a decision: nobody looks like anybody by it, until it is let in again", () => {
  const { people } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "bob");
  people.seen(ALICE, "bob");
  const heard: PeerId[] = [];
  people.subscribe(({ person }) => heard.push(person.peer));
  people.update(ALICE, { blocked: true });
  assert.deepEqual(heard, [ALICE, BOB], "both are shown without it");
  assert.equal(looksLike(people.get(ALICE)), null);
  people.update(ALICE, { blocked: false });
  assert.equal(looksLike(people.get(ALICE)), BOB);
  assert.equal(people.holds(ALICE)?.code, "key-changed");
});

test("keys kept apart are not asked about again, but the name of a third person is", () => {
  const { people } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "bob");
  people.seen(ALICE, "bob");
  assert.ok(people.keepApart(ALICE).ok);
  people.seen(ALICE, "bob");
  assert.deepEqual([people.holds(ALICE), people.get(ALICE)?.apartFrom], [null, [BOB]]);
  people.update(CAROL, { petname: "Carol" });
  people.seen(ALICE, "carol");
  assert.equal(people.get(ALICE)?.standIn?.of, CAROL);
});

test("whoever answers where somebody chosen answered before is held; an invite proves it right", () => {
  const { people } = opened();
  people.answeredAt(ALICE, BOB);
  assert.equal(people.holds(ALICE), null, "bob is nobody yet");
  people.update(BOB, { contact: true });
  people.answeredAt(ALICE, BOB);
  assert.equal(people.get(ALICE)?.standIn?.how, "address");
  assert.ok(people.verify(ALICE, "invite").ok);
  assert.equal(people.holds(ALICE), null);
  assert.equal(people.get(ALICE)?.verified?.how, "invite");
});

test("whoever is let go is told as such, however it came about: what waited may go", () => {
  const { people } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "bob");
  const released: PeerId[] = [];
  people.subscribe((event) => event.released && released.push(event.person.peer));
  const held = (peer: PeerId) => people.seen(peer, "bob");
  held(ALICE);
  people.verify(ALICE, "invite");
  held(CAROL);
  people.keepApart(CAROL);
  assert.deepEqual(released, [ALICE], "she bears the name of two");
  people.keepApart(CAROL);
  people.update(BOB, { blocked: true });
  people.update(BOB, { petname: "Robert" });
  people.update(BOB, { blocked: false });
  held("dave" as PeerId);
  people.acceptKey("dave" as PeerId);
  assert.deepEqual(released, [ALICE, CAROL, BOB, "dave"]);
});

test("what is written alongside a verification decides: thrown there, nothing has changed", () => {
  const { people, store } = opened();
  const heard: string[] = [];
  people.subscribe(({ person }) => heard.push(person.peer));
  assert.throws(() =>
    people.verify(BOB, "invite", () => {
      throw new Error("disk full");
    }),
  );
  assert.deepEqual([people.get(BOB), store.list(), heard], [null, [], []]);
});

test("comparing the phrase verifies and releases, once; taking it back leaves the contact", () => {
  const { people, clock } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "bob");
  people.seen(ALICE, "bob");
  const at = clock.nowMs();
  people.update(ALICE, { verified: true, contact: true });
  assert.deepEqual(people.get(ALICE)?.verified, { how: "phrase", atMs: at });
  assert.equal(people.holds(ALICE), null);
  people.update(ALICE, { verified: false });
  assert.deepEqual([people.get(ALICE)?.verified, people.isContact(ALICE)], [null, true]);
});

test("a full list lets strangers go first, then stand-ins, and never the chosen", () => {
  const { people } = opened();
  people.update(BOB, { contact: true });
  people.seen(BOB, "bob");
  people.seen(ALICE, "bob");
  for (let at = 2; at < PEOPLE_MAX; at++) people.seen(`stranger ${at}` as PeerId, null);
  people.seen(CAROL, null);
  assert.equal(people.get("stranger 2" as PeerId), null);
  assert.ok(people.get(ALICE) !== null && people.get(CAROL) !== null);
  assert.equal(people.list().length, PEOPLE_MAX);
});
