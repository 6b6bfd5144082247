/** The decisions about paths that need no socket: which address wins, which connection is used, when to look again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { seededRandom } from "#test/kit/random.ts";
import { faultLog } from "#test/kit/real.ts";
import { ConnectionBook } from "../host/connection-book.ts";
import { createGate } from "../host/gate.ts";
import { pauseBeforeFirstCandidate } from "../host/punch-pause.ts";
import {
  ATTEMPTS_PER_PEER_MAX,
  BETTER_PATH_LAST_PAUSE_MS,
  PUNCH_FIRST_TIMEOUT_MS,
  PUNCH_GRACE_MS,
  PUNCH_PAUSE_MS,
  PUNCH_TURN_MS,
  SIMULTANEOUS_DIAL_MS,
  SUSPECT_SILENCE_MS,
} from "../limits.ts";
import { AttemptLog } from "./attempt-log.ts";
import { raceAddresses, SUPERSEDED } from "./dial-race.ts";
import { pathReason } from "./path-reason.ts";
import { PathUpgrades, type PathUpgradesDependencies } from "./path-upgrades.ts";

const [SMALL, LARGE, RELAY] = threePeers();
const STRAIGHT = "/ip4/203.0.113.5/tcp/1";
const RELAYED = `/ip4/203.0.113.9/tcp/1/p2p/${RELAY}/p2p-circuit`;

function threePeers(): readonly [PeerId, PeerId, PeerId] {
  const [one, two, three] = [1, 2, 3]
    .map((seed) => createKeypair(new Uint8Array(32).fill(seed)).peerId)
    .sort();
  assert.ok(one && two && three);
  return [one, two, three];
}

/** What of a connection its book looks at. */
function connectionTo(peer: PeerId, address: string, direction: "inbound" | "outbound" = "outbound") {
  const fake = {
    remotePeer: { toString: () => peer },
    remoteAddr: { toString: () => address },
    direction,
    status: "open",
    abort: () => {
      fake.status = "aborted";
    },
  };
  return fake as unknown as Connection;
}

test("addresses race: the next starts after a moment or a failure, the first that stands wins", async () => {
  const clock = new SimulatedClock();
  const started: [string, number][] = [];
  const given: unknown[] = [];
  const signal = new AbortController().signal;
  const race = raceAddresses(
    ["dead", "refused", "late", "never tried"],
    { staggerMs: 250, addressTimeoutMs: 4_000, signal },
    {
      clock,
      dial: (address, patience) => {
        started.push([address, clock.monotonicMs()]);
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        patience.addEventListener("abort", () => {
          given.push(patience.reason);
          reject(patience.reason);
        });
        if (address === "refused") reject(new Error("ECONNREFUSED"));
        if (address === "late") clock.after(100, () => resolve(address));
        return promise;
      },
      drop: () => assert.fail("nothing else was reached"),
    },
  );
  await clock.advance(1_000);
  assert.equal(await race, "late");
  assert.deepEqual(started, [
    ["dead", 0],
    ["refused", 250],
    ["late", 250],
  ]);
  assert.deepEqual(given, [SUPERSEDED]);
});

test("a race that nobody wins says of each why; none is none", async () => {
  const clock = new SimulatedClock();
  const signal = new AbortController().signal;
  const rules = { staggerMs: 250, addressTimeoutMs: 4_000, signal };
  const dial = (address: string) => Promise.reject(new Error(address));
  const racer = { clock, dial, drop: () => undefined };
  const errors = async (addresses: readonly string[]) =>
    await raceAddresses(addresses, rules, racer).then(
      () => assert.fail("nobody could win"),
      (error: AggregateError) => error.errors.map(String),
    );
  assert.deepEqual(await errors(["a", "b"]), ["Error: a", "Error: b"]);
  assert.deepEqual(await errors([]), []);
});

test("the best connection that lives is used; one that fell silent yields to one that lives", async () => {
  const clock = new SimulatedClock();
  const book = new ConnectionBook(clock);
  const [straight, relayed] = [connectionTo(LARGE, STRAIGHT), connectionTo(LARGE, RELAYED)];
  const punched = connectionTo(LARGE, `/webrtc/p2p/${LARGE}`, "inbound");
  for (const each of [relayed, punched, straight]) book.add(each);
  assert.equal(book.best(LARGE), straight);
  await clock.advance(SUSPECT_SILENCE_MS);
  book.noteAlive(relayed);
  assert.equal(book.best(LARGE), relayed);
  book.noteAlive(punched);
  assert.equal(book.best(LARGE), punched);
  await clock.advance(SUSPECT_SILENCE_MS);
  assert.equal(book.best(LARGE), straight, "when all are silent the best is as good as any");
  book.remove(straight);
  punched.abort(new Error("gone"));
  assert.equal(book.best(LARGE), relayed);
});

test("each class of path has one connection of its own, and nothing is punched beside a straight one", async () => {
  const clock = new SimulatedClock();
  const connections = new ConnectionBook(clock);
  const gate = createGate({ self: SMALL, isRefused: () => false, connections });
  const isDenied = async (address: string) => {
    const { remotePeer, remoteAddr } = connectionTo(LARGE, address);
    const arriving = { remoteAddr } as Parameters<NonNullable<typeof gate.denyInboundUpgradedConnection>>[1];
    return await gate.denyInboundUpgradedConnection?.(remotePeer, arriving);
  };
  const relayed = connectionTo(LARGE, RELAYED);
  connections.add(relayed);
  assert.equal(await isDenied(STRAIGHT), false);
  assert.equal(await isDenied(`/webrtc/p2p/${LARGE}`), false);
  assert.equal(await isDenied(`${RELAYED}/p2p/${LARGE}`), true, "ours, dialled by the smaller id, stays");
  await clock.advance(SIMULTANEOUS_DIAL_MS);
  assert.equal(await isDenied(`${RELAYED}/p2p/${LARGE}`), false, "the other side has lost the older one");
  assert.equal(relayed.status, "aborted");
  connections.add(connectionTo(LARGE, STRAIGHT));
  assert.equal(await isDenied(`/webrtc/p2p/${LARGE}`), true);
});

/** A search for better paths whose attempts fail, or do what `straighten` does. */
function search(self: PeerId, change: Partial<PathUpgradesDependencies> = {}) {
  const clock = new SimulatedClock();
  const connections = new ConnectionBook(clock);
  const punches: [string, number][] = [];
  const reasons: (string | null)[] = [];
  const { log, faults } = faultLog();
  const upgrades = new PathUpgrades({
    self,
    connections,
    clock,
    random: seededRandom(1),
    log,
    punching: null,
    nat: () => "unknown",
    onReason: (_peer, reason) => reasons.push(reason?.code ?? null),
    dialler: {
      attempts: () => [],
      straighten: async () => false,
      dialOne: async (address) => {
        punches.push([address, clock.monotonicMs()]);
        throw new Error("nobody there");
      },
    },
    ...change,
  });
  return { clock, connections, punches, reasons, faults, upgrades };
}

test("whoever is relayed is punched: by the smaller id at once, by the other a while later", async () => {
  for (const [self, peer, pauseMs] of [
    [SMALL, LARGE, PUNCH_GRACE_MS],
    [LARGE, SMALL, PUNCH_TURN_MS],
  ] as const) {
    const { clock, connections, punches, upgrades, faults } = search(self);
    connections.add(connectionTo(peer, `${RELAYED}/p2p/${peer}`));
    upgrades.changed(peer);
    await clock.advance(pauseMs - 1);
    assert.deepEqual(punches, []);
    await clock.advance(600);
    assert.equal(punches[0]?.[0], `${RELAYED}/webrtc`);
    await upgrades.close();
    assert.deepEqual(faults, []);
  }
});

test("pauses grow to their limit, a change of network starts anew, and a straight path ends the search", async () => {
  const { clock, connections, punches, reasons, upgrades } = search(SMALL);
  connections.add(connectionTo(LARGE, `${RELAYED}/p2p/${LARGE}`));
  upgrades.changed(LARGE);
  assert.deepEqual(reasons, ["path-searching"]);
  await clock.advance(60 * 60_000);
  const times = punches.map(([, atMs]) => atMs);
  const pauses = times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0));
  assert.ok((pauses[0] ?? 0) < 2_000 && (pauses[1] ?? 0) > (pauses[0] ?? 0), `${pauses}`);
  assert.ok(Math.max(...pauses) <= BETTER_PATH_LAST_PAUSE_MS * 1.25 + 1_000);
  assert.ok(times.length >= 12 && times.length <= 30, `${times.length} attempts in an hour`);
  assert.equal(reasons.at(-1), "no-better-path");
  upgrades.moved();
  const before = punches.length;
  await clock.advance(PUNCH_GRACE_MS + 600);
  assert.equal(punches.length, before + 1);
  connections.add(connectionTo(LARGE, STRAIGHT));
  upgrades.changed(LARGE);
  assert.equal(reasons.at(-1), null);
  await clock.advance(60 * 60_000);
  assert.equal(punches.length, before + 1);
  await upgrades.close();
});

test("an attempt is given up when a straight path stands, and when it takes too long", async () => {
  const given: boolean[] = [];
  const hanging = {
    attempts: () => [],
    straighten: async () => false,
    dialOne: (_address: string, _peer: PeerId, signal: AbortSignal) =>
      new Promise<Connection>((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          given.push(true);
          reject(new Error("aborted"));
        });
      }),
  };
  const { clock, connections, upgrades } = search(SMALL, { dialler: hanging });
  connections.add(connectionTo(LARGE, `${RELAYED}/p2p/${LARGE}`));
  upgrades.changed(LARGE);
  await clock.advance(PUNCH_GRACE_MS + 600);
  assert.equal(given.length, 0);
  await clock.advance(PUNCH_FIRST_TIMEOUT_MS);
  assert.equal(given.length, 1);
  await clock.advance(2_000);
  connections.add(connectionTo(LARGE, STRAIGHT));
  upgrades.changed(LARGE);
  assert.equal(given.length, 2);
  await upgrades.close();
});

test("the first address of the other side waits a moment, the others and other connections do not share it", async () => {
  const clock = new SimulatedClock();
  class Taker {
    readonly taken: [string, number][] = [];
    async addIceCandidate(candidate: string): Promise<void> {
      this.taken.push([candidate, clock.monotonicMs()]);
    }
  }
  pauseBeforeFirstCandidate(Taker.prototype, clock);
  const [one, other] = [new Taker(), new Taker()];
  const both = (async () => {
    await one.addIceCandidate("first");
    await one.addIceCandidate("second");
  })();
  await clock.advance(50);
  const late = other.addIceCandidate("first");
  await clock.advance(PUNCH_PAUSE_MS);
  await Promise.all([both, late]);
  assert.deepEqual(one.taken, [
    ["first", PUNCH_PAUSE_MS],
    ["second", PUNCH_PAUSE_MS],
  ]);
  assert.deepEqual(other.taken, [["first", PUNCH_PAUSE_MS + 50]]);
});

test("why a path is not straight is said in words that fit what is known", () => {
  const situation = {
    path: "relayed",
    failures: 3,
    lastPunch: null,
    punching: null,
    nat: "unknown",
  } as const;
  const codeOf = (change: object) => pathReason({ ...situation, ...change })?.code ?? null;
  assert.equal(codeOf({ path: "lan" }), null);
  assert.equal(codeOf({ path: "punched" }), "path-punched");
  assert.equal(codeOf({ failures: 0 }), "path-searching");
  assert.equal(codeOf({}), "no-better-path");
  assert.equal(codeOf({ nat: "udp-blocked" }), "udp-blocked");
  assert.equal(codeOf({ nat: "endpoint-dependent" }), "nat-random-ports");
  assert.match(pathReason(situation)?.cause ?? "", /3 tries/);
});

test("of attempts the newest of each address is kept, and not without bound", () => {
  const log = new AttemptLog();
  const attempt = (address: string, atMs: number) => ({ address, atMs, tookMs: 1, problem: null });
  for (let at = 0; at < 3 * ATTEMPTS_PER_PEER_MAX; at++)
    log.note(LARGE, attempt(`/ip4/10.0.0.1/tcp/${at}`, at));
  log.note(LARGE, attempt("/ip4/10.0.0.1/tcp/60", 1_000));
  log.note(LARGE, attempt("/ip4/10.0.0.1/tcp/60", 2_000));
  const kept = log.of(LARGE);
  assert.equal(kept.length, ATTEMPTS_PER_PEER_MAX);
  assert.deepEqual(kept[0], attempt("/ip4/10.0.0.1/tcp/60", 2_000));
  assert.deepEqual(log.of(SMALL), []);
});

test("a connection that is gone before it is told of leaves nothing in the book", () => {
  const book = new ConnectionBook(new SimulatedClock());
  const gone = connectionTo(LARGE, STRAIGHT);
  gone.abort(new Error("closed at once"));
  book.add(gone);
  assert.deepEqual(book.peers(), []);
  book.add(connectionTo(LARGE, STRAIGHT));
  assert.deepEqual(book.peers(), [LARGE]);
});
