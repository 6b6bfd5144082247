import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "#base/bytes.ts";
import { DISPLAY_NAME_BYTES_MAX, isDisplayName } from "#base/display-name.ts";
import { createKeypair, sign } from "#crypto/ed25519.ts";
import { addressOf, isDialable } from "../addresses.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  MULTIADDR_BYTES_MAX,
  PRESENCE_BYTES_MAX,
  PRESENCE_CLOCK_TOLERANCE_MS,
  PRESENCE_TTL_SECONDS_MAX,
  PRESENCE_TTL_SECONDS_MIN,
  RENDEZVOUS_PER_PEER_MAX,
  TRACKER_ANSWER_BYTES_MAX,
  TRACKER_ANSWER_RECORDS_MAX,
  TRACKER_ANSWER_STUN_PORTS_MAX,
  TRACKER_ANSWER_TRACKERS_MAX,
  TRACKER_FIND_PEERS_MAX,
  TRACKER_REQUEST_BYTES_MAX,
} from "../limits.ts";
import { decodePresence, type Presence, presenceLapse, signPresence } from "./presence-record.ts";
import {
  decodeTrackerAnswer,
  decodeTrackerRequest,
  encodeTrackerAnswer,
  encodeTrackerRequest,
  type TrackerAnswer,
  type TrackerRequest,
} from "./tracker-codec.ts";

/** Records as decoders make them, so that the two can be compared. */
const plain = <Model>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) =>
  fc.record<Model>(model, { noNullPrototype: true });
const keypair = createKeypair(new Uint8Array(32).fill(7));
const DOMAIN = new TextEncoder().encode("waybill-presence-v1\0");

const times = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const names = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter(isDisplayName);
const straight = fc
  .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65535 }))
  .map(([host, port]) => addressOf(host, port) ?? "")
  .filter(isDialable);
const addresses = fc
  .tuple(straight, fc.constantFrom("", "/ws", "/tls/ws", `/p2p/${keypair.peerId}/p2p-circuit`))
  .map(([address, suffix]) => address + suffix);
const presences: fc.Arbitrary<Omit<Presence, "peer">> = plain({
  chainId: bytes32,
  issuedMs: times,
  ttlSeconds: fc.integer({ min: PRESENCE_TTL_SECONDS_MIN, max: PRESENCE_TTL_SECONDS_MAX }),
  isListed: fc.boolean(),
  name: names,
  addresses: fc.uniqueArray(addresses, { maxLength: ADDRESSES_PER_PEER_MAX }),
});
const PRESENCE: Omit<Presence, "peer"> = {
  chainId: new Uint8Array(32).fill(3),
  issuedMs: 1_800_000_000_000,
  ttlSeconds: 180,
  isListed: true,
  name: "Alice",
  addresses: ["/ip4/192.168.1.20/tcp/28411"],
};

test("every presence record comes back as it was signed", () => {
  fc.assert(
    fc.property(presences, (fields) => {
      const signed = signPresence(fields, keypair);
      const decoded = decodePresence(signed.bytes);
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.value.presence, { ...fields, peer: keypair.peerId });
      assert.deepEqual(decoded.value.bytes, signed.bytes);
    }),
    { numRuns: 60 },
  );
});

test("a presence record with any one bit changed, cut or extended does not stand", () => {
  const { bytes } = signPresence(PRESENCE, keypair);
  for (let at = 0; at < bytes.length; at++) {
    assert.equal(decodePresence(bytes.with(at, (bytes[at] ?? 0) ^ 1)).ok, false, `byte ${at}`);
    assert.equal(decodePresence(bytes.slice(0, at)).ok, false, `cut at ${at}`);
  }
  assert.equal(decodePresence(concat(bytes, Uint8Array.of(0))).ok, false);
});

test("a well-signed presence record of bad form is refused for its form", () => {
  const body = signPresence(PRESENCE, keypair).bytes.slice(0, -64);
  const ttlAt = 1 + 32 + 32 + 8;
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ["format", body.with(0, 2), /format 2/],
    ["a life of no time", body.with(ttlAt, 0), /out of bounds/],
    ["a life without end", body.with(ttlAt + 1, 0xff), /out of bounds/],
    ["flags of another age", body.with(ttlAt + 2, 3), /flags 3/],
    ["a name with a control character", body.with(ttlAt + 5, 0x1b), /rules for names/],
  ];
  for (const [what, changed, reason] of cases) {
    const decoded = decodePresence(concat(changed, sign(keypair, concat(DOMAIN, changed))));
    assert.ok(!decoded.ok && decoded.fault.code === "malformed", what);
    assert.match(decoded.fault.what, reason);
  }
});

test("a record for somebody else cannot be made", () => {
  const mallory = createKeypair(new Uint8Array(32).fill(8));
  const { bytes } = signPresence(PRESENCE, keypair);
  const body = bytes.slice(0, -64);
  const forged = decodePresence(concat(body, sign(mallory, concat(DOMAIN, body))));
  assert.deepEqual(forged, { ok: false, fault: { code: "bad-signature" } });
});

test("a record is in force from its issue until its end, with what clocks may be wrong by", () => {
  const { presence } = signPresence(PRESENCE, keypair);
  const { issuedMs } = presence;
  const endMs = issuedMs + 180_000;
  assert.equal(presenceLapse(presence, issuedMs), null);
  assert.equal(presenceLapse(presence, issuedMs - PRESENCE_CLOCK_TOLERANCE_MS), null);
  assert.equal(presenceLapse(presence, issuedMs - PRESENCE_CLOCK_TOLERANCE_MS - 1), "ahead");
  assert.equal(presenceLapse(presence, endMs + PRESENCE_CLOCK_TOLERANCE_MS - 1), null);
  assert.equal(presenceLapse(presence, endMs + PRESENCE_CLOCK_TOLERANCE_MS), "expired");
});

test("the largest record fits its limit", () => {
  const host = `/ip6/2001:db8:1111:2222:3333:4444:5555:6666/tcp`;
  const largest = Array.from(
    { length: ADDRESSES_PER_PEER_MAX },
    (_, at) => `${host}/${10_000 + at}/tls/ws/p2p/${keypair.peerId}/p2p-circuit`,
  );
  const signed = signPresence(
    { ...PRESENCE, name: "a".repeat(DISPLAY_NAME_BYTES_MAX), addresses: largest },
    keypair,
  );
  assert.ok(signed.bytes.length + (ADDRESSES_PER_PEER_MAX * MULTIADDR_BYTES_MAX) / 2 <= PRESENCE_BYTES_MAX);
});

const peers = bytes32.map((seed) => createKeypair(seed).peerId);
const records = (max: number) => fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: max });
const ascending = fc
  .uniqueArray(bytes32, {
    maxLength: RENDEZVOUS_PER_PEER_MAX,
    selector: (id) => Buffer.from(id).toString("hex"),
  })
  .map((ids) => ids.toSorted(Buffer.compare));
const requests: fc.Arbitrary<TrackerRequest> = fc.oneof(
  plain({
    type: fc.constant("announce" as const),
    record: fc.uint8Array({ maxLength: 400 }),
    rendezvous: ascending,
  }),
  plain({ type: fc.constant("leave" as const) }),
  plain({ type: fc.constant("find" as const), peers: fc.uniqueArray(peers, { maxLength: 4 }) }),
  plain({ type: fc.constant("meet" as const), rendezvous: bytes32 }),
  plain({ type: fc.constant("online" as const), chainId: bytes32, after: fc.option(peers) }),
  plain({ type: fc.constant("relay" as const), other: fc.option(peers) }),
);
const relays: fc.Arbitrary<Extract<TrackerAnswer, { type: "relay" }>["relay"]> = fc.option(
  fc.oneof(
    fc.constant({ bytesMax: null, bytesLeft: null, renewsMs: null }),
    fc.tuple(times, times, times).map(([one, other, renewsMs]) => ({
      bytesMax: Math.max(one, other),
      bytesLeft: Math.min(one, other),
      renewsMs,
    })),
  ),
);
const tokens = fc.stringMatching(/^[!-~]{1,40}$/);
const ports = fc
  .uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: TRACKER_ANSWER_STUN_PORTS_MAX })
  .map((each) => each.toSorted((a, b) => a - b));
const answers: fc.Arbitrary<TrackerAnswer> = fc.oneof(
  plain({
    type: fc.constant("announced" as const),
    nowMs: times,
    expiresMs: times,
    observed: fc.option(tokens),
    relay: relays,
    peersOnline: fc.nat({ max: 0xffffffff }),
    introductions: records(TRACKER_ANSWER_RECORDS_MAX),
    trackers: fc.array(tokens, { maxLength: TRACKER_ANSWER_TRACKERS_MAX }),
    stunPorts: ports,
  }),
  plain({ type: fc.constant("left" as const), nowMs: times }),
  plain({
    type: fc.constantFrom("found" as const, "met" as const),
    nowMs: times,
    records: records(TRACKER_ANSWER_RECORDS_MAX),
  }),
  plain({
    type: fc.constant("online" as const),
    nowMs: times,
    total: fc.nat({ max: 0xffffffff }),
    records: records(TRACKER_ANSWER_RECORDS_MAX),
    next: fc.option(peers),
  }),
  plain({ type: fc.constant("relay" as const), nowMs: times, relay: relays }),
  plain({
    type: fc.constant("refused" as const),
    nowMs: times,
    code: fc.constantFrom("malformed", "bad-record", "not-yours", "clock", "older", "full", "busy"),
    retryAfterSeconds: fc.nat({ max: 0xffffffff }),
  }),
);

test("every request and every answer comes back as it was written, and has one encoding", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const bytes = encodeTrackerRequest(request);
      const decoded = decodeTrackerRequest(bytes);
      assert.deepEqual(decoded, { ok: true, value: request });
      assert.deepEqual(decoded.ok && encodeTrackerRequest(decoded.value), bytes);
    }),
  );
  fc.assert(
    fc.property(answers, (answer) => {
      const bytes = encodeTrackerAnswer(answer);
      const decoded = decodeTrackerAnswer(bytes);
      assert.deepEqual(decoded, { ok: true, value: answer });
      assert.deepEqual(decoded.ok && encodeTrackerAnswer(decoded.value), bytes);
    }),
  );
});

test("arbitrary bytes get a verdict, and what is accepted encodes to the same bytes", () => {
  const heads = fc.tuple(fc.constantFrom(1, 2), fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 200 }));
  fc.assert(
    fc.property(heads, ([format, type, rest]) => {
      const bytes = Uint8Array.of(format, type, ...rest);
      const request = decodeTrackerRequest(bytes);
      if (request.ok) assert.deepEqual(encodeTrackerRequest(request.value), bytes);
      const answer = decodeTrackerAnswer(bytes);
      if (answer.ok) assert.deepEqual(encodeTrackerAnswer(answer.value), bytes);
      assert.equal(decodePresence(bytes).ok, false);
    }),
    { numRuns: 500 },
  );
});

test("the largest request and the largest answer fit their frames", () => {
  const record = new Uint8Array(PRESENCE_BYTES_MAX);
  const ids = Array.from({ length: RENDEZVOUS_PER_PEER_MAX }, (_, at) => new Uint8Array(32).fill(at));
  const announce = encodeTrackerRequest({ type: "announce", record, rendezvous: ids });
  assert.ok(announce.length <= TRACKER_REQUEST_BYTES_MAX);
  const many = Array.from(
    { length: TRACKER_FIND_PEERS_MAX },
    (_, at) => createKeypair(new Uint8Array(32).fill(at)).peerId,
  );
  assert.ok(encodeTrackerRequest({ type: "find", peers: many }).length <= TRACKER_REQUEST_BYTES_MAX);
  const answer = encodeTrackerAnswer({
    type: "announced",
    nowMs: 1,
    expiresMs: 1,
    observed: "x".repeat(64),
    relay: { bytesMax: 1, bytesLeft: 1, renewsMs: 1 },
    peersOnline: 1,
    introductions: Array.from({ length: TRACKER_ANSWER_RECORDS_MAX }, () => record),
    trackers: Array.from({ length: TRACKER_ANSWER_TRACKERS_MAX }, () => "x".repeat(300)),
    stunPorts: Array.from({ length: TRACKER_ANSWER_STUN_PORTS_MAX }, (_, at) => at + 1),
  });
  assert.ok(answer.length <= TRACKER_ANSWER_BYTES_MAX, `${answer.length} bytes`);
  assert.ok(decodeTrackerAnswer(answer).ok);
});
