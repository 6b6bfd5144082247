/** Who is let in, and who gives way: lists, half-open connections, handshakes and places, without a socket. */
import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import type { PeerId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import {
  CONNECTIONS_MAX,
  DOOR_ENTRIES_MAX,
  HALF_OPEN_GRACE_MS,
  HALF_OPEN_MAX,
  HALF_OPEN_PER_OWN_ADDRESS_MAX,
  HALF_OPEN_PER_PUBLIC_ADDRESS_MAX,
  HALF_OPEN_SILENT_MS,
  HANDSHAKES_BURST,
  HANDSHAKES_PER_PUBLIC_ADDRESS_BURST,
  HANDSHAKES_PER_PUBLIC_ADDRESS_PER_SECOND,
  INBOUND_PER_OWN_ADDRESS_MAX,
  INBOUND_PER_PUBLIC_ADDRESS_MAX,
  INBOUND_PER_PUBLIC_GROUP_MAX,
  INBOUND_PER_RELAY_MAX,
  OUTBOUND_RESERVED,
  UPGRADE_TIMEOUT_MS,
} from "../limits.ts";
import { DoorLaw, parseDoorEntry, parseDoorList } from "./door-lists.ts";
import { type ArrivingConnection, type DoorMode, Doors, OPEN_DOORS } from "./doors.ts";
import { InboundPlaces } from "./inbound-places.ts";
import { placeOf } from "./network-group.ts";

const A = createKeypair(new Uint8Array(32).fill(1)).peerId;
const B = createKeypair(new Uint8Array(32).fill(2)).peerId;
const RELAY = createKeypair(new Uint8Array(32).fill(3)).peerId;

/** Peer ids that no key stands behind: the doors compare them and no more. */
const someone = (at: number) => `sybil-${at}` as PeerId;

class FakeConnection implements ArrivingConnection {
  readonly remoteAddr: string;
  readonly direction = "inbound";
  isOpen = true;
  readonly #onClose: (() => void)[] = [];

  constructor(remoteAddr: string) {
    this.remoteAddr = remoteAddr;
  }

  get status(): string {
    return this.isOpen ? "open" : "aborted";
  }

  addEventListener(_type: "close", listener: () => void): void {
    this.#onClose.push(listener);
  }

  abort(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const tell of this.#onClose) tell();
  }
}

/** One that has said nothing yet. */
class SilentConnection extends FakeConnection {
  readonly socket = new Socket();
}

/** One that has named a protocol and then stalls. */
class StalledConnection extends FakeConnection {
  readonly socket = new (class extends Socket {
    override readonly bytesRead = 32;
  })();
}

/** As the host does with whoever is not let in. */
function call(doors: Doors, connection: FakeConnection): FakeConnection {
  if (!doors.begins(connection)) connection.abort();
  return connection;
}

const from = (host: string) => new FakeConnection(`/ip4/${host}/tcp/40000`);
const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);

function openDoors(change: Partial<typeof OPEN_DOORS> = {}, isProtected?: (peer: PeerId) => boolean) {
  const clock = new SimulatedClock();
  const dependencies = isProtected === undefined ? { clock } : { clock, isProtected };
  return { clock, doors: new Doors({ ...OPEN_DOORS, ...change }, dependencies) };
}

test("addresses that one holder has count as one, and private ranges as no group at all", () => {
  const groups: readonly (readonly [string, string, string])[] = [
    ["45.67.89.1", "45.67.89.1", "45.67.0.0/16"],
    ["::ffff:45.67.89.1", "45.67.89.1", "45.67.0.0/16"],
    ["64:ff9b::2d43:5901", "45.67.89.1", "45.67.0.0/16"],
    ["2002:2d43:5901:7::9", "45.67.89.1", "45.67.0.0/16"],
    ["2a01:4f8:1:2:3:4:5:6", "2a01:4f8:1:2::/64", "2a01:4f8:1::/48"],
    ["2a01:4f8:1:2::9", "2a01:4f8:1:2::/64", "2a01:4f8:1::/48"],
    ["192.168.1.9", "192.168.1.9", "own"],
    ["100.70.1.2", "100.70.1.2", "own"],
    ["127.0.0.1", "127.0.0.1", "own"],
    ["fe80::1%eth0", "fe80::1", "own"],
    ["fd00::1", "fd00::1", "own"],
    ["::1", "::1", "own"],
  ];
  for (const [host, address, group] of groups) {
    const place = placeOf(host);
    assert.deepEqual([place?.address, place?.group], [address, group], host);
    assert.equal(place?.reach, group === "own" ? "own" : "public");
  }
  assert.equal(placeOf("example.org"), null);
  fc.assert(fc.property(fc.ipV6(), (host) => placeOf(host) !== null));
});

test("entries of the lists have one form each; what is none is refused in words", () => {
  const good: readonly (readonly [string, string])[] = [
    [` ${A} `, A],
    ["192.168.1.20", "192.168.1.20"],
    ["192.168.1.20/32", "192.168.1.20"],
    ["192.168.1.0/24", "192.168.1.0/24"],
    ["2A01:4F8::/32", "2a01:4f8::/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
  ];
  for (const [text, entry] of good) {
    const parsed = parseDoorEntry(text);
    assert.ok(parsed.ok, text);
    assert.equal(parsed.value, entry);
    assert.deepEqual(parseDoorEntry(entry), parsed);
  }
  for (const text of [
    "",
    "bob",
    "1.2.3",
    "1.2.3.4/33",
    "1.2.3.4/08",
    "::/129",
    "fe80::1%eth0",
    "1.2.3.4/8/8",
  ]) {
    const parsed = parseDoorEntry(text);
    assert.ok(!parsed.ok && parsed.fault.code === "door-entry-malformed", text);
  }
  fc.assert(fc.property(fc.string(), (text) => typeof parseDoorEntry(text).ok === "boolean"));
  const tooMany = parseDoorList(Array.from({ length: DOOR_ENTRIES_MAX + 1 }, () => A));
  assert.ok(!tooMany.ok && tooMany.fault.code === "door-list-full");
  assert.deepEqual(parseDoorList([A, A]), { ok: true, value: [A] });
});

test("block beats allow, an empty allow list lets all in, and a hidden address lets nobody in", () => {
  const law = new DoorLaw({ allow: [A, "10.0.0.0/8"], block: ["10.0.0.7", B] });
  const judge = (peer: PeerId | null, host: string | null) => law.judge({ peer, host });
  assert.equal(judge(A, "45.67.89.1"), "admitted");
  assert.equal(judge(RELAY, "10.1.2.3"), "admitted");
  assert.equal(judge(RELAY, "::ffff:10.1.2.3"), "admitted");
  assert.equal(judge(RELAY, "45.67.89.1"), "not-allowed");
  assert.equal(judge(RELAY, null), "not-allowed");
  assert.equal(judge(A, "10.0.0.7"), "blocked");
  assert.equal(judge(B, "10.1.2.3"), "blocked");
  // Not known yet who calls: it may be A.
  assert.equal(judge(null, "45.67.89.1"), "admitted");
  assert.equal(
    new DoorLaw({ allow: ["10.0.0.0/8"], block: [] }).judge({ peer: null, host: "8.8.8.8" }),
    "not-allowed",
  );
  assert.equal(new DoorLaw({ allow: [], block: [B] }).judge({ peer: A, host: null }), "admitted");
});

test("silent callers give way at once, and are dropped in any case after a while", async () => {
  const { clock, doors } = openDoors();
  const all = Array.from({ length: 5000 }, () => {
    return call(doors, new SilentConnection("/ip4/127.0.0.1/tcp/40000"));
  });
  assert.equal(open(all), HALF_OPEN_PER_OWN_ADDRESS_MAX);
  // The last one finds a place however many came before it.
  const honest = from("127.0.0.1");
  assert.equal(doors.begins(honest), true);
  assert.equal(doors.enters(A, honest), true);
  await clock.advance(HALF_OPEN_SILENT_MS + UPGRADE_TIMEOUT_MS);
  assert.equal(open(all), 0);
  assert.equal(honest.isOpen, true);
  assert.equal(sum(doors.refusals()), 5000);
});

test("a caller within its handshake is not pushed out by newcomers while it is young", async () => {
  const { clock, doors } = openDoors();
  // Nobody can tell how much a connection without a socket has read: it counts as busy.
  const busy = Array.from({ length: HALF_OPEN_PER_PUBLIC_ADDRESS_MAX }, () => from("45.67.89.1"));
  for (const each of busy) assert.equal(doors.begins(each), true);
  assert.equal(doors.begins(from("45.67.89.1")), false);
  assert.ok(busy.every(({ isOpen }) => isOpen));
  assert.equal(doors.begins(from("45.67.89.2")), true, "elsewhere there is room");
  await clock.advance(HALF_OPEN_GRACE_MS);
  assert.equal(doors.begins(from("45.67.89.1")), true);
  assert.equal(busy.filter(({ isOpen }) => isOpen).length, HALF_OPEN_PER_PUBLIC_ADDRESS_MAX - 1);
  assert.equal(doors.refusals()["half-open-full"], 1);
});

test("callers stuck in their handshakes leave half of the places to newcomers, who are silent at first", async () => {
  const { clock, doors } = openDoors();
  const arrive = (count: number, create: () => FakeConnection) =>
    Array.from({ length: count }, () => call(doors, create()));
  const stalled = arrive(1000, () => new StalledConnection("/ip4/127.0.0.1/tcp/1"));
  assert.equal(open(stalled), HALF_OPEN_PER_OWN_ADDRESS_MAX);
  await clock.advance(HALF_OPEN_GRACE_MS);
  const newcomers = arrive(1000, () => new SilentConnection("/ip4/127.0.0.1/tcp/1"));
  assert.equal(open(newcomers), HALF_OPEN_PER_OWN_ADDRESS_MAX / 2);
  assert.ok(
    newcomers.slice(-HALF_OPEN_PER_OWN_ADDRESS_MAX / 2).every(({ isOpen }) => isOpen),
    "the last ones",
  );
});

test("however many call from wherever, half-open connections stay within their bound", async () => {
  const { clock, doors } = openDoors();
  const all: FakeConnection[] = [];
  let most = 0;
  for (let at = 0; at < 3000; at++) {
    const address = `/ip4/45.${at % 250}.${Math.floor(at / 250)}.1/tcp/1`;
    all.push(call(doors, at % 2 === 0 ? new FakeConnection(address) : new SilentConnection(address)));
    if (at % 100 === 0) await clock.advance(100);
    most = Math.max(most, open(all));
  }
  assert.equal(most, HALF_OPEN_MAX);
});

test("handshakes are paid for by address and in all", async () => {
  const { clock, doors } = openDoors();
  const allowed = (host: string, times: number) =>
    Array.from({ length: times }, () => doors.mayHandshake(`/ip4/${host}/tcp/1`)).filter(Boolean).length;
  assert.equal(allowed("45.67.89.1", 1000), HANDSHAKES_PER_PUBLIC_ADDRESS_BURST);
  await clock.advance(1000);
  assert.equal(allowed("45.67.89.1", 1000), HANDSHAKES_PER_PUBLIC_ADDRESS_PER_SECOND);
  await clock.advance(60_000);
  let total = 0;
  for (let at = 0; at < 200; at++) total += allowed(`45.67.${at}.1`, 10);
  assert.equal(total, HANDSHAKES_BURST);
  assert.ok((doors.refusals()["handshakes-of-address"] ?? 0) > 0);
  assert.ok((doors.refusals()["handshakes-in-all"] ?? 0) > 0);
});

function enter(doors: Doors, count: number, addressOf: (at: number) => string): FakeConnection[] {
  return Array.from({ length: count }, (_, at) => {
    const connection = new FakeConnection(addressOf(at));
    if (!doors.enters(someone(at), connection)) connection.abort();
    return connection;
  });
}

const open = (connections: readonly FakeConnection[]) => connections.filter(({ isOpen }) => isOpen).length;

test("thousands of sybils hold no more than their address, group and relay may", () => {
  const one = openDoors().doors;
  assert.equal(open(enter(one, 3000, () => "/ip4/45.67.89.1/tcp/1")), INBOUND_PER_PUBLIC_ADDRESS_MAX);
  const group = openDoors().doors;
  const inGroup = (at: number) => `/ip4/45.67.${at % 200}.${Math.floor(at / 200)}/tcp/1`;
  assert.equal(open(enter(group, 3000, inGroup)), INBOUND_PER_PUBLIC_GROUP_MAX);
  const site = openDoors().doors;
  const inSite = (at: number) => `/ip6/2a01:4f8:1:${at.toString(16)}::1/tcp/1`;
  assert.equal(open(enter(site, 3000, inSite)), INBOUND_PER_PUBLIC_GROUP_MAX);
  const relayed = openDoors().doors;
  const overRelay = (at: number) => `/ip4/45.67.89.1/tcp/1/p2p/${RELAY}/p2p-circuit/p2p/${at}`;
  assert.equal(open(enter(relayed, 3000, overRelay)), INBOUND_PER_RELAY_MAX);
});

test("a whole class on one LAN, or behind one router, comes in", () => {
  const lan = openDoors().doors;
  assert.equal(open(enter(lan, 60, (at) => `/ip4/192.168.1.${at}/tcp/1`)), 60);
  const here = openDoors().doors;
  assert.equal(
    open(enter(here, INBOUND_PER_OWN_ADDRESS_MAX, () => "/ip4/127.0.0.1/tcp/1")),
    INBOUND_PER_OWN_ADDRESS_MAX,
  );
  const school = openDoors().doors;
  assert.equal(open(enter(school, 40, () => "/ip4/45.67.89.1/tcp/1")), 40);
});

test("when all places are taken, a caller from elsewhere gets one of the most crowded group, a contact any", () => {
  const total = CONNECTIONS_MAX - OUTBOUND_RESERVED;
  const { doors } = openDoors({}, (peer) => peer === A || peer === B);
  const crowd = enter(
    doors,
    1000,
    (at) => `/ip4/45.${60 + (at % 3)}.${Math.floor(at / 250)}.${at % 250}/tcp/1`,
  );
  assert.equal(open(crowd), total);
  const elsewhere = from("8.8.8.8");
  assert.equal(doors.enters(someone(5000), elsewhere), true);
  assert.equal(open(crowd), total - 1);
  assert.equal(doors.enters(someone(5001), from("45.60.9.9")), false, "of a crowded group itself");
  assert.equal(doors.enters(A, from("45.60.9.10")), true, "a protected peer");
  assert.equal(open(crowd) + 2, total);
});

test("those who are protected never give way", () => {
  const limits = {
    total: 4,
    perOwnAddress: 9,
    perPublicAddress: 9,
    perPublicGroup: 9,
    perRelay: 9,
    relayed: 9,
  };
  const places = new InboundPlaces(limits, () => true);
  const origin = (host: string) => {
    const place = placeOf(host);
    assert.ok(place !== null);
    return { via: "address", host, place } as const;
  };
  for (let at = 0; at < 4; at++)
    assert.equal(places.take(from("8.8.8.8"), someone(at), origin("8.8.8.8")), null);
  assert.equal(places.take(from("9.9.9.9"), someone(9), origin("9.9.9.9")), "all-full");
});

test("a tracker that the user named is called, whatever the allow list says, unless it is blocked", () => {
  const remote = "/ip4/45.67.89.1/tcp/28412";
  const lists = { allow: ["10.0.0.0/8"], block: [] as string[], mode: "open" as const };
  const isTracker = (peer: PeerId | null, at: string) => peer === RELAY || at === remote;
  const doors = new Doors(lists, { clock: new SimulatedClock(), isTracker });
  assert.equal(doors.mayDial({ peer: null, host: "45.67.89.1" }, remote), true);
  assert.equal(doors.mayDial({ peer: null, host: "45.67.89.2" }, "/ip4/45.67.89.2/tcp/1"), false);
  assert.equal(doors.admits(RELAY, remote, "outbound"), true);
  assert.equal(doors.admits(RELAY, "/ip4/45.67.89.1/tcp/1", "inbound"), false);
  doors.change({ ...lists, block: [RELAY] });
  assert.equal(doors.admits(RELAY, remote, "outbound"), false);
});

test("whoever can never be admitted is not called; whoever may yet turn out to be, is", () => {
  const byKey = openDoors({ allow: [A] }).doors;
  assert.equal(byKey.mayDial({ peer: B, host: null }), false);
  assert.equal(byKey.mayDial({ peer: A, host: null }), true);
  const byAddress = openDoors({ allow: ["10.0.0.0/8"] }).doors;
  assert.equal(byAddress.mayDial({ peer: B, host: null }), true);
  assert.equal(byAddress.mayDial({ peer: B, host: "8.8.8.8" }), false);
});

test("the mode says who may begin a connection", () => {
  const direct = "/ip4/45.67.89.1/tcp/1";
  const relayed = `/ip4/45.67.89.1/tcp/1/p2p/${RELAY}/p2p-circuit/p2p/${A}`;
  const taken = (mode: DoorMode, remote: string) =>
    openDoors({ mode }).doors.begins(new FakeConnection(remote));
  assert.deepEqual([taken("open", direct), taken("open", relayed)], [true, true]);
  assert.deepEqual([taken("outbound-only", direct), taken("outbound-only", relayed)], [false, true]);
  assert.deepEqual([taken("no-inbound", direct), taken("no-inbound", relayed)], [false, false]);
  const { doors } = openDoors({ mode: "no-inbound" });
  assert.equal(doors.admits(A, direct, "outbound"), true);
  assert.equal(doors.admits(A, relayed, "inbound"), false);
  assert.equal(doors.fits({ remoteAddr: direct, remotePeer: A, direction: "inbound" }), false);
  assert.equal(doors.fits({ remoteAddr: direct, remotePeer: A, direction: "outbound" }), true);
  assert.deepEqual(doors.refusals(), { mode: 1 });
});

test("changed lists hold for those who come, and tell who no longer fits", () => {
  const { doors } = openDoors();
  const standing = { remoteAddr: "/ip4/45.67.89.1/tcp/1", remotePeer: A, direction: "outbound" } as const;
  assert.equal(doors.fits(standing), true);
  doors.change({ mode: "open", allow: [], block: ["45.67.0.0/16"] });
  assert.equal(doors.fits(standing), false);
  assert.equal(doors.begins(from("45.67.1.1")), false);
  assert.equal(doors.mayDial({ peer: null, host: "45.67.1.1" }), false);
  doors.change({ mode: "open", allow: [B], block: [] });
  assert.equal(doors.fits(standing), false);
  assert.equal(doors.admits(B, "/ip4/45.67.89.1/tcp/1", "inbound"), true);
  assert.deepEqual(doors.refusals(), { blocked: 1 });
});

test("a caller that is gone before it is let in takes no place", () => {
  const { doors } = openDoors();
  for (let at = 0; at < 2 * INBOUND_PER_PUBLIC_ADDRESS_MAX; at++) {
    const hasty = call(doors, from("8.8.8.8"));
    hasty.abort();
    assert.equal(doors.enters(someone(at), hasty), false);
  }
  assert.equal(doors.enters(A, from("8.8.8.8")), true);
});
