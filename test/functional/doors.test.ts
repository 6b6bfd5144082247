/** Doors of real peers: lists that hold at once, modes that take no calls, and a network that only holders enter. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
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

const ALONE = ["--no-discovery", "--no-mine"];
const SOON_MS = 15_000;

async function isOnline(of: RealPeer, other: RealPeer): Promise<boolean> {
  const id = await peerIdOf(other);
  return (await must(of.client.people())).some((person) => person.peerId === id && person.online);
}

async function two(t: TestContext): Promise<readonly [RealPeer, RealPeer]> {
  return await Promise.all([
    peer(t, { name: "alice", flags: ALONE }),
    peer(t, { name: "bob", flags: ALONE }),
  ]);
}

test("a block holds at once and after a restart; taken off, the peer comes back", async (t) => {
  const [alice, bob] = await two(t);
  await connect(alice, bob);
  const doors = await must(bob.client.setDoors({ block: [await peerIdOf(alice)] }));
  assert.deepEqual(doors.block, [await peerIdOf(alice)]);
  await bob.until("has let alice go", SOON_MS, async () => ((await isOnline(bob, alice)) ? null : true));
  await alice.until("knows why", SOON_MS, async () => ((await isOnline(alice, bob)) ? null : true));
  const refused = await bob.until("has refused alice", SOON_MS, async () => {
    const { blocked = 0 } = (await must(bob.client.doors())).refused;
    return blocked > 0 ? blocked : null;
  });
  assert.ok(refused > 0);
  await bob.interrupt();
  const again = await restart(t, bob);
  assert.deepEqual((await must(again.client.doors())).block, [await peerIdOf(alice)]);
  const kept = await again.client.connect(await addressOf(alice).then((address) => address));
  assert.ok(!kept.ok && kept.fault.code === "kept-out", JSON.stringify(kept));
  await must(again.client.setDoors({ block: [] }));
  await must(again.client.connect(await addressOf(alice)));
  await seesOnline(again, alice);
});

test("an allow list lets in whom it names, by address or by key", async (t) => {
  const [alice, bob] = await two(t);
  await must(bob.client.setDoors({ allow: ["10.0.0.0/8"] }));
  const out = await alice.client.connect(await addressOf(bob));
  assert.ok(!out.ok, "127.0.0.1 is not in 10.0.0.0/8");
  assert.ok(((await must(bob.client.doors())).refused["not-allowed"] ?? 0) > 0);
  await must(bob.client.setDoors({ allow: ["10.0.0.0/8", await peerIdOf(alice)] }));
  await must(alice.client.connect(await addressOf(bob)));
  await seesOnline(alice, bob);
  await must(bob.client.setDoors({ allow: ["127.0.0.0/8"] }));
  assert.ok(await isOnline(alice, bob), "still fits, by its address");
  const bad = await bob.client.setDoors({ allow: ["bob"] });
  assert.ok(!bad.ok && bad.fault.code === "door-entry-malformed");
});

test("outbound only and no inbound listen on nothing, and still call others", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  for (const flag of ["--outbound-only", "--no-inbound"]) {
    const alice = await peer(t, { name: "alice", flags: ["--no-mine", flag] });
    const status = await must(alice.client.status());
    assert.deepEqual(status.addresses, []);
    assert.deepEqual(
      status.listening.filter(({ what }) => what !== "page" && !/page/i.test(what)),
      [],
      flag,
    );
    assert.ok(!status.warnings.some(({ code }) => code === "not-listening"));
    await must(alice.client.connect(await addressOf(bob)));
    await seesOnline(bob, alice);
    assert.equal((await must(alice.client.doors())).mode, flag.slice(2));
    await alice.interrupt();
  }
});

test("only holders of a network's key meet; the others are told and counted", async (t) => {
  const folder = freshFolder(t);
  const [one, two] = [join(folder, "one.key"), join(folder, "two.key")];
  for (const file of [one, two]) assert.equal((await waybill("network-key", file)).code, 0);
  const twice = await waybill("network-key", one);
  assert.equal(twice.code, 1);
  assert.match(twice.stderr, /never written over/);
  const keyed = (name: string, file: string) => peer(t, { name, flags: [...ALONE, "--network-key", file] });
  const [alice, bob, mallory, open] = await Promise.all([
    keyed("alice", one),
    keyed("bob", one),
    keyed("mallory", two),
    peer(t, { name: "open", flags: ALONE }),
  ]);
  assert.equal((await must(alice.client.doors())).privateNetwork, true);
  await connect(alice, bob);
  const slip = await must(alice.client.say(await peerIdOf(bob), "among us"));
  await alice.until("has its message delivered", SOON_MS, async () => {
    const { state } = await must(alice.client.slip(slip.id));
    return ["delivered", "receipted", "anchored"].includes(state) ? true : null;
  });
  for (const stranger of [mallory, open]) {
    const startedMs = performance.now();
    const refused = await stranger.client.connect(await addressOf(bob));
    assert.ok(!refused.ok, stranger.options.name);
    assert.match(`${refused.fault.cause} ${refused.fault.nextStep}`, /network key/);
    assert.ok(performance.now() - startedMs < 5_000, "at once, and not by a timeout");
  }
  assert.equal((await must(bob.client.doors())).refused["network-key"], 2);
  const outside = await bob.client.connect(await addressOf(open));
  assert.ok(!outside.ok);
  assert.match(`${outside.fault.cause} ${outside.fault.nextStep}`, /network key/);
  assert.equal((await must(open.client.doors())).refused["not-waybill"], 1);
});

test("doors are shown and set from the command line; a key that is none is refused", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  const data = ["--data", bob.options.dataDir];
  const blocked = await waybill("doors", "block", "45.67.89.0/24", ...data);
  assert.equal(blocked.code, 0, blocked.stderr);
  assert.match(blocked.stdout, /Blocked\s+45\.67\.89\.0\/24/);
  assert.equal((await waybill("doors", "block", "nonsense", ...data)).code, 1);
  assert.match((await waybill("doors", "forget", "45.67.89.0/24", ...data)).stdout, /1 entry taken off/);
  assert.equal((await waybill("doors", "ajar", ...data)).code, 2);
  const shown = JSON.parse((await waybill("doors", "--json", ...data)).stdout) as { mode: string };
  assert.equal(shown.mode, "open");
  const notAKey = await waybill(
    "start",
    "--data",
    freshFolder(t),
    "--no-open",
    "--network-key",
    "package.json",
  );
  assert.equal(notAKey.code, 1);
  assert.match(notAKey.stderr, /not the key of a private network/);
});
