import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex } from "#base/bytes.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { type Presence, type SignedPresence, signPresence } from "#net/index.ts";
import { Registry, type Sender } from "./registry.ts";

const NOW_MS = 1_800_000_000_000;
const keypairs = Array.from({ length: 40 }, (_, at) => createKeypair(new Uint8Array(32).fill(at + 1)));
const network = (number: number) => new Uint8Array(32).fill(number);
const at = (key: string): Sender => ({ key, isOwn: false });

function record(number: number, change: Partial<Omit<Presence, "peer">> = {}): SignedPresence {
  const keypair = keypairs[number];
  assert.ok(keypair !== undefined);
  return signPresence(
    {
      chainId: network(1),
      issuedMs: NOW_MS,
      ttlSeconds: 60,
      isListed: true,
      name: `peer ${number}`,
      addresses: [],
      ...change,
    },
    keypair,
  );
}

const peerOf = (number: number) => record(number).presence.peer;

test("a record is found until it expires, and is swept out then", () => {
  const registry = new Registry();
  assert.deepEqual(registry.announce(record(0), [], at("a"), NOW_MS), { ok: true, value: NOW_MS + 60_000 });
  assert.equal(registry.find(peerOf(0), NOW_MS + 59_999)?.presence.name, "peer 0");
  assert.equal(registry.find(peerOf(0), NOW_MS + 60_000), null);
  assert.equal(registry.sweep(NOW_MS + 59_999), 0);
  assert.equal(registry.sweep(NOW_MS + 60_000), 1);
  assert.equal(registry.size, 0);
  assert.deepEqual(registry.networks(), []);
});

test("an older record never replaces a newer one, also when the newer one is gone", () => {
  const registry = new Registry();
  const old = record(0, { name: "old" });
  assert.ok(registry.announce(record(0, { issuedMs: NOW_MS + 1 }), [], at("a"), NOW_MS).ok);
  assert.deepEqual(registry.announce(old, [], at("b"), NOW_MS), { ok: false, fault: { code: "older" } });
  assert.ok(registry.leave(peerOf(0)));
  assert.deepEqual(registry.announce(old, [], at("b"), NOW_MS), { ok: false, fault: { code: "older" } });
  registry.sweep(NOW_MS + 120_000);
  assert.equal(registry.announce(old, [], at("b"), NOW_MS + 120_000).ok, false, "nor after a sweep");
});

test("the same record sent again by a stranger changes nothing", () => {
  const registry = new Registry();
  const rendezvous = new Uint8Array(32).fill(9);
  registry.announce(record(0), [rendezvous], at("a"), NOW_MS);
  const again = registry.announce(record(0), [], at("stranger"), NOW_MS + 30_000);
  assert.deepEqual(again, { ok: true, value: NOW_MS + 60_000 }, "it lives no longer");
  assert.equal(registry.meet(rendezvous, NOW_MS).length, 1, "and is still found where it was");
});

test("a record from the future or of long ago is refused for its clock", () => {
  const registry = new Registry();
  for (const issuedMs of [NOW_MS + 301_000, NOW_MS - 361_000]) {
    const outcome = registry.announce(record(0, { issuedMs }), [], at("a"), NOW_MS);
    assert.deepEqual(outcome, { ok: false, fault: { code: "clock" } });
  }
});

test("only listed peers are told of; those who know the peer or a rendezvous find the others", () => {
  const registry = new Registry();
  const rendezvous = new Uint8Array(32).fill(9);
  registry.announce(record(0), [], at("a"), NOW_MS);
  registry.announce(record(1, { isListed: false }), [rendezvous], at("a"), NOW_MS);
  registry.announce(record(2, { chainId: network(2) }), [], at("a"), NOW_MS);
  const online = registry.online(network(1), null, 10, NOW_MS);
  assert.deepEqual(
    online.records.map(({ presence }) => presence.name),
    ["peer 0"],
  );
  assert.equal(registry.countOf(network(1)), 2);
  assert.deepEqual(registry.introductions(network(1), peerOf(3), 10, 5, NOW_MS).length, 1);
  assert.deepEqual(
    registry.introductions(network(1), peerOf(0), 10, 5, NOW_MS),
    [],
    "nobody is told of oneself",
  );
  assert.equal(registry.find(peerOf(1), NOW_MS)?.presence.name, "peer 1");
  assert.equal(registry.meet(rendezvous, NOW_MS)[0]?.presence.name, "peer 1");
  assert.deepEqual(registry.meet(new Uint8Array(32), NOW_MS), []);
});

test("pages of who is online give everybody once, in order", () => {
  const registry = new Registry();
  for (const number of keypairs.keys()) registry.announce(record(number), [], at("a"), NOW_MS);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), (count) => {
      const seen: string[] = [];
      let after: Presence["peer"] | null = null;
      do {
        const page = registry.online(network(1), after, count, NOW_MS);
        assert.equal(page.total, keypairs.length);
        seen.push(...page.records.map(({ presence }) => presence.peer));
        after = page.next;
      } while (after !== null);
      assert.deepEqual(seen, keypairs.map(({ peerId }) => peerId).toSorted());
    }),
  );
});

const SMALL = { recordsMax: 12, networksMax: 4, recordsPerAddressMax: 8, networksPerAddressMax: 2 };

test("a network that fills the tracker leaves every other its floor", () => {
  const registry = new Registry(SMALL);
  for (let number = 0; number < 20; number++) {
    registry.announce(record(number), [], at(`address ${number}`), NOW_MS);
  }
  assert.equal(registry.size, 12);
  const small = [20, 21, 22].map((number) =>
    registry.announce(record(number, { chainId: network(2) }), [], at(`address ${number}`), NOW_MS),
  );
  assert.deepEqual(
    small.map(({ ok }) => ok),
    [true, true, true],
    "three of twelve are the floor of four networks",
  );
  assert.equal(registry.size, 12);
  const above = registry.announce(record(23, { chainId: network(2) }), [], at("address 23"), NOW_MS);
  assert.deepEqual(above, { ok: false, fault: { code: "full" } });
  assert.equal(registry.find(peerOf(0), NOW_MS), null, "the stalest of the large network gave way");
});

test("one address brings neither too many records nor too many networks; the operator's own does", () => {
  const registry = new Registry({ ...SMALL, recordsMax: 40 });
  const flood = Array.from(
    { length: 20 },
    (_, number) => registry.announce(record(number), [], at("a"), NOW_MS).ok,
  );
  assert.equal(flood.filter((isKept) => isKept).length, 8);
  const networks = [2, 3, 4].map(
    (number) => registry.announce(record(20 + number, { chainId: network(number) }), [], at("b"), NOW_MS).ok,
  );
  assert.deepEqual(networks, [true, true, false]);
  const own = { key: "10.0.0.1", isOwn: true };
  const atHome = Array.from(
    { length: 12 },
    (_, number) => registry.announce(record(25 + number), [], own, NOW_MS).ok,
  );
  assert.ok(atHome.every((isKept) => isKept));
});

function assertListsAreInOrder(registry: Registry, nowMs: number): void {
  for (const { chainId, peers, listed } of registry.networks()) {
    const page = registry.online(fromHex(chainId) ?? new Uint8Array(), null, 100, nowMs);
    const ids = page.records.map(({ presence }) => presence.peer);
    assert.deepEqual(ids, [...new Set(ids)].toSorted());
    assert.ok(page.records.every(({ presence }) => presence.isListed));
    assert.equal(ids.length, listed);
    assert.ok(listed <= peers);
  }
}

test("whatever comes, bounds hold and nothing is left behind", () => {
  const steps = fc.array(
    fc.record({
      number: fc.nat({ max: 39 }),
      chain: fc.nat({ max: 6 }),
      later: fc.nat({ max: 100_000 }),
      address: fc.nat({ max: 4 }),
      leaves: fc.boolean(),
      isListed: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const registry = new Registry(SMALL);
      let nowMs = NOW_MS;
      for (const { number, chain, later, address, leaves, isListed } of all) {
        nowMs += later;
        if (leaves) registry.leave(peerOf(number));
        else
          registry.announce(
            record(number, { chainId: network(chain), issuedMs: nowMs, isListed }),
            [network(number)],
            at(`${address}`),
            nowMs,
          );
        registry.sweep(nowMs);
        assert.ok(registry.size <= SMALL.recordsMax);
        assertListsAreInOrder(registry, nowMs);
        assert.ok(registry.networks().length <= SMALL.networksMax);
      }
      registry.sweep(nowMs + 10_000_000);
      assert.equal(registry.size, 0);
      assert.deepEqual(registry.networks(), []);
    }),
    { numRuns: 30 },
  );
});
