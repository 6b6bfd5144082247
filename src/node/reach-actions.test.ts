/** Trackers are used and kept, each once; scans are asked for in words and answered with people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersonView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, problem, type Result } from "#base/result.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { DEFAULT_SETTINGS, type Settings } from "./config.ts";
import { TRACKERS_KEPT_MAX } from "./limits.ts";
import { keepTracker, reachActions, trackersToStartWith } from "./reach-actions.ts";

const REFUSED = problem("settings-not-written", "The disk is full.", "Free some space.");

function scene() {
  const state = { settings: DEFAULT_SETTINGS as Settings, isFull: false, inUse: [] as string[] };
  const parts: Parameters<typeof reachActions>[0] = {
    clock: new SimulatedClock(),
    settings: {
      current: () => state.settings,
      change(change): Result<undefined, typeof REFUSED> {
        if (state.isFull) return fail(REFUSED);
        state.settings = { ...state.settings, ...change };
        return ok();
      },
    },
    network: {
      trackers: () =>
        state.inUse.map((address) => ({
          address,
          peer: null,
          state: "connecting",
          problem: null,
          latencyMs: null,
          relay: null,
          clockOffsetMs: 7,
          observedAddress: null,
          peersOnline: null,
        })),
      addTracker(address) {
        state.inUse.push(address.trim());
        return ok();
      },
      removeTracker(address) {
        state.inUse = state.inUse.filter((each) => each !== address.trim());
        return true;
      },
      scan: async ({ target, ports }) =>
        ok({
          hosts: 1,
          portsTried: ports.length,
          tookMs: 5,
          peers: [{ peer: target as PeerId, address: "/ip4/10.0.0.1/tcp/1" }],
          others: ["/ip4/10.0.0.1/tcp/2"],
        }),
    },
    persons: { view: (peer) => ({ peerId: peer }) as PersonView },
  };
  return { state, parts, actions: reachActions(parts) };
}

test("a tracker that is added is used and kept, and gone from both when removed under another name", async () => {
  const { state, actions } = scene();
  const added = await actions.addTracker(" tracker.example ");
  assert.ok(added.ok && added.value.length === 1);
  assert.ok(!("clockOffsetMs" in (added.value[0] ?? {})), "the view holds what the view says");
  assert.deepEqual(state.settings.trackers, ["tracker.example"]);
  const unknown = await actions.removeTracker("other.example");
  assert.ok(!unknown.ok && unknown.fault.code === "tracker-unknown");
  const removed = await actions.removeTracker("tracker.example:28412");
  assert.ok(removed.ok);
  assert.deepEqual(state.settings.trackers, []);
  const bad = await actions.addTracker("not a host");
  assert.ok(!bad.ok && bad.fault.code === "tracker-malformed");
});

test("a tracker that could not be kept is not used either", async () => {
  const { state, parts, actions } = scene();
  state.isFull = true;
  const added = await actions.addTracker("tracker.example");
  assert.ok(!added.ok && added.fault.code === "settings-not-written");
  assert.deepEqual(state.inUse, []);
  state.isFull = false;
  for (let at = 0; at < TRACKERS_KEPT_MAX; at++) assert.ok(keepTracker(`t${at}.example`, parts).ok);
  const many = keepTracker("one.too.many.example", parts);
  assert.ok(!many.ok && many.fault.code === "too-many-trackers");
  assert.equal(state.inUse.length, TRACKERS_KEPT_MAX);
});

test("trackers of a start are those kept and those given, each once; wrong ones are told from where they came", () => {
  const kept = ["a.example", "http://b.example:4748"];
  assert.deepEqual(trackersToStartWith(kept, ["a.example:28412", "c.example"]), {
    ok: true,
    value: [...kept, "c.example"],
  });
  const given = trackersToStartWith(kept, ["/udp"]);
  assert.ok(!given.ok && given.fault.code === "tracker-malformed");
  const inFile = trackersToStartWith(["/udp"], []);
  assert.ok(!inFile.ok && inFile.fault.code === "config-corrupt");
});

test("a scan is asked for in words, and answers with people", async () => {
  const { actions } = scene();
  const report = await actions.scan("10.0.0.1", "1,3-4");
  assert.ok(report.ok);
  assert.equal(report.value.portsTried, 2);
  assert.equal(report.value.people[0]?.person.peerId, "10.0.0.1");
  const bad = await actions.scan("10.0.0.1", "everything");
  assert.ok(!bad.ok && bad.fault.code === "scan-ports-malformed");
});
