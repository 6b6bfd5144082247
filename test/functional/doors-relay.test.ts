/** Doors where a tracker stands between: modes, lists and network keys over a real relay on loopback. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DoorMode, DoorSettings } from "#net/index.ts";
import { firstAddress, type OpenedPeer, QUIET, until, withPeers } from "../kit/peer-network.ts";
import { realClock } from "../kit/real.ts";
import { openTestTracker, type TestTracker } from "../kit/tracker.ts";

const TIMEOUT = { timeout: 30_000 };
const PATIENCE_MS = 15_000;

async function withTracker(
  body: (tracker: TestTracker) => Promise<void>,
  change: Parameters<typeof openTestTracker>[0] = {},
): Promise<void> {
  const tracker = await openTestTracker(change);
  try {
    await body(tracker);
  } finally {
    await tracker.tracker.close();
  }
  assert.deepEqual(tracker.faults, []);
}

const doors = (mode: DoorMode, lists: Partial<DoorSettings> = {}): DoorSettings => ({
  mode,
  allow: [],
  block: [],
  ...lists,
});
const of = ({ tcp }: TestTracker) => ({ discovery: QUIET, trackers: [tcp] }) as const;

/** Resolves once it is so; looks again whenever something about this peer itself is new. */
async function untilSelf({ net }: OpenedPeer, isSo: () => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const timer = realClock.after(PATIENCE_MS, () => reject(new Error(JSON.stringify(net.reach()))));
  const stop = net.directory.subscribe(() => (isSo() ? resolve(undefined) : undefined));
  if (isSo()) resolve(undefined);
  await promise.finally(() => {
    timer.cancel();
    stop();
  });
}

test("outbound only listens on nothing, and is reached over the relay that it called", TIMEOUT, () =>
  withTracker((tracker) =>
    withPeers(async (open) => {
      const a = await open(171, { ...of(tracker), doors: doors("outbound-only") });
      await untilSelf(a, () => a.net.trackers()[0]?.relay != null);
      assert.deepEqual(a.net.reach().listening, []);
      assert.ok(a.net.listenAddresses().every((address) => address.includes("/p2p-circuit/")));
      // B is not the one who was called: it takes no calls.
      const b = await open(172, { ...of(tracker), doors: doors("no-inbound") });
      assert.ok((await b.net.connect(a.net.listenAddresses()[0] ?? "")).ok);
      const entry = await until(b.net, a.peer, ({ online }) => online);
      assert.equal(entry.path, "relayed");
    }),
  ),
);

test("a relay brings one call after another, and each of them stands", TIMEOUT, () =>
  withTracker((tracker) =>
    withPeers(async (open) => {
      const called = await open(168, { ...of(tracker), doors: doors("outbound-only") });
      await untilSelf(called, () => called.net.trackers()[0]?.relay != null);
      const address = called.net.listenAddresses()[0] ?? "";
      for (const seed of [169, 170]) {
        const caller = await open(seed, { ...of(tracker), doors: doors("no-inbound") });
        let ends = 0;
        caller.net.network.subscribe(({ type }) => {
          if (type === "disconnected") ends += 1;
        });
        assert.ok((await caller.net.connect(address)).ok);
        const spoke = await until(caller.net, called.peer, (entry) => entry.latencyMs !== null || ends > 0);
        assert.deepEqual([spoke.online, spoke.path, ends], [true, "relayed", 0]);
      }
    }),
  ),
);

test("no inbound holds no place at a relay, and is in touch with whom it calls", TIMEOUT, () =>
  withTracker((tracker) =>
    withPeers(async (open) => {
      const shut = await open(173, { ...of(tracker), doors: doors("no-inbound") });
      await untilSelf(shut, () => shut.net.trackers()[0]?.state === "connected");
      const b = await open(174, of(tracker));
      assert.ok((await shut.net.connect(firstAddress(b.net))).ok);
      await until(b.net, shut.peer, ({ online }) => online);
      assert.deepEqual(shut.net.listenAddresses(), []);
      assert.equal(shut.net.trackers()[0]?.relay, null);
      // Shut while it stands: what others began ends, what it began itself stays.
      b.net.setDoors(doors("no-inbound"));
      await until(b.net, shut.peer, ({ online }) => !online);
    }),
  ),
);

test("an allow list that names neither tracker nor loopback keeps the tracker that was typed", TIMEOUT, () =>
  withTracker((tracker) =>
    withPeers(async (open) => {
      const a = await open(175, of(tracker));
      const stranger = await open(176, of(tracker));
      const choosy = await open(177, { ...of(tracker), doors: doors("open", { allow: [a.peer] }) });
      await untilSelf(choosy, () => choosy.net.trackers()[0]?.state === "connected");
      await until(choosy.net, a.peer, ({ online }) => online);
      await until(stranger.net, a.peer, ({ online }) => online);
      const kept = await stranger.net.connect(choosy.net.listenAddresses()[0] ?? "");
      assert.ok(!kept.ok);
      assert.equal(choosy.net.directory.get(stranger.peer)?.online ?? false, false);
      assert.ok((choosy.net.doors().refused["not-allowed"] ?? 0) > 0);
    }),
  ),
);

test(
  "a private network has trackers of its own: its key opens them, and nothing else does",
  TIMEOUT,
  async () => {
    const networkKey = new Uint8Array(32).fill(7);
    await withTracker(
      (tracker) =>
        withPeers(async (open) => {
          const a = await open(178, { ...of(tracker), networkKey });
          const b = await open(179, { ...of(tracker), networkKey });
          await until(a.net, b.peer, ({ online }) => online);
          const outside = await open(180, of(tracker));
          await untilSelf(outside, () => outside.net.trackers()[0]?.problem != null);
          assert.match(outside.net.trackers()[0]?.problem?.nextStep ?? "", /network key/);
          assert.deepEqual(outside.net.directory.list(), []);
        }),
      { networkKey },
    );
  },
);
