/** Thousands of sybils fill no more than their share of what this peer knows, calls and keeps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PeerId } from "#base/brand.ts";
import { memoryAddresses } from "#storage/memory/addresses.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { faultLog } from "#test/kit/real.ts";
import { AddressBook } from "../discovery/address-book.ts";
import { PeerDirectory } from "../discovery/directory.ts";
import { ConnectionBook } from "../host/connection-book.ts";
import {
  ANCHOR_WINDOW_MS,
  ANCHORS_MAX,
  DIRECTORY_PEERS_MAX,
  FEELER_PERIOD_MS,
  HEARSAY_PER_SOURCE_MAX,
  OUTBOUND_FLOOR,
  OUTBOUND_FLOOR_PER_GROUP_MAX,
  PROVEN_ADDRESSES_MAX,
  PROVEN_PER_GROUP_MAX,
  REACHED_WRITE_PERIOD_MS,
  UNASKED_CONNECTIONS_MAX,
  UNASKED_PER_GROUP_MAX,
  UNPROVEN_ADDRESSES_MAX,
  UNPROVEN_PER_SOURCE_MAX,
} from "../limits.ts";
import { CallList } from "../paths/call-list.ts";
import { type Candidate, chooseAnchors, chooseFeeler, publicGroupOf, whomToCall } from "./eclipse.ts";
import { Feelers } from "./feelers.ts";

const SYBILS = 5_000;
const someone = (name: string) => name as PeerId;
/** Addresses of as many /16 as `groups`. */
const publicAddress = (at: number, groups: number) =>
  `/ip4/${45 + (at % groups)}.${Math.floor((at % groups) / 200)}.${(at >> 8) & 255}.${at & 255}/tcp/28411`;

function candidate(name: string, address: string, change: Partial<Candidate> = {}): Candidate {
  const usual = { isWanted: false, isAnchor: false, isNear: false, isProven: false };
  return { peer: someone(name), addresses: [address], ...usual, ...change };
}

const sybils = (groups: number) =>
  Array.from({ length: SYBILS }, (_, at) => candidate(`sybil ${at}`, publicAddress(at, groups)));

test("of many strangers of one network few are called, and whom the user chose always is", () => {
  const friend = candidate("friend", "/ip4/45.0.9.9/tcp/1", { isWanted: true });
  const elsewhere = candidate("elsewhere", "/ip4/8.8.8.8/tcp/1");
  const called = whomToCall([...sybils(1), friend, elsewhere], { connected: 0, outbound: [] });
  assert.equal(called[0], friend);
  assert.ok(called.includes(elsewhere));
  assert.equal(called.length, UNASKED_PER_GROUP_MAX + 2);
});

test("anchors are called before the proven, those before mere word", () => {
  const anchor = candidate("anchor", "/ip4/8.8.8.8/tcp/1", { isAnchor: true, isProven: true });
  const proven = candidate("proven", "/ip4/9.9.9.9/tcp/1", { isProven: true });
  const called = whomToCall([...sybils(100), proven, anchor], { connected: 0, outbound: [] });
  assert.deepEqual(called.slice(0, 2), [anchor, proven]);
  assert.equal(called.length, UNASKED_CONNECTIONS_MAX);
});

test("however many call, some are called from here, in different networks", () => {
  const crowded = { connected: 236, outbound: [] };
  const called = whomToCall(sybils(20), crowded);
  assert.equal(called.length, OUTBOUND_FLOOR);
  const perGroup = Map.groupBy(called, ({ addresses }) => publicGroupOf(addresses[0] ?? ""));
  assert.ok([...perGroup.values()].every((each) => each.length <= OUTBOUND_FLOOR_PER_GROUP_MAX));
  const held = called.map(({ addresses }) => addresses[0] ?? "");
  assert.deepEqual(whomToCall(sybils(20), { connected: 236, outbound: held }), []);
});

test("a whole LAN is called, whatever its addresses", () => {
  const class60 = Array.from({ length: 60 }, (_, at) =>
    candidate(`pupil ${at}`, `/ip4/192.168.1.${at}/tcp/1`),
  );
  assert.equal(whomToCall(class60, { connected: 0, outbound: [] }).length, 60);
  const withPublicV6 = candidate("both", "/ip6/2a01:4f8::1/tcp/1", {
    addresses: ["/ip4/192.168.1.2/tcp/1", "/ip6/2a01:4f8::1/tcp/1"],
  });
  const neighbours = Array.from({ length: 40 }, () => ({ ...withPublicV6, isNear: true }));
  assert.equal(whomToCall(neighbours, { connected: 0, outbound: [] }).length, 40);
});

test("strangers of one network who name private addresses or relays beside are of that network all the same", () => {
  for (const beside of ["/ip4/192.168.1.7/tcp/1", `/ip4/9.9.9.9/tcp/1/p2p/12D3Koo/p2p-circuit`]) {
    const crowd = sybils(1).map((each) => ({ ...each, addresses: [beside, ...each.addresses] }));
    const idle = { connected: 0, outbound: [] };
    assert.equal(whomToCall(crowd, idle).length, UNASKED_PER_GROUP_MAX);
    const crowded = { connected: UNASKED_CONNECTIONS_MAX, outbound: [] };
    assert.equal(whomToCall(crowd, crowded).length, OUTBOUND_FLOOR_PER_GROUP_MAX);
  }
});

test("calls stay within their bounds for any crowd", () => {
  const any = fc.record({
    group: fc.nat({ max: 30 }),
    isAnchor: fc.boolean(),
    isProven: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 300 }), fc.nat({ max: 300 }), (crowd, connected) => {
      const all = crowd.map(({ group, ...rest }, at) =>
        candidate(`${at}`, `/ip4/45.${group}.0.${at % 250}/tcp/1`, rest),
      );
      const called = whomToCall(all, { connected, outbound: [] });
      const groups = Map.groupBy(called, ({ addresses }) => publicGroupOf(addresses[0] ?? ""));
      const most = Math.max(0, ...[...groups.values()].map((each) => each.length));
      return (
        called.length <= Math.max(OUTBOUND_FLOOR, UNASKED_CONNECTIONS_MAX - connected) &&
        most <= UNASKED_PER_GROUP_MAX &&
        new Set(called).size === called.length
      );
    }),
  );
});

test("a flood of addresses pushes out words alone: what answered us stays", async () => {
  const clock = new SimulatedClock();
  const store = memoryAddresses();
  const book = new AddressBook(store, clock);
  const honest = Array.from({ length: 50 }, (_, at) => `/ip4/${60 + at}.1.1.1/tcp/28411`);
  for (const [at, address] of honest.entries()) {
    book.learn(someone(`honest ${at}`), [address], address);
    book.reached(address, someone(`honest ${at}`));
  }
  for (let at = 0; at < SYBILS; at++) {
    if (at % 10 === 0) await clock.advance(1);
    book.learn(someone(`sybil ${at}`), [publicAddress(at, 200)], publicAddress(at, 200));
  }
  const kept = new Set(book.list().map(({ address }) => address));
  assert.ok(honest.every((address) => kept.has(address)));
  assert.ok(kept.size <= honest.length + UNPROVEN_ADDRESSES_MAX, `${kept.size}`);
  // Again from what was stored: nothing of it hangs on memory.
  const again = new AddressBook(store, clock);
  assert.deepEqual(again.list(), book.list());
});

test("callers of one network tell of so many addresses and no more", () => {
  const book = new AddressBook(memoryAddresses(), new SimulatedClock());
  for (let at = 0; at < SYBILS; at++) {
    book.learn(someone(`sybil ${at}`), [publicAddress(at, 200)], `/ip4/45.67.${at & 255}.9/tcp/1`);
  }
  assert.equal(book.list().length, UNPROVEN_PER_SOURCE_MAX);
  book.learn(someone("honest"), ["/ip4/8.8.8.8/tcp/1"], "/ip4/8.8.8.8/tcp/1");
  assert.equal(book.list().length, UNPROVEN_PER_SOURCE_MAX + 1);
});

test("sybils that do answer fill their group's share of the proven, and no more than all of it", async () => {
  const clock = new SimulatedClock();
  const prove = async (groups: number) => {
    const book = new AddressBook(memoryAddresses(), clock);
    for (let at = 0; at < 2_000; at++) {
      await clock.advance(1);
      const address = publicAddress(at, groups);
      book.learn(someone(`sybil ${at}`), [address], "/ip4/192.168.1.1/tcp/1");
      book.reached(address, someone(`sybil ${at}`));
    }
    return book.list().length;
  };
  assert.equal(await prove(1), PROVEN_PER_GROUP_MAX);
  assert.equal(await prove(150), PROVEN_ADDRESSES_MAX);
});

test("somebody else's word does not take a proven address", () => {
  const book = new AddressBook(memoryAddresses(), new SimulatedClock());
  book.learn(someone("bob"), ["/ip4/8.8.8.8/tcp/1"], "/ip4/8.8.8.8/tcp/1");
  book.reached("/ip4/8.8.8.8/tcp/1", someone("bob"));
  book.learn(someone("mallory"), ["/ip4/8.8.8.8/tcp/1"], "/ip4/9.9.9.9/tcp/1");
  assert.deepEqual(
    book.list().map(({ peer }) => peer),
    ["bob"],
  );
});

test("anchors are the longest known of those held at the end, in different networks", async () => {
  const clock = new SimulatedClock();
  const store = memoryAddresses();
  const book = new AddressBook(store, clock);
  const hold = (name: string, address: string) => {
    book.learn(someone(name), [address], address);
    book.reached(address, someone(name));
  };
  hold("gone", "/ip4/7.7.7.7/tcp/1");
  const held: readonly (readonly [string, string])[] = [
    ["old", "/ip4/8.8.8.8/tcp/1"],
    ["same network", "/ip4/8.8.9.9/tcp/1"],
    ["second", "/ip4/9.9.9.9/tcp/1"],
    ["neighbour", "/ip4/192.168.1.5/tcp/1"],
    ["other neighbour", "/ip4/192.168.1.6/tcp/1"],
    ["late", "/ip4/11.1.1.1/tcp/1"],
  ];
  for (const [name, address] of held) {
    await clock.advance(1000);
    hold(name, address);
  }
  await clock.advance(ANCHOR_WINDOW_MS + 10_000);
  // Still held: noted again and again, and not only in the end.
  for (const [name, address] of held) book.reached(address, someone(name));
  assert.deepEqual(
    [...new AddressBook(store, clock).anchors],
    ["old", "second", "neighbour", "other neighbour"],
  );
  assert.equal(chooseAnchors(store.list()).size, ANCHORS_MAX);
  assert.equal(new AddressBook(memoryAddresses(), clock).anchors.size, 0);
});

test("one who tells of thousands crowds out those it told of, and nobody who answered us", async () => {
  const clock = new SimulatedClock();
  const directory = new PeerDirectory({ clock, log: faultLog().log, isKept: () => false });
  directory.heard(someone("proven"), null, ["/ip4/8.8.8.8/tcp/1"]);
  directory.proven(someone("proven"));
  directory.heard(someone("honest word"), "exchange", [], null, someone("honest teller"));
  for (let at = 0; at < SYBILS; at++) {
    await clock.advance(1);
    directory.heard(someone(`sybil ${at}`), "exchange", [], null, someone("mallory"));
  }
  assert.equal(directory.list().length, HEARSAY_PER_SOURCE_MAX + 2);
  assert.ok(directory.get(someone("proven")) !== null && directory.get(someone("honest word")) !== null);
  // Many tellers together: the list is bounded, and who answered stays.
  for (let at = 0; at < SYBILS; at++) {
    await clock.advance(1);
    directory.heard(someone(`more ${at}`), "exchange", [], null, someone(`teller ${at % 50}`));
  }
  assert.equal(directory.list().length, DIRECTORY_PEERS_MAX);
  assert.ok(directory.get(someone("proven")) !== null);
});

test("a feeler is drawn from networks, not from addresses", () => {
  const crowd = [...sybils(1), candidate("elsewhere", "/ip4/8.8.8.8/tcp/1")];
  let state = 1;
  const below = (bound: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
  const drawn = Array.from({ length: 100 }, () => chooseFeeler(crowd, below)?.peer);
  assert.ok(drawn.filter((peer) => peer === "elsewhere").length >= 30);
  assert.equal(
    chooseFeeler([], () => 0),
    null,
  );
  assert.equal(
    chooseFeeler([candidate("known", "/ip4/8.8.8.8/tcp/1", { isProven: true })], () => 0),
    null,
  );
});

test("a feeler that is answered is let go at once; what is held is noted from time to time", async () => {
  const clock = new SimulatedClock();
  const letGo: string[] = [];
  const noted: string[] = [];
  const feelers = new Feelers({
    dialler: {
      spared: () => [candidate("word", "/ip4/8.8.8.8/tcp/1")],
      reach: async () => ({ ok: true, value: undefined }),
    },
    book: { reached: (address, peer) => noted.push(`${peer} ${address}`) },
    outbound: () => [{ peer: someone("held"), address: "/ip4/9.9.9.9/tcp/1/p2p/held" }],
    disconnect: (peer) => letGo.push(peer),
    clock,
    random: { bytes: (count) => new Uint8Array(count), below: () => 0 },
    log: faultLog().log,
  });
  await clock.advance(FEELER_PERIOD_MS);
  assert.deepEqual(letGo, ["word"]);
  await clock.advance(REACHED_WRITE_PERIOD_MS);
  assert.deepEqual(noted, ["held /ip4/9.9.9.9/tcp/1"]);
  feelers.close();
  await clock.advance(10 * FEELER_PERIOD_MS);
  assert.equal(noted.length, 1);
});

test("a word about one peer costs no look at all others, and a look at addresses is not repeated", () => {
  const clock = new SimulatedClock();
  const { log } = faultLog();
  const book = new AddressBook(memoryAddresses(), clock);
  const directory = new PeerDirectory({ clock, log, isKept: () => false });
  for (let at = 0; at < 200; at++)
    directory.heard(someone(`peer ${at}`), "exchange", [publicAddress(at, 100)]);
  const asked: PeerId[] = [];
  const calls = new CallList({
    directory,
    book,
    connections: new ConnectionBook(clock),
    isRefused: (peer) => {
      asked.push(peer);
      return false;
    },
  });
  const [only] = calls.toMake((peer) => peer === someone("peer 7"));
  assert.equal(only?.peer, someone("peer 7"));
  assert.deepEqual(asked, [someone("peer 7")]);
  book.rememberTyped("/ip4/10.0.0.7/tcp/1", someone("peer 7"));
  assert.deepEqual(calls.addressesOf(someone("peer 7")), ["/ip4/10.0.0.7/tcp/1", publicAddress(7, 100)]);
  book.forget(someone("peer 7"));
  directory.heard(someone("peer 7"), "exchange", ["/ip4/10.0.0.8/tcp/1"]);
  assert.deepEqual(calls.addressesOf(someone("peer 7")), ["/ip4/10.0.0.8/tcp/1", publicAddress(7, 100)]);
  assert.equal(book.isTyped(someone("peer 7")), false);
});
