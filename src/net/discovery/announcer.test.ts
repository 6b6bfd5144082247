/** Announcements on real sockets of loopback: a port that was held, interfaces left out, and what is counted. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createKeypair } from "#crypto/ed25519.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { ANNOUNCEMENT_PORT } from "#test/kit/peer-network.ts";
import { faultLog, realRandom } from "#test/kit/real.ts";
import { ANNOUNCEMENTS_BURST } from "../limits.ts";
import type { Announcement } from "./announcement.ts";
import { AnnouncementGuard } from "./announcement-guard.ts";
import { Announcer, type AnnouncerOptions, type HeardPeer, saidOn } from "./announcer.ts";
import { interfaceFinder, localInterfaces, type SystemInterfaces } from "./local-interfaces.ts";

const OPTIONS = { timeout: 10_000 };
const PERIOD_MS = 2_000;
const LOOPBACK =
  Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === "127.0.0.1"),
  )?.[0] ?? "";

async function open(seed: number, clock: SimulatedClock, change: Partial<AnnouncerOptions> = {}) {
  const heard: HeardPeer[] = [];
  const keypair = createKeypair(new Uint8Array(32).fill(seed));
  const { log, faults } = faultLog();
  const announcer = await Announcer.open(
    {
      keypair,
      chainId: new Uint8Array(32),
      port: ANNOUNCEMENT_PORT,
      lan: false,
      periodMs: PERIOD_MS,
      ...change,
    },
    {
      clock,
      random: realRandom,
      log,
      name: () => `peer ${seed}`,
      addresses: () => ["/ip4/127.0.0.1/tcp/28411"],
      onPeer: (peer) => heard.push(peer),
    },
  );
  return { announcer, heard, peer: keypair.peerId, faults };
}

/** Far more turns of the event loop than packets on loopback ever took. */
const TURNS_MAX = 5_000;

/** Lets simulated time pass, and real sockets have their turns, until it is so. */
async function until(clock: SimulatedClock, isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn++) {
    assert.ok(turn < TURNS_MAX, "not so in time");
    await clock.advance(PERIOD_MS);
    await nextTurn();
  }
}

test("a port that another program held at the start is heard on once it is free", OPTIONS, async () => {
  const clock = new SimulatedClock();
  const holder = createSocket("udp4");
  holder.bind({ port: ANNOUNCEMENT_PORT, address: "0.0.0.0", exclusive: true });
  await once(holder, "listening");
  const a = await open(1, clock);
  const b = await open(2, clock);
  assert.equal(a.announcer.problem?.code, "announcements-unavailable");
  assert.match(a.announcer.problem?.nextStep ?? "", /tried again by itself/);
  assert.ok(!a.announcer.hears.includes(4));
  holder.close();
  await until(clock, () => a.announcer.problem === null && b.announcer.problem === null);
  assert.ok(a.announcer.hears.includes(4));
  await until(clock, () => a.heard.some(({ peer }) => peer === b.peer));
  await Promise.all([a.announcer.close(), b.announcer.close()]);
  assert.deepEqual([...a.faults, ...b.faults], []);
});

test("on an interface that is left out nothing is said and nothing heard", OPTIONS, async () => {
  const clock = new SimulatedClock();
  const silent = await open(11, clock, { excluded: new Set([LOOPBACK]) });
  const a = await open(12, clock);
  const b = await open(13, clock);
  await until(clock, () => a.heard.some(({ peer }) => peer === b.peer) && b.heard.length > 2);
  assert.deepEqual(silent.heard, []);
  for (const { heard } of [a, b]) assert.ok(heard.every(({ peer }) => peer !== silent.peer));
  const row = silent.announcer.interfaces.list().find(({ name }) => name === LOOPBACK);
  assert.deepEqual([row?.excluded, row?.announcementsSent, row?.announcementsHeard], [true, 0, 0]);
  const counted = a.announcer.interfaces.list().find(({ name }) => name === LOOPBACK);
  assert.ok((counted?.announcementsSent ?? 0) > 0 && (counted?.announcementsHeard ?? 0) > 0);
  assert.ok(counted?.lastHeardMs !== null);
  await Promise.all([silent, a, b].map(({ announcer }) => announcer.close()));
});

test("a flood from many addresses does not drown one that proved itself", async () => {
  const clock = new SimulatedClock();
  const guard = new AnnouncementGuard(clock);
  const honest = "10.0.0.5";
  const announcement: Announcement = {
    peer: createKeypair(new Uint8Array(32).fill(3)).peerId,
    name: "honest",
    chainPrefix: new Uint8Array(8),
    runMs: 1,
    counter: 1,
    isNewcomer: false,
    port: 1,
    addresses: [],
  };
  assert.ok(guard.admits(honest));
  guard.accepted(announcement, honest);
  const admitted = Array.from({ length: 20_000 }, (_, at) =>
    guard.admits(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`),
  ).filter(Boolean).length;
  assert.ok(admitted <= ANNOUNCEMENTS_BURST, `${admitted} of a flood came through`);
  assert.ok(guard.admits(honest), "the honest one is heard in the middle of it");
  assert.ok(!guard.admits("10.255.0.1"), "another stranger has to wait");
});

test("on an interface only that is said which leads here from there, and nothing of one that is left out", () => {
  const [local] = localInterfaces(true, new Set(["lo", "tun0"]), SYSTEM);
  assert.ok(local !== undefined);
  const own = [
    "/ip4/10.1.0.2/tcp/28411",
    "/ip4/10.9.0.2/tcp/28411",
    "/ip4/127.0.0.1/tcp/28411",
    "/ip6/fd77::1/tcp/28411",
  ];
  const said = saidOn(local, own, new Set(["10.9.0.2"]));
  assert.deepEqual(said, { port: 28411, addresses: ["/ip6/fd77::1/tcp/28411"] });
});

const SYSTEM: SystemInterfaces = {
  lo: [{ address: "127.0.0.1", netmask: "255.0.0.0", family: "IPv4", internal: true, cidr: "127.0.0.1/8" }],
  eth0: [
    { address: "10.1.0.2", netmask: "255.255.0.0", family: "IPv4", internal: false, cidr: "10.1.0.2/16" },
    {
      address: "fe80::2",
      netmask: "ffff:ffff:ffff:ffff::",
      family: "IPv6",
      internal: false,
      cidr: "fe80::2/64",
    },
  ],
  tun0: [{ address: "10.9.0.2", netmask: "0.0.0.0", family: "IPv4", internal: false, cidr: "10.9.0.2/0" }],
};

test("interfaces are told apart by the sender's network, or by its zone", () => {
  const interfaceOf = interfaceFinder(SYSTEM);
  assert.equal(interfaceOf("10.1.200.3"), "eth0");
  assert.equal(interfaceOf("127.0.0.1"), "lo");
  assert.equal(interfaceOf("fe80::77%wlan0"), "wlan0");
  // A network of the whole world claims nothing.
  assert.equal(interfaceOf("8.8.8.8"), null);
  const names = (excluded: readonly string[]) =>
    localInterfaces(true, new Set(excluded), SYSTEM).map(({ name, family }) => `${name} ${family}`);
  assert.deepEqual(names([]), ["lo 4", "eth0 4", "eth0 6", "tun0 4"]);
  assert.deepEqual(names(["eth0"]), ["lo 4", "tun0 4"]);
});
