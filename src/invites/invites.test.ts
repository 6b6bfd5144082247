/** Two peers and one secret: found by every way there is, proved on both sides, once; and what everybody else gets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "#base/bytes.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { unspell } from "#crypto/words.ts";
import { type Peer, World } from "#test/kit/invite-world.ts";
import { decodeFrame, encodeFrame, type InviteFrame } from "./codec.ts";
import { FRAME_BYTES_MAX, GUESSES_PER_PEER_MAX, OPEN_INVITES_MAX, PROTOCOL } from "./limits.ts";
import { decodeLink } from "./link.ts";
import { meetingPointOf, proofOf } from "./secret.ts";

const HOUR_MS = 3_600_000;

async function two() {
  const world = new World();
  return { world, alice: await world.peer(1), bob: await world.peer(2) };
}

function assertJoined(alice: Peer, bob: Peer): void {
  assert.deepEqual([alice.verified, bob.verified], [[bob.id], [alice.id]]);
  const [invite] = alice.invites.list();
  assert.deepEqual([invite?.state, invite?.usedBy, invite?.link], ["used", bob.id, null]);
  assert.deepEqual(alice.world.faults, []);
}

test("a link finds its maker by the addresses in it", async () => {
  const { alice, bob } = await two();
  const { link } = alice.create({ note: "for Bob" });
  assert.equal(await bob.join(link), alice.id);
  assertJoined(alice, bob);
});

test("a link brings its tracker along where none is set, and finds its maker there", async () => {
  const { world, alice, bob } = await two();
  alice.trackers.push("tracker.example");
  const { link } = alice.create();
  world.listening.clear();
  assert.equal(await bob.join(link), alice.id);
  assert.deepEqual(bob.trackers, ["tracker.example"]);
  assertJoined(alice, bob);
  bob.trackers.splice(0, 1, "own.example");
  const other = alice.create();
  await bob.join(other.link);
  assert.deepEqual(bob.trackers, ["own.example"], "whoever has a tracker keeps to it");
});

test("words find their maker among the connected, at a tracker, or at a typed address", async () => {
  for (const way of ["connected", "tracker", "typed"]) {
    const { alice, bob } = await two();
    const { words } = alice.create();
    if (way === "connected") alice.meets(bob);
    if (way === "tracker") for (const peer of [alice, bob]) peer.trackers.push("tracker.example");
    assert.equal(
      await bob.join(words.toUpperCase(), way === "typed" ? alice.address : undefined),
      alice.id,
      way,
    );
    assertJoined(alice, bob);
  }
});

test("whoever connects while the words are being tried is asked at once", async () => {
  const { world, alice, bob } = await two();
  const { words } = alice.create();
  const joining = bob.join(words);
  await world.clock.advance(5_000);
  alice.meets(bob);
  assert.equal(await joining, alice.id);
});

test("an invite is good for one guest; the same one may ask again, also after either was cut off", async () => {
  const { world, alice, bob } = await two();
  const carol = await world.peer(3);
  const { link, words } = alice.create();
  assert.equal(await bob.join(link), alice.id);
  assert.equal(await carol.join(link), "invite-used");
  assert.equal(await carol.join(words, alice.address), "invite-used");
  await alice.restart();
  await bob.restart();
  assert.equal(await bob.join(link), alice.id);
  assert.equal(await carol.join(link), "invite-used");
  assertJoined(alice, bob);
  assert.deepEqual(carol.verified, []);
});

test("two guests at the same moment: one is taken", async () => {
  const { world, alice, bob } = await two();
  const carol = await world.peer(3);
  const { link } = alice.create();
  const outcomes = await world.settled(Promise.all([bob.invites.accept(link), carol.invites.accept(link)]));
  assert.deepEqual(outcomes.map(({ ok: taken }) => taken).sort(), [false, true]);
  assert.equal(alice.verified.length, 1);
});

test("over is over: expired and taken back are told to whoever proves the invite, and stay in the list", async () => {
  const { world, alice, bob } = await two();
  const short = alice.create({ hours: 1 });
  const revoked = alice.create();
  assert.equal(alice.invites.revoke(revoked.id.slice(0, 8)).ok, true);
  assert.equal(await bob.join(revoked.link), "invite-revoked");
  await world.clock.advance(HOUR_MS);
  assert.equal(await bob.join(short.link), "invite-expired");
  assert.deepEqual(
    alice.invites.list().map(({ state }) => state),
    ["revoked", "expired"],
  );
  assert.equal(alice.invites.revoke(short.id).ok, false);
  assert.deepEqual([alice.verified, bob.verified], [[], []]);
});

test("why nobody was found: wrong words, nobody to ask, nobody at home", async () => {
  const { world, alice, bob } = await two();
  const { words, link } = alice.create();
  const other = words.startsWith("zoo") ? `abandon ${words.slice(4)}` : words.replace(/^\w+/, "zoo");
  assert.equal(await bob.join(other), "invite-nobody-here");
  alice.meets(bob);
  assert.equal(await bob.join(other), "invite-unknown");
  world.network.stop(alice.id);
  world.listening.clear();
  assert.equal(await bob.join(link), "invite-unreached");
  const misheard = await bob.invites.accept(words.replace(/^\w+/, "abzent"));
  assert.ok(!misheard.ok && misheard.fault.code === "invite-word" && /absent/.test(misheard.fault.nextStep));
  assert.equal(await bob.join("one two three"), "invite-text");
  assert.equal(await bob.join(link.slice(0, -3)), "invite-link");
  assert.equal(await bob.join(bob.create().words), "invite-own");
});

test("a link and the address of somebody else: that one is not asked, and the user is told", async () => {
  const { world, alice, bob } = await two();
  const carol = await world.peer(3);
  const { link } = alice.create();
  world.listening.delete(alice.address);
  const outcome = await world.settled(bob.invites.accept(link, carol.address));
  assert.ok(!outcome.ok && outcome.fault.code === "invite-unreached");
  assert.match(outcome.fault.cause, /somebody else answers/);
});

test("a link survives a mail program: broken lines and marks around it", async () => {
  const { alice, bob } = await two();
  const { link } = alice.create();
  const mailed = `<${link.slice(0, 40)}\r\n ${link.slice(40)}>`;
  assert.equal(await bob.join(mailed), alice.id);
});

test("nothing is answered before it is stored: a full disk refuses, and the invite stands", async () => {
  const { world, alice, bob } = await two();
  const { link } = alice.create();
  alice.failWrites = true;
  assert.equal(await bob.join(link), "invite-waits");
  assert.deepEqual([alice.invites.list()[0]?.state, bob.verified], ["open", []]);
  assert.equal(world.faults.splice(0).length, 1);
  alice.failWrites = false;
  bob.failWrites = true;
  assert.equal(await bob.join(link), "storage-failed");
  assert.deepEqual([alice.verified, bob.verified], [[bob.id], []]);
  bob.failWrites = false;
  world.faults.splice(0);
  assert.equal(await bob.join(link), alice.id);
  assertJoined(alice, bob);
});

test("whoever knows the meeting point alone is counted, shown, held off, and learns nothing", async () => {
  const { world, alice, bob } = await two();
  const { link, id } = alice.create();
  const mallory = await world.peer(3);
  mallory.meets(alice);
  await world.clock.advance(2_000);
  const ask: InviteFrame = { type: "ask", meetingPoint: Uint8Array.from(Buffer.from(id, "hex")) };
  const guess: InviteFrame = { type: "prove", proof: new Uint8Array(32) };
  for (let at = 0; at < GUESSES_PER_PEER_MAX; at++) {
    assert.deepEqual(await mallory.speak(alice, ask, guess), [
      { type: "here" },
      { type: "refused", refusal: "wrong-proof" },
    ]);
  }
  assert.deepEqual(await mallory.speak(alice, ask), [{ type: "refused", refusal: "busy" }]);
  assert.equal(alice.invites.list()[0]?.failedGuesses, GUESSES_PER_PEER_MAX);
  // Others are not held off with it, and the count stays.
  assert.equal(await bob.join(link), alice.id);
  assertJoined(alice, bob);
});

test("a guest of somebody else who asks everybody is no guesser; one who asks for many is", async () => {
  const { world, alice } = await two();
  alice.create();
  const guest = await world.peer(3);
  guest.meets(alice);
  await world.clock.advance(2_000);
  const ask = (byte: number): InviteFrame => ({ type: "ask", meetingPoint: new Uint8Array(32).fill(byte) });
  for (let at = 0; at < 3; at++) {
    assert.deepEqual(await guest.speak(alice, ask(1)), [{ type: "refused", refusal: "unknown" }]);
  }
  assert.equal(alice.invites.list()[0]?.failedGuesses, 0);
  await guest.speak(alice, ask(2));
  await guest.speak(alice, ask(3));
  assert.equal(alice.invites.list()[0]?.failedGuesses, 2);
});

test("a peer that claims to be the inviter gains nothing it could use elsewhere, and is told of", async () => {
  const { world, alice, bob } = await two();
  const mallory = await world.peer(3);
  const { words } = alice.create();
  const secret = unspell(words);
  assert.ok(secret.ok);
  let stolen: Uint8Array | null = null;
  await mallory.invites.close();
  mallory.network.handle(
    PROTOCOL,
    { frameBytesMax: FRAME_BYTES_MAX, streamsPerPeerMax: 2 },
    async (stream) => {
      await stream.receive({ timeoutMs: 1_000 });
      await stream.send(encodeFrame({ type: "here" }));
      const proved = await stream.receive({ timeoutMs: 1_000 });
      if (!proved.ok || proved.value === null) return;
      const frame = decodeFrame(proved.value);
      if (frame.ok && frame.value.type === "prove") stolen = frame.value.proof;
      await stream.send(encodeFrame({ type: "welcome", proof: stolen ?? new Uint8Array(32) }));
    },
  );
  mallory.meets(bob);
  mallory.meets(alice);
  assert.equal(await bob.join(words), "invite-impostor");
  assert.deepEqual(bob.verified, []);
  assert.ok(stolen !== null);
  const ask: InviteFrame = { type: "ask", meetingPoint: meetingPointOf(secret.value) };
  const answers = await mallory.speak(alice, ask, { type: "prove", proof: stolen });
  assert.deepEqual(answers.at(-1), { type: "refused", refusal: "wrong-proof" });
  alice.meets(bob);
  assert.equal(await bob.join(words), alice.id, "the real one is found beside it");
});

test("an end is believed only from whoever proves the invite", async () => {
  const { world, alice, bob } = await two();
  const mallory = await world.peer(3);
  const { words } = alice.create();
  await mallory.invites.close();
  mallory.network.handle(
    PROTOCOL,
    { frameBytesMax: FRAME_BYTES_MAX, streamsPerPeerMax: 2 },
    async (stream) => {
      await stream.receive({ timeoutMs: 1_000 });
      await stream.send(encodeFrame({ type: "here" }));
      await stream.receive({ timeoutMs: 1_000 });
      await stream.send(encodeFrame({ type: "over", end: "used", proof: new Uint8Array(32) }));
    },
  );
  mallory.meets(bob);
  alice.meets(bob);
  await world.clock.advance(2_000);
  assert.equal(await bob.join(words), alice.id);
});

test("peers that never finish their answer do not keep a guest from whoever is elsewhere", async () => {
  const { world, alice, bob } = await two();
  const { words } = alice.create();
  for (let seed = 20; seed < 44; seed++) {
    const staller = await world.peer(seed);
    await staller.invites.close();
    const options = { frameBytesMax: FRAME_BYTES_MAX, streamsPerPeerMax: 2 };
    staller.network.handle(PROTOCOL, options, async (stream) => {
      await stream.receive({ timeoutMs: 1_000 });
      await stream.send(encodeFrame({ type: "here" }));
      await stream.receive({ timeoutMs: 60_000 });
      await stream.receive({ timeoutMs: 60_000 });
    });
    staller.meets(bob);
  }
  await world.clock.advance(2_000);
  assert.equal(await bob.join(words, alice.address), alice.id);
  assertJoined(alice, bob);
  alice.trackers.push("tracker.example");
  bob.trackers.push("tracker.example");
  assert.equal(await bob.join(alice.create().words), alice.id);
});

test("an address that came up late does not count as unreached", async () => {
  const { world, alice, bob } = await two();
  alice.create();
  world.listening.delete(alice.address);
  const joining = world.settled(bob.invites.accept("zoo zoo zoo zoo zoo zoo zoo zoo", alice.address));
  setImmediate(() => world.listening.set(alice.address, alice.id));
  const outcome = await joining;
  assert.deepEqual(outcome.ok ? "" : outcome.fault.code, "invite-unknown");
});

test("one guest of many invites is held off by none of those who made them", async () => {
  const { world, alice } = await two();
  const guest = await world.peer(3);
  guest.meets(alice);
  await world.clock.advance(2_000);
  alice.create();
  let commits = 0;
  for (const way of ["put", "putTogether"] as const) {
    const write: (...args: never[]) => void = alice.store[way];
    Object.assign(alice.store, {
      [way]: (...args: never[]) => {
        commits += 1;
        write(...args);
      },
    });
  }
  const { words } = alice.create();
  const ask = (byte: number): InviteFrame => ({ type: "ask", meetingPoint: new Uint8Array(32).fill(byte) });
  for (let at = 0; at < 3 * GUESSES_PER_PEER_MAX; at++) {
    assert.deepEqual(await guest.speak(alice, ask(at)), [{ type: "refused", refusal: "unknown" }]);
  }
  assert.equal(alice.invites.list()[0]?.failedGuesses, GUESSES_PER_PEER_MAX, "told, and bounded");
  assert.equal(commits, 1 + GUESSES_PER_PEER_MAX, "one for each guess, however many invites stand");
  assert.equal(await guest.join(words), alice.id);
});

test("a link asks its maker alone", async () => {
  const { world, alice, bob } = await two();
  const carol = await world.peer(3);
  carol.create();
  bob.meets(carol);
  await world.clock.advance(2_000);
  const asked: string[] = [];
  await carol.invites.close();
  carol.network.handle(PROTOCOL, { frameBytesMax: FRAME_BYTES_MAX, streamsPerPeerMax: 2 }, async (stream) => {
    asked.push(stream.peer);
  });
  assert.equal(await bob.join(alice.create().link), alice.id);
  assert.deepEqual(asked, []);
});

test("malformed frames end their stream and nothing else", async () => {
  const { world, alice, bob } = await two();
  bob.meets(alice);
  await world.clock.advance(2_000);
  const { words } = alice.create();
  for (const bytes of [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(9, 1), new Uint8Array(60)]) {
    assert.deepEqual(await bob.speak(alice, bytes), []);
  }
  assert.deepEqual(await bob.speak(alice, { type: "here" }), []);
  assert.equal(await bob.join(words), alice.id);
});

test("meeting points are of what stands, and of what ended lately; a bounded number stands", async () => {
  const { world, alice } = await two();
  const points = () => world.meetings.get(alice.id)?.size;
  for (let at = 0; at < OPEN_INVITES_MAX; at++) alice.create({ hours: 2 });
  const more = alice.invites.create({});
  assert.ok(!more.ok && more.fault.code === "invites-full");
  assert.equal(points(), OPEN_INVITES_MAX);
  await world.clock.advance(2 * HOUR_MS + 10);
  assert.equal(points(), OPEN_INVITES_MAX, "guests who come late are told why");
  await world.clock.advance(HOUR_MS + 10);
  assert.equal(points(), 0);
});

test("hours and notes are bounded; an open invite comes back whole after a restart", async () => {
  const { alice, bob } = await two();
  for (const hours of [0, 1.5, 721]) assert.equal(alice.invites.create({ hours }).ok, false);
  assert.equal(alice.invites.create({ note: "a\nb" }).ok, false);
  assert.equal(alice.invites.create({ note: "x".repeat(129) }).ok, false);
  const { link, words } = alice.create({ note: " for Bob " });
  await alice.restart();
  const [again] = alice.invites.list();
  assert.deepEqual([again?.link, again?.words, again?.note], [link, words, "for Bob"]);
  const decoded = decodeLink(link);
  assert.ok(decoded.ok && decoded.value.inviter === alice.id);
  assert.equal(await bob.join(link), alice.id);
});

test("closing while an invite is entered ends it at once, and says so", async () => {
  const { world, alice, bob } = await two();
  const { words } = alice.create();
  const joining = bob.invites.accept(words);
  await world.clock.advance(1_000);
  await bob.invites.close();
  const outcome = await joining;
  assert.ok(!outcome.ok && outcome.fault.code === "closing");
});

test("a proof is of one secret, one role and two keys", () => {
  const [inviter, guest, other] = [1, 2, 3].map(
    (seed) => createKeypair(new Uint8Array(32).fill(seed)).peerId,
  );
  assert.ok(inviter !== undefined && guest !== undefined && other !== undefined);
  const secret = new Uint8Array(11).fill(5);
  const proofs = [
    proofOf(secret, "guest", { inviter, guest }),
    proofOf(secret, "inviter", { inviter, guest }),
    proofOf(secret, "guest", { inviter: guest, guest: inviter }),
    proofOf(secret, "guest", { inviter: other, guest }),
    proofOf(secret, "guest", { inviter, guest: other }),
    proofOf(secret.with(0, 6), "guest", { inviter, guest }),
  ];
  assert.equal(new Set(proofs.map(toHex)).size, proofs.length);
});
