/**
 * Trackers as a peer uses them, honest ones and lying ones; on the simulated network and a clock that is moved. It is
 * long because one scene, with trackers that answer as they are told, plays them all.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, problem } from "#base/result.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import type { Network } from "#ports/network.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { SimulatedNetwork } from "#test/kit/network.ts";
import { seededRandom } from "#test/kit/random.ts";
import { TRACKER_ANSWER_BYTES_MAX } from "../limits.ts";
import type { RelayState } from "../reach.ts";
import { decodePresence, type Presence, signPresence } from "./presence-record.ts";
import { PresenceTaker } from "./presence-taker.ts";
import type { RelayListener } from "./relay-places.ts";
import { toldOn } from "./relay-places.ts";
import { parseTrackerAddress } from "./tracker-address.ts";
import {
  decodeTrackerRequest,
  encodeTrackerAnswer,
  TRACKER_PROTOCOL,
  type TrackerAnswer,
  type TrackerRequest,
} from "./tracker-codec.ts";
import { Trackers } from "./trackers.ts";

const CHAIN = new Uint8Array(32).fill(9);
const FAR = "/ip4/45.67.89.1/tcp/28412";
const NO_LIMIT: RelayState = { bytesLeft: null, bytesMax: null, renewsMs: null };

function keys(seed: number): Keypair {
  return createKeypair(new Uint8Array(32).fill(seed));
}

type Answerer = (request: TrackerRequest, from: PeerId) => TrackerAnswer | Uint8Array;

/** One peer with trackers at `t1.example`, `t2.example` and so on, each answering as it is told. */
class Scene {
  readonly clock = new SimulatedClock();
  readonly net = new SimulatedNetwork({
    clock: this.clock,
    random: seededRandom(1),
    wiring: "manual",
    reconnectMs: 1,
  });
  readonly self = keys(1);
  readonly me = this.net.addPeer(this.self.peerId);
  readonly asked = new Map<string, TrackerRequest[]>();
  readonly answers = new Map<string, Answerer>();
  readonly heard: { presence: Presence; foundBy: string }[] = [];
  readonly shown: string[] = [];
  readonly held = new Set<PeerId>();
  readonly #hosts = new Map<string, PeerId>();
  name = "alice";
  addresses: readonly string[] = ["/ip4/192.168.1.2/tcp/28411", "/ip4/127.0.0.1/tcp/28411"];
  readonly trackers = new Trackers(
    { keypair: this.self, chainId: CHAIN, isListed: true },
    {
      network: {
        open: (...given) => this.me.open(...given),
        subscribe: (listener) => this.me.subscribe(listener),
        connected: () => this.me.connected().map((each) => ({ ...each, path: "direct", address: FAR })),
      },
      clock: this.clock,
      random: seededRandom(2),
      dial: (address) => this.#dial(address),
      listener: this.#listener(),
      name: () => this.name,
      addresses: () => this.addresses,
      isRefused: () => false,
      mayHoldPlaces: () => true,
      onPresence: (presence, foundBy) => this.heard.push({ presence, foundBy }),
      onShown: (peer, isTracker) => this.shown.push(`${peer} ${isTracker}`),
      onChange: () => undefined,
    },
  );

  /** Runs a tracker at `name`, which answers as an honest one unless told otherwise. */
  run(name: string, seed: number, answer?: Answerer): Network {
    const keypair = keys(seed);
    this.#hosts.set(name, keypair.peerId);
    this.asked.set(name, []);
    this.answers.set(name, answer ?? ((request) => this.honest(request)));
    const network = this.net.addPeer(keypair.peerId);
    this.serve(name, network);
    return network;
  }

  serve(name: string, network: Network): void {
    network.handle(
      TRACKER_PROTOCOL,
      { frameBytesMax: TRACKER_ANSWER_BYTES_MAX, streamsPerPeerMax: 8 },
      async (stream) => {
        const frame = await stream.receive();
        if (!frame.ok || frame.value === null) return;
        const request = decodeTrackerRequest(frame.value);
        assert.ok(request.ok);
        this.asked.get(name)?.push(request.value);
        const answer = this.answers.get(name)?.(request.value, stream.peer);
        if (answer !== undefined)
          await stream.send(answer instanceof Uint8Array ? answer : encodeTrackerAnswer(answer));
      },
    );
  }

  honest(
    request: TrackerRequest,
    introductions: readonly Uint8Array[] = [],
    relay: RelayState | null = NO_LIMIT,
  ): TrackerAnswer {
    const nowMs = this.clock.nowMs();
    if (request.type === "find") return { type: "found", nowMs, records: [] };
    if (request.type === "meet") return { type: "met", nowMs, records: [] };
    if (request.type === "leave") return { type: "left", nowMs };
    return {
      type: "announced",
      nowMs,
      expiresMs: nowMs + 180_000,
      observed: "45.67.89.1:4000",
      relay,
      peersOnline: 3,
      introductions,
      trackers: [],
      stunPorts: [3478, 3479],
    };
  }

  announcements(name: string): readonly Presence[] {
    return (this.asked.get(name) ?? []).flatMap((request) => {
      if (request.type !== "announce") return [];
      const decoded = decodePresence(request.record);
      return decoded.ok ? [decoded.value.presence] : [];
    });
  }

  states(): readonly string[] {
    return this.trackers.states().map(({ state, problem: why }) => why?.code ?? state);
  }

  async #dial(address: string) {
    const name = /\/dns\/([^/]+)\//.exec(address)?.[1] ?? "";
    const peer = this.#hosts.get(name);
    const refused = fail(problem("connection-refused", `Nothing listens at ${name}.`, "Start it."));
    if (peer === undefined || !this.net.reachable(this.self.peerId, peer)) return refused;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const stop = this.me.subscribe((event) => {
      if (event.type === "connected" && event.connection.peer === peer) resolve(undefined);
    });
    if (this.me.connected().some((each) => each.peer === peer)) resolve(undefined);
    this.net.connect(this.self.peerId, peer);
    await promise;
    stop();
    return ok(peer);
  }

  #listener(): RelayListener {
    return {
      ask: async ({ relay }) => void this.held.add(relay),
      addresses: (relay) => {
        const isThere = this.me.connected().some((each) => each.peer === relay);
        if (!isThere) this.held.delete(relay);
        return this.held.has(relay) ? [`${FAR}/p2p/${relay}/p2p-circuit`] : [];
      },
    };
  }
}

function record(seed: number, issuedMs: number, change: Partial<Presence> = {}): Uint8Array {
  const fields = {
    chainId: CHAIN,
    issuedMs,
    ttlSeconds: 180,
    isListed: true,
    name: `peer ${seed}`,
    addresses: ["/ip4/10.0.0.7/tcp/28411"],
    ...change,
  };
  return signPresence(fields, keys(seed)).bytes;
}

test("a peer registers, renews before its record lapses, and says what is new at once", async () => {
  const scene = new Scene();
  scene.run("t1.example", 11);
  assert.ok(scene.trackers.add("t1.example").ok);
  assert.ok(scene.trackers.add(" t1.example:28412 ").ok, "the same door under another name");
  await scene.clock.advanceUntil(() => scene.states()[0] === "connected", 5_000, "connected");
  assert.equal(scene.trackers.states().length, 1);
  const [state] = scene.trackers.states();
  assert.equal(state?.observedAddress, "45.67.89.1:4000");
  assert.equal(state?.peersOnline, 3);
  assert.ok((state?.latencyMs ?? 0) > 0);
  assert.ok(Math.abs(state?.clockOffsetMs ?? 99) <= 2);
  assert.deepEqual(scene.shown, [`${keys(11).peerId} true`]);
  const [first] = scene.announcements("t1.example");
  assert.deepEqual(first?.addresses, ["/ip4/192.168.1.2/tcp/28411"], "no loopback address for one far away");
  await scene.clock.advance(200_000);
  const times = scene.announcements("t1.example").map((each) => each.issuedMs);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  assert.ok(times.length >= 3 && gaps.every((gap) => gap > 0 && gap < 90_000), `${gaps}`);
  scene.name = "alice the second";
  scene.trackers.tick();
  await scene.clock.advance(2_000);
  assert.equal(scene.announcements("t1.example").at(-1)?.name, "alice the second");
  const leaving = scene.trackers.close();
  await scene.clock.advanceUntilSettled(leaving, 20_000, "closed");
  assert.equal(scene.asked.get("t1.example")?.at(-1)?.type, "leave");
  assert.deepEqual(scene.net.faults, []);
});

test("whom nobody can call looks for newcomers more often, with no relay at hand", async () => {
  const scene = new Scene();
  scene.run("t1.example", 12, (request) => scene.honest(request, [], null));
  scene.trackers.add("t1.example");
  await scene.clock.advance(60_000);
  const behindRouter = scene.announcements("t1.example").length;
  assert.ok(behindRouter >= 8 && behindRouter <= 14, `${behindRouter} in a minute`);
  scene.addresses = ["/ip4/45.67.89.20/tcp/28411"];
  scene.trackers.tick();
  await scene.clock.advance(15_000);
  const before = scene.announcements("t1.example").length;
  await scene.clock.advance(120_000);
  const open = scene.announcements("t1.example").length - before;
  assert.ok(open <= 3, `${open} in two minutes`);
});

test("places are held at up to three relays, and their addresses are registered", async () => {
  const scene = new Scene();
  for (const at of [1, 2, 3, 4]) {
    scene.run(`t${at}.example`, 20 + at);
    scene.trackers.add(`t${at}.example`);
  }
  const every = scene.clock.every(1_000, () => scene.trackers.tick());
  await scene.clock.advanceUntil(() => scene.held.size === 3, 10_000, "three places");
  await scene.clock.advance(5_000);
  assert.equal(scene.held.size, 3);
  assert.equal(scene.trackers.states().filter((each) => each.relay !== null).length, 3);
  const said = scene.announcements("t1.example").at(-1)?.addresses ?? [];
  assert.equal(said.filter((address) => address.includes("/p2p-circuit")).length, 3);
  // One of the three is gone: the fourth takes its place, and the others hear of it.
  const lost = [...scene.held][0] ?? keys(0).peerId;
  scene.net.stop(lost);
  await scene.clock.advance(15_000);
  assert.equal(scene.held.size, 3);
  assert.ok(!scene.held.has(lost));
  const now = scene.announcements("t4.example").at(-1)?.addresses ?? [];
  assert.ok(now.length > 0 && now.every((address) => !address.includes(lost)));
  every.cancel();
});

test("a tracker that was gone is registered with again within 15 s of its return", async () => {
  const scene = new Scene();
  scene.run("t1.example", 31);
  scene.trackers.add("t1.example");
  await scene.clock.advanceUntil(() => scene.states()[0] === "connected", 5_000, "connected");
  scene.net.stop(keys(31).peerId);
  await scene.clock.advance(120_000);
  assert.deepEqual(scene.states(), ["connection-refused"]);
  const before = scene.announcements("t1.example").length;
  scene.serve("t1.example", scene.net.start(keys(31).peerId));
  await scene.clock.advance(15_000);
  assert.deepEqual(scene.states(), ["connected"]);
  assert.ok(scene.announcements("t1.example").length > before);
});

test("a clock that differs, and a later word of ours, are told by the tracker and mended", async () => {
  const scene = new Scene();
  let mood: "clock" | "older" | "kind" = "clock";
  scene.run("t1.example", 41, (request) => {
    if (request.type !== "announce" || mood === "kind") return scene.honest(request);
    const nowMs = scene.clock.nowMs() + 3_600_000;
    const refused = { type: "refused", nowMs, code: mood, retryAfterSeconds: 0 } as const;
    mood = mood === "clock" ? "older" : "kind";
    return refused;
  });
  scene.trackers.add("t1.example");
  await scene.clock.advance(10_000);
  const issued = scene.announcements("t1.example").map((each) => each.issuedMs - scene.clock.nowMs());
  assert.ok((issued[1] ?? 0) > 3_500_000, "signed again by the tracker's clock");
  assert.ok((issued[2] ?? 0) > (issued[1] ?? 0), "and later than what it kept");
  assert.deepEqual(scene.states(), ["connected"]);
});

test("peers whose clocks differ by hours from the tracker's find each other by its clock", async () => {
  const scene = new Scene();
  const nowMs = scene.clock.nowMs() + 7_200_000;
  scene.run("t1.example", 42, (request) => ({
    ...scene.honest(request, [record(43, nowMs)]),
    nowMs,
  }));
  scene.trackers.add("t1.example");
  await scene.clock.advance(5_000);
  assert.deepEqual([...new Set(scene.heard.map(({ presence }) => presence.name))], ["peer 43"]);
  assert.deepEqual(scene.trackers.refused(), {});
});

test("what refuses, does not speak the protocol, or talks nonsense is said so", async () => {
  const scene = new Scene();
  scene.run("full.example", 51, () => ({
    type: "refused",
    nowMs: scene.clock.nowMs(),
    code: "full",
    retryAfterSeconds: 30,
  }));
  scene.run("mad.example", 52, () => new Uint8Array([1, 2, 3]));
  scene.net.addPeer(keys(53).peerId);
  scene.run("mute.example", 54, () => new Uint8Array(TRACKER_ANSWER_BYTES_MAX));
  for (const name of ["full", "mad", "mute", "nowhere"]) scene.trackers.add(`${name}.example`);
  await scene.clock.advance(30_000);
  assert.deepEqual(scene.states(), [
    "tracker-full",
    "tracker-garbled",
    "tracker-garbled",
    "connection-refused",
  ]);
  for (const bad of [
    "",
    "http://u:p@x",
    "http://x/path",
    "/ip4/1.2.3.4/udp/1",
    "a b",
    "1.2.3",
    "x".repeat(999),
  ]) {
    const added = scene.trackers.add(bad);
    assert.ok(!added.ok && added.fault.code === "tracker-malformed", bad);
  }
  for (let at = 0; at < 4; at++) assert.ok(scene.trackers.add(`more${at}.example`).ok);
  const full = scene.trackers.add("ninth.example");
  assert.ok(!full.ok && full.fault.code === "too-many-trackers");
  assert.ok(scene.trackers.remove("mad.example"));
  assert.ok(!scene.trackers.remove("mad.example"));
});

test("a lying tracker puts nobody elsewhere, and its lies are counted", async () => {
  const scene = new Scene();
  const nowMs = scene.clock.nowMs();
  const forged = record(61, nowMs);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  const lies = [
    forged,
    new Uint8Array(5),
    record(62, nowMs - 3_600_000),
    record(63, nowMs + 3_600_000),
    record(64, nowMs, { chainId: new Uint8Array(32) }),
    record(1, nowMs),
    record(65, nowMs, { addresses: ["/ip4/127.0.0.1/tcp/9", "/ip4/10.0.0.7/tcp/9"] }),
  ];
  scene.run("t1.example", 66, (request) => {
    if (request.type === "find")
      return { type: "found", nowMs, records: [record(67, nowMs), record(68, nowMs)] };
    return scene.honest(request, lies);
  });
  scene.trackers.add("t1.example");
  await scene.clock.advance(5_000);
  assert.deepEqual(
    scene.heard.map(({ presence }) => [presence.name, presence.addresses]),
    [["peer 65", ["/ip4/10.0.0.7/tcp/9"]]],
  );
  const found = scene.trackers.find([keys(67).peerId]);
  await scene.clock.advance(2_000);
  assert.deepEqual(await found, [keys(67).peerId]);
  assert.deepEqual(scene.trackers.refused(), {
    "presence-forged": 1,
    "presence-malformed": 1,
    "presence-expired": 1,
    "presence-from-the-future": 1,
    "presence-other-network": 1,
    "presence-unasked": 1,
  });
});

test("who had no way yet when it was introduced is asked for again soon, and not for ever", async () => {
  const scene = new Scene();
  const wayless = record(91, scene.clock.nowMs(), { addresses: [] });
  const nearby = record(92, scene.clock.nowMs());
  const reachable = record(93, scene.clock.nowMs(), { addresses: ["/ip4/45.67.89.7/tcp/28411"] });
  const relayed = `${FAR}/p2p/${keys(11).peerId}/p2p-circuit`;
  scene.run("t1.example", 94, (request) => {
    if (request.type !== "find") return scene.honest(request, [wayless, nearby, reachable]);
    const nowMs = scene.clock.nowMs();
    return { type: "found", nowMs, records: [record(91, nowMs, { addresses: [relayed] })] };
  });
  scene.held.add(keys(94).peerId);
  const every = scene.clock.every(1_000, () => scene.trackers.tick());
  scene.trackers.add("t1.example");
  await scene.clock.advance(5_000);
  assert.deepEqual(
    scene.heard.filter(({ presence }) => presence.peer === keys(91).peerId).at(-1)?.presence.addresses,
    [relayed],
  );
  await scene.clock.advance(35_000);
  const finds = (scene.asked.get("t1.example") ?? []).filter((each) => each.type === "find");
  const expected = [keys(91).peerId, keys(92).peerId];
  assert.deepEqual(
    finds.map(({ peers }) => peers),
    [expected, expected, expected],
  );
  every.cancel();
});

test("an older record of a peer is not believed after a newer one, and a flood is cut short", () => {
  const clock = new SimulatedClock();
  const taker = new PresenceTaker({ self: keys(1).peerId, chainId: CHAIN, clock, isRefused: () => false });
  const handed = { tracker: keys(2).peerId, isHere: false, nowMs: clock.nowMs(), asked: null };
  assert.equal(taker.take([record(3, clock.nowMs())], handed).length, 1);
  assert.equal(taker.take([record(3, clock.nowMs() - 1)], handed).length, 0);
  const same = record(4, clock.nowMs());
  for (let count = 0; count < 1_000; count++) taker.take([same], handed);
  assert.equal(taker.refused.get("presence-replayed"), 1);
  assert.equal(taker.refused.get("presence-flood"), 1_002 - 512);
});

test("meeting points are registered in order, and who is met has been signed for", async () => {
  const scene = new Scene();
  const id = new Uint8Array(32).fill(7);
  scene.run("t1.example", 71, (request) =>
    request.type === "meet" && request.rendezvous[0] === 7
      ? {
          type: "met",
          nowMs: scene.clock.nowMs(),
          records: [record(72, scene.clock.nowMs(), { isListed: false })],
        }
      : scene.honest(request),
  );
  scene.trackers.add("t1.example");
  await scene.clock.advance(3_000);
  scene.trackers.setRendezvous([new Uint8Array(32).fill(8), id, id]);
  await scene.clock.advance(3_000);
  const last = scene.asked
    .get("t1.example")
    ?.filter((each) => each.type === "announce")
    .at(-1);
  assert.deepEqual(
    last?.rendezvous.map((each) => each[0]),
    [7, 8],
  );
  const meeting = scene.trackers.meet(id);
  await scene.clock.advance(2_000);
  assert.deepEqual(await meeting, [keys(72).peerId]);
  assert.deepEqual(
    scene.heard.map((each) => each.foundBy),
    ["invite"],
  );
});

test("trackers tell of trackers: used, as long as there is room and they make sense", async () => {
  const scene = new Scene();
  scene.run("t1.example", 81, (request) => {
    const answer = scene.honest(request);
    const told = ["t2.example", "127.0.0.1", "nowhere.example", "::not-an-address::"];
    return answer.type === "announced" ? { ...answer, trackers: told } : answer;
  });
  scene.run("t2.example", 82);
  scene.trackers.add("t1.example");
  await scene.clock.advance(10_000);
  assert.deepEqual(
    scene.trackers.states().map((each) => each.address),
    ["t1.example", "t2.example", "nowhere.example"],
  );
  assert.ok(scene.announcements("t2.example").length > 0);
});

test("names of trackers mean one address each", () => {
  const meant = (text: string) => {
    const parsed = parseTrackerAddress(text);
    return parsed.ok ? parsed.value.address : parsed.fault.code;
  };
  assert.equal(meant("tracker.example"), "/dns/tracker.example/tcp/28412");
  assert.equal(meant("45.67.89.1"), "/ip4/45.67.89.1/tcp/28412");
  assert.equal(meant("45.67.89.1:99"), "/ip4/45.67.89.1/tcp/99");
  assert.equal(meant("2001:db8::1"), "/ip6/2001:db8::1/tcp/28412");
  assert.equal(meant("[2001:db8::1]"), "/ip6/2001:db8::1/tcp/28412");
  assert.equal(meant("[2001:db8::1]:99"), "/ip6/2001:db8::1/tcp/99");
  assert.equal(meant("http://tracker.example:4748"), "/dns/tracker.example/tcp/4748/ws");
  assert.equal(meant("https://tracker.example/"), "/dns/tracker.example/tcp/443/wss");
  assert.equal(meant("HTTP://[2001:db8::1]:4748"), "/ip6/2001:db8::1/tcp/4748/ws");
  assert.equal(meant("/dns/tracker.example/tcp/443/wss"), "/dns/tracker.example/tcp/443/wss");
  const peer = keys(5).peerId;
  const named = parseTrackerAddress(`/ip4/45.67.89.1/tcp/28412/p2p/${peer}`);
  assert.ok(named.ok && named.value.peer === peer && named.value.address === "/ip4/45.67.89.1/tcp/28412");
  assert.equal(meant(`/ip4/45.67.89.1/tcp/28412/p2p/${peer}/p2p-circuit`), "tracker-malformed");
  assert.equal(meant("fe80::1"), "address-link-local");
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseTrackerAddress(text);
      if (!parsed.ok) assert.ok(parsed.fault.nextStep.length > 0);
    }),
  );
});

test("a relay's own loopback and LAN addresses are not told on to those who cannot reach them", () => {
  const relay = keys(6).peerId;
  const at = (base: string) => `${base}/p2p/${relay}/p2p-circuit`;
  const all = [
    "/ip4/127.0.0.1/tcp/1",
    "/ip4/10.0.0.1/tcp/1",
    "/ip4/45.67.89.1/tcp/1",
    "/dns/t.example/tcp/1",
  ].map(at);
  assert.deepEqual(toldOn(all, "/ip4/45.67.89.1/tcp/1"), [all[2], all[3]]);
  assert.deepEqual(toldOn(all, "/ip4/10.0.0.1/tcp/1"), [all[1], all[2]]);
  assert.deepEqual(toldOn(all, "/ip4/127.0.0.1/tcp/1"), [all[0], all[1]]);
  assert.deepEqual(toldOn(["nonsense"], "/ip4/45.67.89.1/tcp/1"), []);
});
