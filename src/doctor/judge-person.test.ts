/** Why somebody is reached or not: each cause from what a peer really sees. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeypair } from "#crypto/ed25519.ts";
import type { PeerEntry } from "#net/index.ts";
import type { DialAttempt } from "#net/reach.ts";
import { judgePerson, type PersonContext, type PersonSeen } from "./judge-person.ts";
import { addressText } from "./text.ts";

const PEER = createKeypair(new Uint8Array(32).fill(5)).peerId;
const RELAY = createKeypair(new Uint8Array(32).fill(6)).peerId;
const NOW_MS = 1_000_000;

const ENTRY: PeerEntry = {
  peer: PEER,
  claimedName: "bob",
  addresses: ["/ip4/10.9.0.5/tcp/28411"],
  foundBy: ["announcement"],
  online: false,
  path: null,
  address: null,
  via: null,
  pathReason: null,
  latencyMs: null,
  lastSeenMs: NOW_MS - 60_000,
  version: "0.1.0",
  capabilities: [],
  problem: null,
};

const CONTEXT: PersonContext = {
  nowMs: NOW_MS,
  interfaces: [
    {
      name: "eth0",
      isUp: true,
      addresses: [{ address: "10.0.0.2", cidr: "10.0.0.2/24", family: 4, kind: "private" }],
    },
  ],
  trackers: [],
  mode: "open",
  version: "0.1.0",
};

const problemOf = (code: string) => ({ code, cause: `Cause of ${code}.`, nextStep: `Step of ${code}.` });

function attempt(code: string | null, address = "/ip4/10.9.0.5/tcp/28411", agoMs = 5_000): DialAttempt {
  return { address, atMs: NOW_MS - agoMs, tookMs: 300, problem: code === null ? null : problemOf(code) };
}

function judge(
  person: Partial<PersonSeen> & { entryChange?: Partial<PeerEntry> },
  context: Partial<PersonContext> = {},
) {
  const { entryChange = {}, ...given } = person;
  return judgePerson(
    {
      peer: PEER,
      name: "bob",
      blocked: false,
      held: null,
      entry: { ...ENTRY, ...entryChange },
      lastSeenMs: null,
      attempts: [],
      isAtTracker: null,
      ...given,
    },
    { ...CONTEXT, ...context },
  );
}

const mainOf = (...given: Parameters<typeof judge>) => judge(...given)[0]?.code;

test("what was decided on this side goes before anything else", () => {
  assert.equal(mainOf({ blocked: true, attempts: [attempt("no-answer")] }), "person-blocked");
  const held = judge({ held: problemOf("key-changed"), entryChange: { online: true } })[0];
  assert.equal(held?.code, "person-key-changed");
  assert.equal(held?.nextStep, "Step of key-changed.");
});

test("somebody reached is told how, and why not better", () => {
  const relayed = judge({
    entryChange: {
      online: true,
      path: "relayed",
      via: RELAY,
      latencyMs: 40,
      pathReason: problemOf("both-strict"),
    },
  })[0];
  assert.equal(relayed?.code, "person-relayed");
  assert.match(relayed?.cause ?? "", /40 ms away.*Cause of both-strict/);
  assert.ok(relayed?.details.some(({ value }) => value === RELAY));
  const lan = judge({ entryChange: { online: true, path: "lan", address: "/ip4/10.0.0.5/tcp/28411" } })[0];
  assert.equal(lan?.code, "person-reached");
  assert.ok(lan?.details.some(({ value }) => value === "10.0.0.5:28411"));
});

test("each way not to be reached has its own cause", () => {
  const bySame = (code: string) =>
    mainOf({ attempts: [attempt(code)], entryChange: { addresses: ["/ip4/8.9.9.9/tcp/1"] } });
  assert.equal(bySame("connection-refused"), "person-not-started");
  assert.equal(bySame("no-answer"), "person-no-answer");
  assert.equal(bySame("no-route"), "person-no-route");
  assert.equal(bySame("peer-other"), "person-somebody-else");
  assert.equal(bySame("peer-refused"), "person-refused-here");
  assert.equal(bySame("not-waybill"), "person-breaks-off");
  assert.equal(bySame("relay-quota"), "person-quota");
  assert.equal(bySame("kept-out"), "person-refused-here");
  assert.equal(bySame("peer-not-at-relay"), "person-away");
  assert.equal(bySame("relay-limit"), "person-relay-refuses");
  assert.equal(bySame("something-new"), "person-lost");
  assert.equal(mainOf({ entry: null }), "person-unheard");
  assert.equal(mainOf({ entryChange: { addresses: [] } }), "person-unheard");
  assert.equal(mainOf({}), "person-never-tried");
  assert.equal(mainOf({ entryChange: { problem: problemOf("other-network") } }), "person-other-network");
  assert.equal(mainOf({ entryChange: { problem: problemOf("offline") } }), "person-lost");
});

test("a refusal at a port where somebody was before says nothing of a newer port that is silent", () => {
  const [now, before] = ["/ip4/10.0.0.5/tcp/4100", "/ip4/10.0.0.5/tcp/28411"];
  const attempts = [attempt("connection-refused", before, 1_000), attempt("no-answer", now)];
  assert.equal(mainOf({ attempts, entryChange: { addresses: [now, before] } }), "person-no-answer");
  assert.equal(mainOf({ attempts, entryChange: { addresses: [before, now] } }), "person-not-started");
});

test("a way over a relay is told in words", () => {
  const relay = `/ip4/45.67.89.1/tcp/4748/ws/p2p/${RELAY}/p2p-circuit`;
  assert.equal(addressText(relay), "relay at 45.67.89.1:4748");
  assert.equal(addressText(`${relay}/webrtc`), "through routers, met at relay at 45.67.89.1:4748");
  assert.equal(addressText(`/webrtc/p2p/${PEER}`), "through routers");
});

test("silence at the address of another private network is told as that", () => {
  assert.equal(mainOf({ attempts: [attempt("no-answer")] }), "person-elsewhere");
  const near = "/ip4/10.0.0.77/tcp/28411";
  const same = judge({ attempts: [attempt("no-answer", near)], entryChange: { addresses: [near] } });
  assert.equal(same[0]?.code, "person-no-answer");
  assert.ok(same.some(({ code }) => code === "person-same-network"));
  const relayed = [...ENTRY.addresses, `/ip4/8.8.4.4/tcp/28412/p2p/${RELAY}/p2p-circuit`];
  assert.equal(
    mainOf({ attempts: [attempt("no-answer")], entryChange: { addresses: relayed } }),
    "person-no-answer",
  );
});

test("the last attempt at an address counts, and all are shown with when and what", () => {
  const attempts = [attempt("connection-refused", undefined, 1_000), attempt("no-answer", undefined, 90_000)];
  const [main] = judge({ attempts });
  assert.equal(main?.code, "person-not-started");
  const row = main?.details.find(({ label }) => label === "10.9.0.5:28411");
  assert.equal(row?.value, "Cause of connection-refused. (1 s ago, after 300 ms)");
  assert.ok(main?.details.some(({ label, value }) => label === "Last seen" && value === "60 s ago"));
});

test("addresses that each fail in another way are no single cause", () => {
  const attempts = [
    attempt("connection-refused", "/ip4/10.9.0.1/tcp/1"),
    attempt("no-answer", "/ip4/10.9.0.2/tcp/1"),
    attempt("not-waybill", "/ip4/10.9.0.3/tcp/1"),
  ];
  assert.equal(mainOf({ attempts }), "person-lost");
});

test("trackers, versions and our own doors are told beside it", () => {
  const tracker = {
    address: "t.example",
    peer: RELAY,
    state: "connected" as const,
    problem: null,
    latencyMs: 1,
    relay: null,
    clockOffsetMs: 0,
    observedAddress: null,
    peersOnline: 1,
  };
  const beside = (given: Parameters<typeof judge>[0], context: Partial<PersonContext>) =>
    judge(given, context).map(({ code }) => code);
  assert.ok(beside({ isAtTracker: false }, { trackers: [tracker] }).includes("person-not-at-tracker"));
  const there = judge({ isAtTracker: true }, { trackers: [tracker] });
  assert.match(there.find(({ code }) => code === "person-at-tracker")?.cause ?? "", /their Waybill runs/);
  assert.deepEqual(
    beside({ isAtTracker: false, entryChange: { online: true, path: "lan" } }, { trackers: [tracker] }),
    ["person-reached"],
  );
  assert.ok(beside({ entryChange: { version: "9.9.9" } }, {}).includes("person-version"));
  assert.ok(beside({}, { mode: "outbound-only" }).includes("listening-outbound-only"));
});
