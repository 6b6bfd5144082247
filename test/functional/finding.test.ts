/** Peers find each other beyond the local network: by real trackers, by Kademlia, by a scan; on loopback. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { PeerNetwork } from "#net/index.ts";
import { firstAddress, type OpenedPeer, QUIET, until, withPeers } from "../kit/peer-network.ts";
import { realClock } from "../kit/real.ts";
import { openTestTracker, type TestTracker } from "../kit/tracker.ts";
import { openTrackerPeer } from "../kit/tracker-peer.ts";

const TIMEOUT = { timeout: 25_000 };
const ALONE = { discovery: QUIET } as const;

async function withTrackers(
  count: number,
  body: (trackers: readonly TestTracker[]) => Promise<void>,
  change: Parameters<typeof openTestTracker>[0] = {},
): Promise<void> {
  const all: TestTracker[] = [];
  try {
    for (let at = 0; at < count; at++) all.push(await openTestTracker(change));
    await body(all);
  } finally {
    await Promise.all(all.map(({ tracker }) => tracker.close()));
  }
  for (const { faults } of all) assert.deepEqual(faults, []);
}

/** Resolves once it is so; looks again whenever something about this peer itself is new. */
async function untilSelf(net: PeerNetwork, isSo: () => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const timer = realClock.after(15_000, () => reject(new Error(JSON.stringify(net.reach()))));
  const stop = net.directory.subscribe(() => {
    if (isSo()) resolve(undefined);
  });
  if (isSo()) resolve(undefined);
  await promise.finally(() => {
    timer.cancel();
    stop();
  });
}

const states = (net: PeerNetwork) => net.trackers().map(({ state, problem }) => problem?.code ?? state);
const idOf = ({ tcp }: TestTracker) => tcp.slice(tcp.lastIndexOf("/") + 1);
const people = ({ net }: OpenedPeer) => net.directory.list().map((entry) => entry.peer);

test("peers that know nothing but a tracker find each other, over TCP and over its web port", TIMEOUT, () =>
  withTrackers(1, ([tracker]) =>
    withPeers(async (open) => {
      assert.ok(tracker !== undefined);
      const a = await open(151, { ...ALONE, trackers: [tracker.tcp] });
      await untilSelf(a.net, () => a.net.trackers()[0]?.relay != null);
      const b = await open(152, { ...ALONE, trackers: [tracker.origin] });
      const ofA = await until(b.net, a.peer, (entry) => entry.online && entry.version !== null);
      assert.ok(ofA.foundBy.includes("tracker"));
      assert.equal(ofA.claimedName, "peer 151");
      await until(a.net, b.peer, (entry) => entry.online);
      await untilSelf(b.net, () => b.net.trackers()[0]?.relay != null);
      const [state] = b.net.trackers();
      assert.equal(state?.state, "connected");
      assert.equal(state?.peersOnline, 1);
      assert.ok((state?.latencyMs ?? -1) >= 0 && Math.abs(state?.clockOffsetMs ?? 99_999) < 1_000);
      assert.match(state?.observedAddress ?? "", /^127\.0\.0\.1:\d+$/);
      assert.ok(b.net.listenAddresses().some((address) => address.includes("/p2p-circuit/")));
      assert.deepEqual([people(a), people(b)], [[b.peer], [a.peer]], "each once, and no tracker among them");
    }),
  ),
);

test("one of two trackers goes: the other introduces, relays and is asked", TIMEOUT, () =>
  withTrackers(2, ([one, two]) =>
    withPeers(async (open) => {
      assert.ok(one !== undefined && two !== undefined);
      const trackers = [one.tcp, two.tcp];
      const a = await open(153, { ...ALONE, trackers });
      await untilSelf(a.net, () => a.net.trackers().every((each) => each.relay !== null));
      await one.tracker.close();
      await untilSelf(a.net, () => states(a.net)[0] === "connection-refused");
      const relayed = a.net.listenAddresses().filter((address) => address.includes("/p2p-circuit/"));
      assert.ok(relayed.length > 0 && relayed.every((address) => address.includes(`/p2p/${idOf(two)}/`)));
      const b = await open(154, { ...ALONE, trackers, listed: false });
      await until(b.net, a.peer, (entry) => entry.online);
      await until(a.net, b.peer, (entry) => entry.online);
    }),
  ),
);

test(
  "STUN is asked at the ports that a tracker names; one that is gone, or has none, tells nothing of UDP",
  TIMEOUT,
  () =>
    withTrackers(
      1,
      ([tracker]) =>
        withPeers(async (open) => {
          assert.ok(tracker !== undefined);
          const none = await openTestTracker();
          const a = await open(171, { ...ALONE, trackers: [tracker.tcp, none.tcp] });
          await untilSelf(a.net, () => a.net.reach().nat === "none");
          await tracker.tracker.close();
          await untilSelf(a.net, () => a.net.reach().nat === "unknown");
          await none.tracker.close();
        }),
      { stunPorts: [0, 0] },
    ),
);

test(
  "who may only call learns within seconds of one that had no place at the relay when it was introduced",
  TIMEOUT,
  () =>
    withTrackers(1, ([tracker]) =>
      withPeers(async (open) => {
        assert.ok(tracker !== undefined);
        const startMs = performance.now();
        const doors = { mode: "no-inbound", allow: [], block: [] } as const;
        const [a, b] = await Promise.all([
          open(172, { ...ALONE, listen: [], trackers: [tracker.tcp] }),
          open(173, { ...ALONE, doors, listen: [], trackers: [tracker.tcp] }),
        ]);
        await until(b.net, a.peer, (entry) => entry.online);
        const tookMs = performance.now() - startMs;
        assert.ok(tookMs < 10_000, `${Math.round(tookMs)} ms`);
      }),
    ),
);

test("who is not listed is found by id, and at a meeting point, but not by strangers", TIMEOUT, () =>
  withTrackers(1, ([tracker]) =>
    withPeers(async (open) => {
      assert.ok(tracker !== undefined);
      const trackers = [tracker.tcp];
      const hidden = await open(155, { ...ALONE, trackers, listed: false });
      const point = new Uint8Array(32).fill(5);
      hidden.net.setRendezvous([point]);
      await untilSelf(hidden.net, () => hidden.net.trackers()[0]?.relay != null);
      const a = await open(156, { ...ALONE, trackers, listed: false });
      await untilSelf(a.net, () => a.net.trackers()[0]?.relay != null);
      assert.deepEqual(people(a), []);
      const options = { frameBytesMax: 10, streamsPerPeerMax: 1, timeoutMs: 8_000 };
      const opened = await a.net.network.open(hidden.peer, "/test/nothing/1", options);
      assert.ok(!opened.ok && opened.fault.code === "protocol-unknown", JSON.stringify(opened));
      const b = await open(157, { ...ALONE, trackers, listed: false });
      await untilSelf(b.net, () => b.net.trackers()[0]?.relay != null);
      assert.deepEqual(await b.net.meet(new Uint8Array(32).fill(6)), []);
      assert.deepEqual(await b.net.meet(point), [hidden.peer]);
      const entry = await until(b.net, hidden.peer, (each) => each.online);
      assert.ok(entry.foundBy.includes("invite"));
    }),
  ),
);

test("who registered nowhere is found by Kademlia, if a tracker has met it", TIMEOUT, () =>
  withTrackers(1, ([tracker]) =>
    withPeers(async (open) => {
      assert.ok(tracker !== undefined);
      const b = await open(158, ALONE);
      assert.ok((await b.net.connect(tracker.tcp)).ok);
      const a = await open(159, { ...ALONE, trackers: [tracker.tcp] });
      await untilSelf(a.net, () => states(a.net)[0] === "connected");
      const options = { frameBytesMax: 10, streamsPerPeerMax: 1, timeoutMs: 12_000 };
      const opened = await a.net.network.open(b.peer, "/test/nothing/1", options);
      assert.ok(!opened.ok && opened.fault.code === "protocol-unknown", JSON.stringify(opened));
      assert.ok(a.net.directory.get(b.peer)?.foundBy.includes("kademlia"));
      assert.deepEqual([people(a), people(b)], [[b.peer], [a.peer]], "no tracker among them");
    }),
  ),
);

test("what a scan finds is connected to, once, and keeps how it was found before", TIMEOUT, () =>
  withTrackers(1, ([tracker]) =>
    withPeers(async (open) => {
      assert.ok(tracker !== undefined);
      const portOf = (address: string) => Number(/\/tcp\/(\d+)/.exec(address)?.[1]);
      const a = await open(160, { ...ALONE, trackers: [tracker.tcp] });
      await untilSelf(a.net, () => states(a.net)[0] === "connected");
      const b = await open(161, ALONE);
      const ports = [firstAddress(b.net), firstAddress(a.net), tracker.tcp].map(portOf);
      const request = { target: "localhost", ports: ports.map((port) => ({ from: port, to: port })) };
      const report = await a.net.scan(request, new AbortController().signal);
      assert.ok(report.ok);
      assert.deepEqual(
        report.value.peers.map(({ peer }) => peer),
        [b.peer],
      );
      assert.deepEqual(
        report.value.others.map(portOf),
        [portOf(tracker.tcp)],
        "a tracker, known as one, is no person",
      );
      await until(a.net, b.peer, (entry) => entry.online && entry.latencyMs !== null);
      assert.ok((await a.net.connect(firstAddress(b.net))).ok);
      const entry = await until(a.net, b.peer, (each) => each.foundBy.includes("typed"));
      assert.deepEqual(entry.foundBy, ["scan", "typed"]);
      assert.deepEqual(people(a), [b.peer]);
      assert.equal(a.net.network.connected().filter(({ peer }) => peer === b.peer).length, 1);
    }),
  ),
);

test("a peer named as a tracker is said to be none, and is a person all the same", TIMEOUT, () =>
  withPeers(async (open) => {
    const b = await open(162, ALONE);
    const a = await open(163, { ...ALONE, trackers: [firstAddress(b.net)] });
    await untilSelf(a.net, () => states(a.net)[0] === "not-a-tracker");
    await until(a.net, b.peer, (entry) => entry.online && entry.version !== null);
    assert.ok(a.net.removeTracker(firstAddress(b.net)));
    assert.deepEqual(a.net.trackers(), []);
  }),
);

test("nobody becomes a relay of this peer by bringing it a call", TIMEOUT, () =>
  withPeers(async (open) => {
    const a = await open(166, ALONE);
    const stranger = await openTrackerPeer(3);
    try {
      const connection = await stranger.dial(firstAddress(a.net));
      for (let count = 0; count < 5; count++) {
        const stream = await connection.newStream("/libp2p/circuit/relay/0.2.0/stop");
        if (stream.status === "open") await once(stream, "close");
      }
      assert.equal(a.net.reach().refused["relay-unasked"], 5);
      assert.ok(a.net.listenAddresses().every((address) => !address.includes("/p2p-circuit/")));
    } finally {
      await stranger.close();
    }
  }),
);

/** Nothing listens, and paths are punched from an address that is not ours: what is left are relays. */
const RELAYED_ONLY = {
  ...ALONE,
  doors: { mode: "outbound-only", allow: [], block: [] },
  punchFrom: "198.51.100.77",
} as const;
const QUOTA_BYTES = 300_000;

test(
  "a relay whose quota is used up is named as the cause, and no stream ends as if it were whole",
  TIMEOUT,
  () =>
    withTrackers(
      1,
      ([tracker]) =>
        withPeers(async (open) => {
          assert.ok(tracker !== undefined);
          const b = await open(164, { ...RELAYED_ONLY, trackers: [tracker.tcp] });
          await untilSelf(b.net, () => b.net.trackers()[0]?.relay != null);
          const a = await open(165, { ...RELAYED_ONLY, trackers: [tracker.tcp] });
          const ofB = await until(a.net, b.peer, (entry) => entry.online);
          assert.deepEqual([ofB.path, ofB.via], ["relayed", idOf(tracker)]);
          const ends: string[] = [];
          const options = { frameBytesMax: 70_000, streamsPerPeerMax: 2 };
          b.net.network.handle("/test/sink/1", options, async (stream) => {
            for (let frame = await stream.receive(); ; frame = await stream.receive()) {
              if (frame.ok && frame.value !== null) continue;
              ends.push(frame.ok ? "as if it were whole" : frame.fault.code);
              return;
            }
          });
          // Again and again: a first connection may give way to one that the other side began.
          for (;;) {
            const opened = await a.net.network.open(b.peer, "/test/sink/1", { ...options, timeoutMs: 5_000 });
            if (!opened.ok) {
              // What a transfer that waits shows as its reason.
              const { fault } = opened;
              assert.equal(fault.code === "not-connected" && fault.problem.code, "relay-quota");
              break;
            }
            for (let sent = true; sent; ) sent = (await opened.value.send(new Uint8Array(60_000))).ok;
          }
          const away = await until(a.net, b.peer, (entry) => entry.problem?.code === "relay-quota");
          assert.ok(ends.length > 0 && !ends.includes("as if it were whole"), ends.join());
          assert.match(away.problem?.nextStep ?? "", /\d\d:\d\d/);
          await untilSelf(a.net, () => a.net.trackers()[0]?.relay?.bytesLeft === 0);
        }),
      { relay: { placesMax: 16, connectionsPerPeer: 8, bytesPerPeer: QUOTA_BYTES, bytesTotal: null } },
    ),
);
