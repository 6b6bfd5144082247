/** Peers find each other, lose each other, and find each other again; real sockets, loopback only. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryAddresses } from "#storage/memory/addresses.ts";
import { firstAddress, QUIET, until, withPeers } from "#test/kit/peer-network.ts";
import { realClock } from "#test/kit/real.ts";
import { withoutPeer } from "../addresses.ts";

const TEST_TIMEOUT_MS = 15_000;

test("peers of one computer find each other by announcements within 3 s", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const a = await open(101);
    const startMs = realClock.monotonicMs();
    const b = await open(102);
    const [ofB, ofA] = await Promise.all([
      until(a.net, b.peer, (entry) => entry.online && entry.version !== null),
      until(b.net, a.peer, (entry) => entry.online && entry.version !== null),
    ]);
    const tookMs = realClock.monotonicMs() - startMs;
    assert.ok(tookMs < 3000, `took ${tookMs} ms`);
    assert.equal(ofB.claimedName, "peer 102");
    assert.equal(ofB.path, "loopback");
    assert.ok(ofA.foundBy.includes("announcement") || ofB.foundBy.includes("announcement"));
    assert.deepEqual(ofA.capabilities, ["chat/1"]);
    assert.equal(a.net.network.connected().length, 1);
    assert.equal(b.net.network.connected().length, 1);
  }),
);

test(
  "a typed address connects, is remembered, and is tried until somebody answers",
  { timeout: TEST_TIMEOUT_MS },
  () =>
    withPeers(async (open) => {
      const store = memoryAddresses();
      const first = await open(111, { discovery: QUIET });
      const address = firstAddress(first.net);
      await first.net.close();
      const a = await open(112, { discovery: QUIET }, store);
      const tooEarly = await a.net.connect(address);
      assert.ok(!tooEarly.ok);
      assert.equal(tooEarly.fault.code, "connection-refused");
      assert.match(tooEarly.fault.nextStep, /remembered/);
      assert.deepEqual(
        store.list().map((row) => [row.source, row.peer]),
        [["typed", first.peer]],
      );
      const listen = [address.slice(0, address.lastIndexOf("/p2p/"))];
      const second = await open(111, { discovery: QUIET, listen });
      const entry = await until(a.net, second.peer, (each) => each.online);
      assert.deepEqual(entry.foundBy, ["typed"]);
      assert.equal(entry.problem, null);
    }),
);

test("an address typed while its peer is connected already is no refusal", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const a = await open(113, { discovery: QUIET });
    const b = await open(114, { discovery: QUIET });
    const bareAddress = (net: typeof a.net) => withoutPeer(firstAddress(net));
    for (const _twice of [1, 2]) {
      const typed = await a.net.connect(bareAddress(b.net));
      assert.ok(typed.ok, typed.ok ? "" : typed.fault.cause);
      assert.equal(typed.value, b.peer);
      // One of the two holds a connection that the other dialled: the rule for dials in one moment decides.
      const back = await b.net.connect(bareAddress(a.net));
      assert.ok(back.ok, back.ok ? "" : back.fault.cause);
      assert.equal(back.value, a.peer);
    }
    await until(a.net, b.peer, (entry) => entry.online);
  }),
);

test("peers tell each other of further peers", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const hub = await open(121, { discovery: QUIET });
    const a = await open(122, { discovery: QUIET });
    const b = await open(123, { discovery: QUIET });
    for (const each of [a, b]) assert.ok((await each.net.connect(firstAddress(hub.net))).ok);
    const ofB = await until(a.net, b.peer, (entry) => entry.online && entry.version !== null);
    assert.ok(ofB.foundBy.includes("exchange") || ofB.foundBy.includes("inbound"));
    await until(b.net, a.peer, (entry) => entry.online);
  }),
);

test(
  "a peer that went away and came back is found again, also where only it had been dialled",
  { timeout: TEST_TIMEOUT_MS },
  () =>
    withPeers(async (open) => {
      const storeOfB = memoryAddresses();
      const a = await open(131, { discovery: QUIET });
      const b = await open(132, { discovery: QUIET }, storeOfB);
      assert.ok((await a.net.connect(firstAddress(b.net))).ok);
      await until(b.net, a.peer, (entry) => entry.version !== null);
      await b.net.close();
      await until(a.net, b.peer, (entry) => !entry.online);
      // On another port, and nobody announces: what it had learned of the other is what brings them together.
      await open(132, { discovery: QUIET }, storeOfB);
      await until(a.net, b.peer, (entry) => entry.online);
    }),
);

test("both sides dialling at once settle on one connection", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const a = await open(141, { discovery: QUIET });
    const b = await open(142, { discovery: QUIET });
    await Promise.all([a.net.connect(firstAddress(b.net)), b.net.connect(firstAddress(a.net))]);
    await until(a.net, b.peer, (entry) => entry.online && entry.version !== null && entry.latencyMs !== null);
    await until(b.net, a.peer, (entry) => entry.online && entry.version !== null && entry.latencyMs !== null);
    assert.equal(a.net.network.connected().length, 1);
    assert.equal(b.net.network.connected().length, 1);
  }),
);

test("broadcasts flow both ways after both sides dialled at once", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const [a, b] = [await open(143, { discovery: QUIET }), await open(144, { discovery: QUIET })];
    const listen = ({ net }: typeof a) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      const validate = async (message: Uint8Array) => {
        resolve(new TextDecoder().decode(message));
        return "accept" as const;
      };
      return { heard: promise, topic: net.network.topic("meeting", { messageBytesMax: 100, validate }) };
    };
    const [atA, atB] = [listen(a), listen(b)];
    await Promise.all([a.net.connect(firstAddress(b.net)), b.net.connect(firstAddress(a.net))]);
    let count = 0;
    const pulse = realClock.every(50, () => {
      count += 1;
      for (const [{ topic }, name] of [[atA, "a"] as const, [atB, "b"] as const]) {
        void topic.publish(new TextEncoder().encode(`${name} ${count}`));
      }
    });
    const [heardAtA, heardAtB] = await Promise.all([atA.heard, atB.heard]);
    pulse.cancel();
    assert.equal(heardAtA[0], "b");
    assert.equal(heardAtB[0], "a");
  }),
);

test("a new name reaches those who are connected", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const a = await open(151, { discovery: QUIET });
    const b = await open(152, { discovery: QUIET });
    assert.ok((await a.net.connect(firstAddress(b.net))).ok);
    await until(a.net, b.peer, (entry) => entry.claimedName === "peer 152");
    b.net.setProfile({ name: "Bob" });
    await until(a.net, b.peer, (entry) => entry.claimedName === "Bob");
  }),
);

test("a blocked peer is let go and not let in again", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const a = await open(161, { discovery: QUIET });
    const b = await open(162, { discovery: QUIET });
    assert.ok((await a.net.connect(firstAddress(b.net))).ok);
    await until(b.net, a.peer, (entry) => entry.online);
    b.blocked.add(a.peer);
    await b.net.dropBlocked();
    await until(b.net, a.peer, (entry) => !entry.online);
    const refused = await b.net.connect(firstAddress(a.net));
    assert.ok(!refused.ok);
    assert.equal(refused.fault.code, "peer-refused");
    await a.net.connect(firstAddress(b.net));
    await until(a.net, b.peer, (entry) => !entry.online);
    assert.deepEqual(b.net.network.connected(), []);
  }),
);

test("a peer of another network is connected, and marked", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const a = await open(171, { discovery: QUIET });
    const b = await open(172, { discovery: QUIET, chainId: new Uint8Array(32).fill(8) });
    assert.ok((await a.net.connect(firstAddress(b.net))).ok);
    const entry = await until(a.net, b.peer, (each) => each.problem !== null);
    assert.equal(entry.problem?.code, "other-network");
    assert.equal(entry.online, true);
  }),
);

test("connecting to oneself, or to nonsense, is answered", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const store = memoryAddresses();
    const a = await open(181, { discovery: QUIET }, store);
    const own = firstAddress(a.net);
    const cases: readonly [string, string][] = [
      [own, "address-own"],
      [own.slice(0, own.lastIndexOf("/p2p/")), "address-own"],
      ["nonsense", "address-malformed"],
    ];
    for (const [text, code] of cases) {
      const answer = await a.net.connect(text);
      assert.ok(!answer.ok, text);
      assert.equal(answer.fault.code, code, text);
    }
    assert.deepEqual(store.list(), []);
  }),
);

test("a port that is taken is stepped over, and said", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const a = await open(191, { discovery: QUIET });
    const taken = firstAddress(a.net).split("/p2p/")[0];
    assert.ok(taken !== undefined);
    const b = await open(192, { discovery: QUIET, listen: [taken] });
    assert.deepEqual(
      b.net.warnings().map((warning) => warning.code),
      ["port-taken"],
    );
    assert.equal(b.net.listenAddresses().length, 1);
    const c = await open(193, { discovery: QUIET, listen: ["203.0.113.7:1", "nonsense"] });
    assert.deepEqual(
      c.net.warnings().map((warning) => warning.code),
      ["not-listening", "not-listening"],
    );
  }),
);

test("peers started in the same moment all listen, each on its own port", { timeout: TEST_TIMEOUT_MS }, () =>
  withPeers(async (open) => {
    const listen = ["127.0.0.1:28733"];
    const peers = await Promise.all(
      [194, 195, 196, 197].map((seed) => open(seed, { discovery: QUIET, listen })),
    );
    const addresses = peers.flatMap(({ net }) => net.listenAddresses().map((each) => each.split("/p2p/")[0]));
    assert.equal(addresses.length, peers.length);
    assert.equal(new Set(addresses).size, peers.length);
  }),
);

test("somebody called at several addresses at once stays connected, whichever of the calls wins", async () => {
  await withPeers(async (open) => {
    const listen = Array.from({ length: 4 }, () => "127.0.0.1:0");
    const [a, b] = [await open(1, { discovery: QUIET }), await open(2, { discovery: QUIET, listen })];
    const lost: string[] = [];
    for (const { net } of [a, b]) {
      net.network.subscribe((event) => {
        if (event.type === "disconnected") lost.push(event.peer);
      });
    }
    const outcomes = await Promise.all(
      b.net.listenAddresses().map((address) => a.net.connect(withoutPeer(address))),
    );
    assert.ok(outcomes.every(({ ok }) => ok));
    await Promise.all([
      until(a.net, b.peer, ({ claimedName }) => claimedName !== null),
      until(b.net, a.peer, ({ claimedName }) => claimedName !== null),
    ]);
    assert.deepEqual(lost, []);
  });
});
