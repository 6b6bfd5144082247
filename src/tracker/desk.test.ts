import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PeerId } from "#base/brand.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import {
  decodeTrackerAnswer,
  encodeTrackerRequest,
  type Presence,
  signPresence,
  type TrackerAnswer,
  type TrackerRequest,
} from "#net/index.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { Desk } from "./desk.ts";
import { REQUESTS_PER_PEER_BURST } from "./limits.ts";
import { Registry } from "./registry.ts";
import { RelayQuota } from "./relay-quota.ts";

const CHAIN = new Uint8Array(32).fill(5);
const RENDEZVOUS = new Uint8Array(32).fill(6);
const keypairOf = (number: number) => createKeypair(new Uint8Array(32).fill(number));
const [alice, bob, mallory] = [keypairOf(1), keypairOf(2), keypairOf(3)];

function openDesk() {
  const clock = new SimulatedClock();
  const registry = new Registry();
  const quota = new RelayQuota({ bytesPerPeer: 100, bytesTotal: null, periodMs: 3_600_000 });
  const random = { bytes: (count: number) => new Uint8Array(count), below: () => 0 };
  const desk = new Desk(
    { trackers: ["other.example:28412"], stunPorts: [3478, 3479] },
    { registry, quota, clock, random },
  );
  const ask = (peer: PeerId, request: TrackerRequest | Uint8Array, host = "203.0.113.7"): TrackerAnswer => {
    const bytes = request instanceof Uint8Array ? request : encodeTrackerRequest(request);
    const answer = decodeTrackerAnswer(desk.answer(bytes, { peer, host, observed: `${host}:4000` }));
    assert.ok(answer.ok);
    return answer.value;
  };
  const record = (keypair: Keypair, change: Partial<Omit<Presence, "peer">> = {}) =>
    signPresence(
      {
        chainId: CHAIN,
        issuedMs: clock.nowMs(),
        ttlSeconds: 60,
        isListed: true,
        name: "somebody",
        addresses: [],
        ...change,
      },
      keypair,
    ).bytes;
  const announce = (keypair: Keypair, change: Partial<Omit<Presence, "peer">> = {}) =>
    ask(keypair.peerId, {
      type: "announce",
      record: record(keypair, change),
      rendezvous: [RENDEZVOUS],
    });
  return { clock, registry, quota, desk, ask, record, announce };
}

test("who announces is told how it looks from here, of others, and of other trackers", () => {
  const { clock, announce } = openDesk();
  announce(bob);
  const answer = announce(alice);
  assert.ok(answer.type === "announced");
  assert.equal(answer.nowMs, clock.nowMs());
  assert.equal(answer.expiresMs, clock.nowMs() + 60_000);
  assert.equal(answer.observed, "203.0.113.7:4000");
  assert.equal(answer.peersOnline, 1);
  assert.equal(answer.introductions.length, 1);
  assert.deepEqual(answer.trackers, ["other.example:28412"]);
  assert.equal(answer.relay?.bytesLeft, 100);
});

test("nobody registers for somebody else, and a forged or broken record is refused", () => {
  const { ask, record, registry, desk } = openDesk();
  const refusal = (bytes: Uint8Array) => {
    const answer = ask(mallory.peerId, { type: "announce", record: bytes, rendezvous: [] });
    return answer.type === "refused" && answer.code;
  };
  assert.equal(refusal(record(alice)), "not-yours");
  const forged = record(alice);
  assert.equal(refusal(forged.with(forged.length - 1, (forged.at(-1) ?? 0) ^ 1)), "bad-record");
  assert.equal(refusal(new Uint8Array(20)), "bad-record");
  assert.equal(registry.size, 0);
  assert.deepEqual(desk.answered(), { "refused-not-yours": 1, "refused-bad-record": 2 });
});

test("a record for another clock is refused with the tracker's own, and stands when signed by it", () => {
  const { clock, announce } = openDesk();
  const refused = announce(alice, { issuedMs: clock.nowMs() + 3_600_000 });
  assert.ok(refused.type === "refused" && refused.code === "clock");
  assert.equal(announce(alice, { issuedMs: refused.nowMs }).type, "announced");
});

test("find, meet, online and leave", () => {
  const { ask, announce } = openDesk();
  announce(alice);
  announce(bob, { isListed: false });
  const found = ask(mallory.peerId, { type: "find", peers: [alice.peerId, bob.peerId, mallory.peerId] });
  assert.ok(found.type === "found" && found.records.length === 2);
  const met = ask(alice.peerId, { type: "meet", rendezvous: RENDEZVOUS });
  assert.ok(met.type === "met" && met.records.length === 1, "one meets the other, not oneself");
  const online = ask(mallory.peerId, { type: "online", chainId: CHAIN, after: null });
  assert.ok(online.type === "online" && online.total === 1 && online.next === null);
  assert.equal(ask(alice.peerId, { type: "leave" }).type, "left");
  const after = ask(bob.peerId, { type: "online", chainId: CHAIN, after: null });
  assert.ok(after.type === "online" && after.total === 0);
});

test("the quota of a pair is used up when either's is", () => {
  const { ask, quota, clock } = openDesk();
  quota.charge(bob.peerId, 100, clock.nowMs());
  const own = ask(alice.peerId, { type: "relay", other: null });
  assert.ok(own.type === "relay" && own.relay?.bytesLeft === 100);
  const pair = ask(alice.peerId, { type: "relay", other: bob.peerId });
  assert.ok(pair.type === "relay" && pair.relay?.bytesLeft === 0);
});

test("who asks too often waits, and others do not", async () => {
  const { ask, clock, announce } = openDesk();
  announce(bob);
  const floods = Array.from({ length: 200 }, () => ask(mallory.peerId, { type: "relay", other: null }).type);
  assert.equal(floods.filter((type) => type === "relay").length, REQUESTS_PER_PEER_BURST);
  assert.equal(ask(alice.peerId, { type: "relay", other: null }).type, "relay");
  await clock.advance(1000);
  assert.equal(ask(mallory.peerId, { type: "relay", other: null }).type, "relay");
});

test("a stranger with many keys behind one address is held back; a private address is not", () => {
  const { ask } = openDesk();
  const busy = (host: string) =>
    Array.from({ length: 2000 }, (_, number) => {
      const peer = `peer ${number}` as PeerId;
      return ask(peer, { type: "relay", other: null }, host).type;
    }).filter((type) => type === "refused").length;
  assert.ok(busy("203.0.113.9") > 900);
  assert.equal(busy("192.168.1.9"), 0);
});

test("a replayed record neither lives longer nor loses its rendezvous", () => {
  const { desk, record, ask, clock } = openDesk();
  const bytes = record(alice);
  ask(alice.peerId, { type: "announce", record: bytes, rendezvous: [RENDEZVOUS] });
  const replayed = desk.register(bytes, "203.0.113.66");
  assert.ok(replayed.ok && replayed.value.expiresMs === clock.nowMs() + 60_000);
  const met = ask(bob.peerId, { type: "meet", rendezvous: RENDEZVOUS });
  assert.ok(met.type === "met" && met.records.length === 1);
  ask(alice.peerId, { type: "leave" });
  const afterwards = desk.register(bytes, "203.0.113.66");
  assert.deepEqual(afterwards, { ok: false, fault: { code: "older", retryAfterSeconds: 0 } });
});

test("arbitrary requests get an answer", () => {
  const { ask } = openDesk();
  fc.assert(
    fc.property(fc.nat(2), fc.nat(7), fc.uint8Array({ maxLength: 80 }), (format, type, rest) => {
      const answer = ask("fuzzer" as PeerId, Uint8Array.of(format, type, ...rest), "10.0.0.1");
      assert.equal(typeof answer.type, "string");
    }),
  );
});
