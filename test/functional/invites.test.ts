/** Invites and changed keys between real peers: processes, sockets, databases and the command line. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { InviteView, PersonView } from "#api/views.ts";
import {
  addressOf,
  connect,
  freshFolder,
  must,
  peer,
  peerIdOf,
  type RealPeer,
  restart,
  seesOnline,
  waybill,
} from "#test/kit/process.ts";
import { openTestTracker } from "#test/kit/tracker.ts";

/** Peers of one test are told of each other; those of another program on this computer are none of its business. */
const ALONE = ["--no-discovery"];

async function people(t: TestContext, ...names: readonly string[]): Promise<readonly RealPeer[]> {
  return Promise.all(names.map((name) => peer(t, { name, flags: ALONE })));
}

async function two(t: TestContext): Promise<readonly [RealPeer, RealPeer]> {
  const [alice, bob] = await people(t, "alice", "bob");
  assert.ok(alice !== undefined && bob !== undefined);
  return [alice, bob];
}

async function invite(of: RealPeer, hours?: number): Promise<InviteView & { link: string; words: string }> {
  const made = await must(of.client.createInvite(hours === undefined ? {} : { hours }));
  const { link, words } = made;
  assert.ok(link !== null && words !== null);
  return { ...made, link, words };
}

async function personOf(at: RealPeer, of: RealPeer): Promise<PersonView> {
  return must(at.client.person(await peerIdOf(of)));
}

async function assertVerified(alice: RealPeer, bob: RealPeer): Promise<void> {
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const person = await personOf(one, other);
    assert.deepEqual([person.contact, person.verified?.how], [true, "invite"]);
  }
}

async function codeOf(answer: Promise<{ readonly ok: boolean; readonly fault?: { readonly code: string } }>) {
  const { ok, fault } = await answer;
  return ok ? "ok" : fault?.code;
}

test("a link makes verified contacts of two who never met, once, and survives restarts of both", async (t) => {
  const [alice, bob] = await two(t);
  const { id, link } = await invite(alice);
  const met = await must(bob.client.acceptInvite(link));
  assert.deepEqual([met.name, met.peerId], ["alice", await peerIdOf(alice)]);
  await assertVerified(alice, bob);
  const [used] = await must(alice.client.invites());
  assert.deepEqual([used?.id, used?.state, used?.usedBy?.name, used?.link], [id, "used", "bob", null]);

  const [carol] = await people(t, "carol");
  assert.ok(carol !== undefined);
  assert.equal(await codeOf(carol.client.acceptInvite(link)), "invite-used");

  await alice.kill();
  await bob.kill();
  const again = [await restart(t, alice), await restart(t, bob)] as const;
  await assertVerified(...again);
  assert.equal((await must(again[0].client.invites()))[0]?.state, "used");
});

test("words over the local network: the commands alone, as two people at a telephone use them", async (t) => {
  const flags = ["--announce-port", String(29_000 + (process.pid % 1_000))];
  const [alice, bob] = [await peer(t, { name: "alice", flags }), await peer(t, { name: "bob", flags })];
  const made = await waybill("invite", "--hours", "1", "--note", "for Bob", "--data", alice.options.dataDir);
  assert.equal(made.code, 0, made.stderr);
  const words = /Words +([a-z ]+)/.exec(made.stdout)?.[1]?.trim() ?? "";
  assert.equal(words.split(" ").length, 8, made.stdout);
  const joined = await waybill("join", ...words.toUpperCase().split(" "), "--data", bob.options.dataDir);
  assert.equal(joined.code, 0, joined.stderr);
  assert.match(joined.stdout, /alice \(12D3\w+\) and you are verified contacts/);
  await assertVerified(alice, bob);
  const listed = await waybill("invites", "--data", alice.options.dataDir);
  assert.match(listed.stdout, /used by bob +for Bob/);
});

test("words over a tracker; a link tells a peer that has none of the tracker", async (t) => {
  const { tracker, tcp, faults } = await openTestTracker();
  t.after(() => tracker.close());
  const flags = [...ALONE, "--tracker", tcp];
  const [alice, bob] = [await peer(t, { name: "alice", flags }), await peer(t, { name: "bob", flags })];
  const joined = await must(bob.client.acceptInvite((await invite(alice)).words));
  assert.equal(joined.peerId, await peerIdOf(alice));
  await assertVerified(alice, bob);

  const carol = await peer(t, { name: "carol", flags: ALONE });
  const { link } = await invite(alice);
  const entered = await waybill("join", link, "--data", carol.options.dataDir);
  assert.equal(entered.code, 0, entered.stderr);
  assert.match(entered.stdout, /The tracker \S+ of the link is used from now on/);
  assert.equal((await must(carol.client.trackers())).length, 1);
  await assertVerified(alice, carol);

  const dave = await peer(t, { name: "dave", flags: ALONE });
  const late = (await invite(alice)).link;
  await alice.interrupt();
  const missed = await waybill("join", late, "--timeout", "2", "--data", dave.options.dataDir);
  assert.equal(missed.code, 1);
  assert.match(missed.stdout, /The tracker \S+ of the link is used from now on/, "it is kept all the same");
  assert.deepEqual(faults, []);
});

test("words and a typed address; words with a slip of the pen", async (t) => {
  const [alice, bob] = await two(t);
  const { words } = await invite(alice);
  const at = (await addressOf(alice)).replace(/^\/ip4\/([\d.]+)\/tcp\/(\d+).*/, "$1:$2");
  const slip = ["abzent", ...words.split(" ").slice(1)].join(" ");
  const misheard = await waybill("join", slip, "--at", at, "--data", bob.options.dataDir, "--json");
  assert.equal(misheard.code, 1);
  assert.equal(JSON.parse(misheard.stderr).error.code, "invite-word");
  const joined = await waybill("join", words, "--at", at, "--data", bob.options.dataDir, "--json");
  assert.equal(joined.code, 0, joined.stderr);
  assert.equal(JSON.parse(joined.stdout).verified.how, "invite");
  await assertVerified(alice, bob);
});

test("an invite taken back, and one of which nobody knows, are told apart", async (t) => {
  const [alice, bob] = await two(t);
  const { id, link } = await invite(alice);
  const revoked = await waybill("invites", "--revoke", id.slice(0, 10), "--data", alice.options.dataDir);
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.equal(await codeOf(bob.client.acceptInvite(link)), "invite-revoked");
  const unknown = "zoo zoo zoo zoo zoo zoo zoo zoo";
  const joined = await waybill("join", unknown, "--timeout", "2", "--data", bob.options.dataDir, "--json");
  assert.deepEqual(
    [joined.code, JSON.parse(joined.stderr).error.code],
    [1, "invite-not-found-yet"],
    joined.stderr,
  );
});

test("a contact's name under another key is held back until the user accepts it; then what waited goes", async (t) => {
  const [alice, bob] = await two(t);
  await must(bob.client.acceptInvite((await invite(alice)).link));
  const old = await peerIdOf(bob);
  await bob.interrupt();
  // Bob's computer was set up anew: same name, another key.
  const renewed = await peer(t, { name: "bob", dataDir: join(freshFolder(t), "new"), flags: ALONE });
  await connect(renewed, alice);
  const id = await peerIdOf(renewed);
  const held = await alice.until("marks the new key", 10_000, async () => {
    const person = await alice.client.person(id);
    return person.ok && person.value.standIn !== null ? person.value : null;
  });
  assert.deepEqual([held.standIn?.how, held.standIn?.ofName, held.contact], ["name", "bob", false]);
  assert.notEqual(held.name, "bob", "the name alone would not tell them apart");
  assert.equal((await must(alice.client.person("bob"))).peerId, old, "the contact wins");

  const said = await must(alice.client.say(id, "for Bob's eyes"));
  await alice.until("says why it waits", 10_000, async () => {
    const slip = await alice.client.slip(said.id);
    return slip.ok && slip.value.reason?.code === "key-changed" ? true : null;
  });
  assert.equal((await must(renewed.client.slips({}))).length, 0);
  const refused = await waybill("contact", "bob", "--accept-key", "--data", alice.options.dataDir, "--json");
  assert.equal(JSON.parse(refused.stderr).error.code, "not-asked");

  const flags = ["--accept-key", "--yes", "--data", alice.options.dataDir, "--json"];
  const accepted = await waybill("contact", "bob", ...flags);
  assert.equal(accepted.code, 0, accepted.stderr);
  const now: PersonView = JSON.parse(accepted.stdout);
  assert.deepEqual([now.peerId, now.contact, now.verified, now.standIn], [id, true, null, null]);
  assert.equal((await must(alice.client.person(old))).name, "bob (old key)");
  await alice.until("delivers what waited", 20_000, async () => {
    const slip = await alice.client.slip(said.id);
    return slip.ok && ["receipted", "anchored"].includes(slip.value.state) ? true : null;
  });
});

test("what waited for a held key goes as soon as its holder has used an invite", async (t) => {
  const [alice, bob] = await two(t);
  await connect(alice, bob);
  await must(alice.client.updatePerson("bob", { contact: true }));
  await bob.interrupt();
  const renewed = await peer(t, { name: "bob", dataDir: join(freshFolder(t), "new"), flags: ALONE });
  await connect(renewed, alice);
  const said = await must(alice.client.say(await peerIdOf(renewed), "for Bob's eyes"));
  await alice.until("says why it waits", 10_000, async () => {
    const slip = await alice.client.slip(said.id);
    return slip.ok && slip.value.reason?.code === "key-changed" ? true : null;
  });
  await must(renewed.client.acceptInvite((await invite(alice)).link));
  await alice.until("delivers what waited", 20_000, async () => {
    const slip = await alice.client.slip(said.id);
    return slip.ok && ["receipted", "anchored"].includes(slip.value.state) ? true : null;
  });
});

test("a namesake is kept apart, once asked, and a verified key needs the words compared", async (t) => {
  const [alice, bob] = await two(t);
  await connect(alice, bob);
  const contact = await waybill(
    "contact",
    "bob",
    "--verify",
    "--yes",
    "--data",
    alice.options.dataDir,
    "--json",
  );
  assert.equal(contact.code, 0, contact.stderr);
  assert.equal((await personOf(alice, bob)).verified?.how, "phrase");
  const [own, shown] = [await must(bob.client.status()), await personOf(alice, bob)];
  assert.equal(shown.phrase, own.phrase, "what he reads is what she sees");

  const namesake = await peer(t, { name: "Bob", flags: ALONE });
  await connect(namesake, alice);
  const id = await peerIdOf(namesake);
  await alice.until("marks the namesake", 10_000, async () => {
    const person = await alice.client.person(id);
    return person.ok && person.value.standIn !== null ? true : null;
  });
  const apart = await must(alice.client.keepApart(id));
  assert.deepEqual([apart.standIn, apart.contact], [null, false]);
  const said = await must(alice.client.say(id, "hello, other Bob"));
  await alice.until("delivers to the namesake", 20_000, async () => {
    const slip = await alice.client.slip(said.id);
    return slip.ok && ["receipted", "anchored"].includes(slip.value.state) ? true : null;
  });
  await alice.kill();
  const again = await restart(t, alice);
  await connect(namesake, again);
  assert.equal((await must(again.client.person(id))).standIn, null, "nobody is asked about these two again");
});

test("another key at the typed address of a contact is held back", async (t) => {
  const [alice, bob] = await two(t);
  await connect(alice, bob);
  await must(alice.client.updatePerson("bob", { contact: true }));
  const address = await addressOf(bob);
  const at = address.replace(/^\/ip4\/([\d.]+)\/tcp\/(\d+).*/, "$1:$2");
  await bob.interrupt();
  await alice.until("misses bob", 10_000, async () => {
    const person = await alice.client.person("bob");
    return person.ok && !person.value.online ? true : null;
  });
  const mallory = await peer(t, {
    name: "mallory",
    listen: [address.replace(/\/p2p\/.*/, "")],
    flags: ALONE,
  });
  const met = await must(alice.client.connect(at));
  await seesOnline(mallory, alice);
  assert.equal(met.peerId, await peerIdOf(mallory));
  assert.deepEqual([met.standIn?.how, met.standIn?.ofName], ["address", "bob"]);

  const flags = ["--accept-key", "--verify", "--yes", "--data", alice.options.dataDir, "--json"];
  const accepted = await waybill("contact", "bob", ...flags);
  assert.equal(accepted.code, 0, accepted.stderr);
  const now: PersonView = JSON.parse(accepted.stdout);
  assert.deepEqual([now.peerId, now.contact, now.verified?.how], [met.peerId, true, "phrase"]);
});
