/** The decisions of the network that need no socket: when to dial, what to hear, whom to let in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PeerId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { peerIdOfKey } from "#crypto/peer-id.ts";
import { memoryAddresses } from "#storage/memory/addresses.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { faultLog } from "#test/kit/real.ts";
import { AddressBook } from "./discovery/address-book.ts";
import { AnnouncementGuard } from "./discovery/announcement-guard.ts";
import { reachableFrom } from "./discovery/announcer.ts";
import { PeerDirectory } from "./discovery/directory.ts";
import { lanWarnings } from "./discovery/lan-warnings.ts";
import { broadcastOf } from "./discovery/local-interfaces.ts";
import { isAdmissiblePeer, settleTwo } from "./host/gate.ts";
import { parseListenAddress } from "./host/listen.ts";
import { Standings } from "./host/standing.ts";
import { startListening } from "./host/start-listening.ts";
import {
  ANNOUNCEMENT_MEMORY_MS,
  ANNOUNCEMENTS_BURST,
  ANNOUNCEMENTS_PER_SOURCE_BURST,
  ANNOUNCEMENTS_PER_SOURCE_PER_SECOND,
  BAN_MS,
  DEAD_SILENCE_MS,
  DIAL_TURN_MS,
  DIRECTORY_PEERS_MAX,
  HEARSAY_EXPIRY_MS,
  HEARTBEAT_PERIOD_MS,
  HEARTBEAT_TIMEOUT_MS,
  LEARNED_ADDRESS_EXPIRY_MS,
  REDIAL_ON_WORD_MIN_MS,
  REDIAL_OTHERS_MAX_MS,
  REDIAL_WANTED_MAX_MS,
  SIMULTANEOUS_DIAL_MS,
  STANDING_RECOVERY_PERIOD_MS,
  STANDING_REJECT_POINTS,
  TYPED_ADDRESSES_MAX,
  UNPROVEN_ADDRESSES_MAX,
} from "./limits.ts";
import { afterFailure, afterLoss, afterWord, firstAttempt, isDue, turnMs } from "./paths/dial-policy.ts";
import { dialProblem } from "./paths/dial-problem.ts";

const A = createKeypair(new Uint8Array(32).fill(1)).peerId;
const B = createKeypair(new Uint8Array(32).fill(2)).peerId;

test("pauses between dials grow, and stay short for whom the user wants", () => {
  for (const [isWanted, maxMs] of [
    [true, REDIAL_WANTED_MAX_MS],
    [false, REDIAL_OTHERS_MAX_MS],
  ] as const) {
    let attempts = firstAttempt(0);
    assert.equal(isDue(attempts, 0), true);
    const lots = 30;
    let nowMs = 0;
    const pauses: number[] = [];
    for (let time = 0; time < lots; time++) {
      attempts = afterFailure(attempts, nowMs, isWanted, 0.5);
      pauses.push(attempts.nextMs - nowMs);
      assert.equal(isDue(attempts, attempts.nextMs - 1), false);
      nowMs = attempts.nextMs;
    }
    assert.deepEqual(
      pauses.toSorted((a, b) => a - b),
      pauses,
    );
    assert.equal(pauses[0], 1000);
    assert.equal(pauses.at(-1), maxMs);
  }
});

test("chance spreads the pauses and never lengthens the longest", () => {
  fc.assert(
    fc.property(fc.nat({ max: 40 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, chance) => {
      const next = afterFailure({ failures, lastMs: 0, nextMs: 0 }, 0, true, chance);
      assert.ok(next.nextMs >= 750 && next.nextMs <= REDIAL_WANTED_MAX_MS);
    }),
  );
});

test("a word of the peer itself dials at once, but not twice in a moment", () => {
  const failed = afterFailure({ failures: 20, lastMs: null, nextMs: 0 }, 10_000, false, 0.5);
  assert.equal(afterWord(failed, 60_000).nextMs, 60_000);
  assert.equal(afterWord(failed, 10_001).nextMs, 10_000 + REDIAL_ON_WORD_MIN_MS);
  assert.equal(afterWord(failed, 60_000).failures, 0);
  assert.ok(afterLoss(5000, 0.9).nextMs - 5000 < 1000);
});

test("a dead path is noticed within 10 s", () => {
  // The last beat may have succeeded just before the path died, and the next one has its full time.
  assert.ok(HEARTBEAT_PERIOD_MS + HEARTBEAT_TIMEOUT_MS < 10_000);
  // Or was not answered while something else still came.
  assert.ok(DEAD_SILENCE_MS + HEARTBEAT_PERIOD_MS < 10_000);
});

test("both sides keep the same one of two connections dialled at once", () => {
  const other = (direction: "inbound" | "outbound") => (direction === "inbound" ? "outbound" : "inbound");
  const isKept = (self: PeerId, peer: PeerId, first: "inbound" | "outbound") =>
    settleTwo(self, peer, { direction: first, ageMs: 10 }, other(first)) === "keep-known";
  for (const firstAtA of ["inbound", "outbound"] as const) {
    for (const firstAtB of ["inbound", "outbound"] as const) {
      const keepsAtA = isKept(A, B, firstAtA) ? firstAtA : other(firstAtA);
      const keepsAtB = isKept(B, A, firstAtB) ? firstAtB : other(firstAtB);
      assert.equal(keepsAtA, other(keepsAtB), `${firstAtA} first at A, ${firstAtB} first at B`);
    }
  }
});

test("of two that one side dialled at once, that side alone chooses: the other one ends neither", () => {
  for (const [self, peer] of [
    [A, B],
    [B, A],
  ] as const) {
    assert.equal(settleTwo(self, peer, { direction: "outbound", ageMs: 10 }, "outbound"), "keep-known");
    assert.equal(settleTwo(self, peer, { direction: "inbound", ageMs: 10 }, "inbound"), "keep-both");
  }
});

test("a connection that is not new gives way: the other side has lost it, or would not have dialled", () => {
  for (const direction of ["inbound", "outbound"] as const) {
    for (const known of ["inbound", "outbound"] as const) {
      const standing = { direction: known, ageMs: SIMULTANEOUS_DIAL_MS };
      assert.equal(settleTwo(A, B, standing, direction), "keep-new");
    }
  }
});

test("keys that anybody could sign for stand for nobody", () => {
  assert.equal(isAdmissiblePeer(A), true);
  assert.equal(isAdmissiblePeer(peerIdOfKey(new Uint8Array(32))), false);
  assert.equal(isAdmissiblePeer(peerIdOfKey(new Uint8Array(32).with(0, 1))), false);
  assert.equal(isAdmissiblePeer("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N" as PeerId), false);
});

test("five rejected messages in a row end in a ban, which ends; spread over time they cost nothing", async () => {
  const clock = new SimulatedClock();
  const banned: PeerId[] = [];
  const standings = new Standings(clock, (peer) => banned.push(peer));
  for (let time = 0; time < 4; time++) standings.judge(A, "reject");
  standings.judge(A, "ignore");
  standings.judge(A, "accept");
  assert.deepEqual(banned, []);
  assert.equal(standings.points(A), -4 * STANDING_REJECT_POINTS);
  standings.judge(A, "reject");
  standings.judge(A, "reject");
  assert.deepEqual(banned, [A]);
  assert.equal(standings.isBanned(A), true);
  assert.equal(standings.isBanned(B), false);
  await clock.advance(BAN_MS + 1);
  assert.equal(standings.isBanned(A), false);
  for (let time = 0; time < 50; time++) {
    standings.judge(B, "reject");
    await clock.advance(STANDING_RECOVERY_PERIOD_MS * STANDING_REJECT_POINTS);
  }
  assert.equal(standings.points(B), 0);
  assert.deepEqual(banned, [A]);
});

function announcement(peer: PeerId, runMs: number, counter: number) {
  return {
    peer,
    runMs,
    counter,
    name: "a",
    chainPrefix: new Uint8Array(8),
    isNewcomer: false,
    port: 28411,
    addresses: ["/ip4/127.0.0.1/tcp/28411", "/ip4/10.0.0.9/tcp/28411"],
  };
}

test("one address cannot flood, and many cannot either", async () => {
  const clock = new SimulatedClock();
  const guard = new AnnouncementGuard(clock);
  const admitted = (source: string, packets: number) =>
    Array.from({ length: packets }, () => guard.admits(source)).filter(Boolean).length;
  assert.equal(admitted("10.0.0.1", 500), ANNOUNCEMENTS_PER_SOURCE_BURST);
  await clock.advance(1000);
  assert.equal(admitted("10.0.0.1", 500), ANNOUNCEMENTS_PER_SOURCE_PER_SECOND);
  await clock.advance(60_000);
  let sum = 0;
  for (let source = 0; source < 100; source++) sum += admitted(`10.1.0.${source}`, 50);
  assert.equal(sum, ANNOUNCEMENTS_BURST);
  assert.ok(guard.counts.flooded > 0);
});

test("a replay is dropped, a later run is heard, and after a minute of silence any clock is", async () => {
  const clock = new SimulatedClock();
  const guard = new AnnouncementGuard(clock);
  const hears = (runMs: number, counter: number) => {
    const heard = announcement(A, runMs, counter);
    if (!guard.isNews(heard)) return false;
    guard.accepted(heard, "10.0.0.1");
    return true;
  };
  assert.deepEqual(
    [hears(100, 1), hears(100, 1), hears(100, 0), hears(100, 2), hears(99, 9), hears(101, 0)],
    [true, false, false, true, false, true],
  );
  await clock.advance(ANNOUNCEMENT_MEMORY_MS + 1);
  assert.equal(hears(5, 1), true);
  assert.equal(guard.counts.replayed, 3);
});

test("loopback addresses count only for what came over loopback", () => {
  const heard = announcement(A, 1, 1);
  assert.deepEqual(reachableFrom(heard, "10.0.0.8"), ["/ip4/10.0.0.8/tcp/28411", "/ip4/10.0.0.9/tcp/28411"]);
  assert.deepEqual(reachableFrom(heard, "127.0.0.1"), [
    "/ip4/127.0.0.1/tcp/28411",
    "/ip4/10.0.0.9/tcp/28411",
  ]);
  assert.deepEqual(reachableFrom({ ...heard, port: 0, addresses: [] }, "10.0.0.9"), []);
  assert.deepEqual(reachableFrom({ ...heard, addresses: [] }, "fe80::1%eth0"), []);
});

test("the directed broadcast address of a network", () => {
  assert.equal(broadcastOf("192.168.1.20", "255.255.255.0"), "192.168.1.255");
  assert.equal(broadcastOf("10.1.2.3", "255.0.0.0"), "10.255.255.255");
  assert.equal(broadcastOf("172.16.5.130", "255.255.255.192"), "172.16.5.191");
});

test("an unreached peer is explained", () => {
  const cases: readonly [unknown, string][] = [
    [Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "connection-refused"],
    [new AggregateError([new Error("connect EHOSTUNREACH 10.0.0.1:5")]), "no-route"],
    [Object.assign(new Error("x"), { name: "TimeoutError" }), "no-answer"],
    [new Error("getaddrinfo ENOTFOUND nowhere"), "name-unknown"],
    [new Error("Can not dial self"), "address-own"],
    ["something else", "unreachable"],
  ];
  for (const [error, code] of cases) {
    const why = dialProblem(error, "10.0.0.1:5");
    assert.equal(why.code, code);
    assert.ok(why.cause.length > 0 && why.nextStep.length > 0);
  }
});

test("the address book keeps what was typed, and lets what was learned expire and make room", async () => {
  const clock = new SimulatedClock();
  const store = memoryAddresses();
  const book = new AddressBook(store, clock);
  assert.equal(book.rememberTyped("/ip4/10.0.0.1/tcp/5", null), true);
  const said = "/ip4/10.0.0.1/tcp/5";
  book.learn(B, ["/ip4/10.0.0.2/tcp/5"], said);
  book.reached("/ip4/10.0.0.1/tcp/5", A);
  assert.equal(book.isTyped(A), true);
  for (let at = 0; at < UNPROVEN_ADDRESSES_MAX + 10; at++) {
    await clock.advance(1);
    book.learn(A, [`/ip4/10.9.${at >> 8}.${at & 255}/tcp/5`], said);
  }
  assert.equal(store.list().length, UNPROVEN_ADDRESSES_MAX + 1);
  assert.equal(
    book.list().some((row) => row.peer === B),
    false,
    "the longest unused made room",
  );
  for (let at = 0; at < TYPED_ADDRESSES_MAX + 5; at++)
    book.rememberTyped(`/ip4/10.8.0.1/tcp/${at + 1}`, null);
  assert.equal(book.rememberTyped("/ip4/10.7.0.1/tcp/9", null), false);
  await clock.advance(LEARNED_ADDRESS_EXPIRY_MS + 1);
  const later = new AddressBook(store, clock);
  assert.equal(
    later.list().every((row) => row.source === "typed"),
    true,
  );
  assert.equal(store.list().length, TYPED_ADDRESSES_MAX);
  later.forget(A);
  assert.equal(later.isTyped(A), false);
});

test("the directory is bounded, forgets hearsay, and keeps who was met", async () => {
  const clock = new SimulatedClock();
  const { log } = faultLog();
  const directory = new PeerDirectory({ clock, log, isKept: () => false });
  const connection = { peer: A, path: "loopback", address: "/ip4/127.0.0.1/tcp/5", via: null } as const;
  directory.connected(connection, true);
  assert.deepEqual(directory.get(A)?.foundBy, ["inbound"]);
  for (let at = 0; at < DIRECTORY_PEERS_MAX + 20; at++) {
    await clock.advance(1);
    directory.heard(`p${at}` as PeerId, "exchange", [], null, `teller ${at % 8}` as PeerId);
  }
  assert.equal(directory.list().length, DIRECTORY_PEERS_MAX);
  assert.equal(directory.get(A)?.online, true);
  directory.disconnected(A);
  assert.equal(directory.get(A)?.problem?.code, "offline");
  await clock.advance(HEARSAY_EXPIRY_MS + 1);
  directory.prune();
  assert.deepEqual(
    directory.list().map((entry) => entry.peer),
    [A],
  );
});

test("the directory tells of changes and not of every heartbeat", () => {
  const { log } = faultLog();
  const directory = new PeerDirectory({ clock: new SimulatedClock(), log, isKept: () => false });
  let events = 0;
  directory.subscribe(() => {
    events += 1;
  });
  directory.heard(A, "typed", ["/ip4/10.0.0.1/tcp/5"]);
  directory.heard(A, "typed", ["/ip4/10.0.0.1/tcp/5"]);
  directory.connected({ peer: A, path: "lan", address: "/ip4/10.0.0.1/tcp/5", via: null }, false);
  directory.measured(A, 3.1);
  const before = events;
  directory.measured(A, 3.2);
  directory.sensed(A);
  assert.equal(events, before);
  directory.measured(A, 300);
  assert.equal(events, before + 1);
});

test("addresses to listen on", () => {
  assert.equal(parseListenAddress("127.0.0.1:0"), "/ip4/127.0.0.1/tcp/0");
  assert.equal(parseListenAddress("[::]:28411"), "/ip6/::/tcp/28411");
  assert.equal(parseListenAddress("/ip4/0.0.0.0/tcp/5"), "/ip4/0.0.0.0/tcp/5");
  for (const text of ["localhost:5", "5", "", "/ip4/1.2.3.4/udp/5", "1.2.3.4:70000"]) {
    assert.equal(parseListenAddress(text), null, text);
  }
});

test("a port that another peer took between the look and the listening is looked for again", async () => {
  const starts: { stopped: boolean }[] = [];
  const { host } = await startListening(["127.0.0.1:0"], async () => {
    const started = { stopped: false };
    starts.push(started);
    const addresses = starts.length < 3 ? [] : [`/ip4/127.0.0.1/tcp/5/p2p/${A}`];
    return {
      getMultiaddrs: () => addresses,
      stop: () => {
        started.stopped = true;
      },
    };
  });
  assert.deepEqual(
    starts.map(({ stopped }) => stopped),
    [true, true, false],
  );
  assert.equal(host.getMultiaddrs().length, 1);
});

test("a computer that no other can reach is told so, and what hinders mDNS", () => {
  const of = (...addresses: readonly string[]) => ({
    lo: [{ address: "127.0.0.1", family: "IPv4" as const, internal: true }],
    eth0: addresses.map((address) => ({
      address,
      family: address.includes(":") ? ("IPv6" as const) : ("IPv4" as const),
      internal: false,
    })),
  });
  const codes = (...addresses: readonly string[]) =>
    lanWarnings({ mdns: true, excluded: new Set() }, of(...addresses)).map(({ code }) => code);
  assert.deepEqual(codes(), ["no-network"]);
  assert.deepEqual(codes("fe80::1"), ["no-network"]);
  assert.deepEqual(codes("fe80::1", "fd77::1"), ["mdns-unavailable"]);
  assert.deepEqual(lanWarnings({ mdns: false, excluded: new Set() }, of("fd77::1")), []);
  const without = (name: string) =>
    lanWarnings({ mdns: true, excluded: new Set([name]) }, of("10.77.0.1")).map(({ code }) => code);
  assert.deepEqual(without("eth0"), ["interfaces-excluded"]);
  assert.deepEqual(without("eth1"), ["mdns-off"]);
  assert.deepEqual(codes("10.77.0.1", "fe80::1"), []);
  assert.deepEqual(codes("169.254.3.4"), []);
});

test("of two who hear of each other at once, one dials at once and the other waits for it", () => {
  assert.deepEqual(new Set([turnMs(A, B, 7), turnMs(B, A, 7)]), new Set([7, 7 + DIAL_TURN_MS]));
  // The one who dials at once is the one whose connection would be kept.
  const [first, second] = turnMs(A, B, 0) === 0 ? [A, B] : [B, A];
  assert.equal(settleTwo(first, second, { direction: "outbound", ageMs: 0 }, "inbound"), "keep-known");
  // Heard again while waiting: the turn does not move away.
  const waiting = firstAttempt(turnMs(second, first, 0));
  assert.equal(afterWord(waiting, turnMs(second, first, 200)).nextMs, DIAL_TURN_MS);
});
