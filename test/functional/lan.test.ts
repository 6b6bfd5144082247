/** Peers find each other on local networks, in each family of addresses, and on a computer that is on none. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { computers, type LanPeer, lan, type Self, whyNoLan } from "#test/kit/lan.ts";

/** Three seconds is the promise; the rest is what two busy cores may take away. */
const FIND_MS = 5_000;
/** Ten seconds is the promise; the rest is for two busy cores. */
const NOTICE_MS = 12_000;
const ONLY_MDNS = { mdns: true, announcements: false };
const NO_DISCOVERY = { mdns: false, announcements: false };
const OPTIONS = { skip: whyNoLan(), timeout: 30_000 };

/** Both have each other online in time, counted from when the later one was ready. */
async function findEachOther(t: TestContext, one: LanPeer, other: LanPeer): Promise<void> {
  const [a, b] = await Promise.all([one.ready(), other.ready()]);
  const sinceMs = Math.max(a.atMs, b.atMs);
  const metMs = Math.max(...(await Promise.all([one.meets(other), other.meets(one)])));
  inTime(t, "found each other", metMs - sinceMs);
}

function inTime(t: TestContext, what: string, tookMs: number): void {
  t.diagnostic(`${what} after ${tookMs} ms`);
  assert.ok(tookMs < FIND_MS, `${what} after ${tookMs} ms`);
}

function hostsOf({ addresses }: Self): readonly string[] {
  return addresses.map((address) => address.split("/")[2] ?? "");
}

function codesOf({ warnings }: Self): readonly string[] {
  return warnings.map(({ code }) => code);
}

test("two peers on one computer without any network share the announcements' port", OPTIONS, async (t) => {
  const [computer] = await computers(t, 1);
  assert.ok(computer !== undefined);
  const one = computer.start({ seed: 1 });
  // Two that start in the same moment may each find the other's look at the usual port, and both leave it.
  await one.ready();
  const other = computer.start({ seed: 2 });
  await findEachOther(t, one, other);
  const [a, b] = await Promise.all([one.ready(), other.ready()]);
  assert.deepEqual(hostsOf(a), ["127.0.0.1", "::1"]);
  const codes = [codesOf(a), codesOf(b)].sort((x, y) => x.length - y.length);
  assert.deepEqual(codes, [["no-network"], ["port-taken", "no-network"]]);
  await Promise.all([one.stop(), other.stop()]);
});

test(
  "on IPv4 without a default route; one that comes back on another port is found again",
  OPTIONS,
  async (t) => {
    const [here, there] = await lan(t, 2, [4]);
    assert.ok(here !== undefined && there !== undefined);
    const [one, other] = [here.start({ seed: 1 }), there.start({ seed: 2 })];
    await findEachOther(t, one, other);
    const first = await other.ready();
    assert.deepEqual(hostsOf(first), ["10.77.0.2", "127.0.0.1", "::1"]);
    assert.deepEqual(codesOf(first), []);
    await other.stop();
    await one.until((news) => (news.type === "peer" && !news.entry.online ? news : null), first.atMs);
    const again = there.start({ seed: 2, listen: ["0.0.0.0:4100"] });
    const { atMs } = await again.ready();
    inTime(
      t,
      "found again",
      Math.max(...(await Promise.all([one.meets(again, atMs), again.meets(one)]))) - atMs,
    );
    await Promise.all([one.stop(), again.stop()]);
  },
);

test("on IPv6 alone; link-local addresses are not told to anybody", OPTIONS, async (t) => {
  const [here, there] = await lan(t, 2, [6]);
  assert.ok(here !== undefined && there !== undefined);
  const [one, other] = [here.start({ seed: 1 }), there.start({ seed: 2 })];
  await findEachOther(t, one, other);
  const self = await one.ready();
  assert.deepEqual(hostsOf(self), ["fd77::1", "127.0.0.1", "::1"]);
  assert.deepEqual(codesOf(self), ["mdns-unavailable"]);
  await Promise.all([one.stop(), other.stop()]);
});

test("by mDNS alone, where a default route lets it speak", OPTIONS, async (t) => {
  const both = await lan(t, 2, [4]);
  for (const computer of both) computer.ip("route", "add", "default", "via", "10.77.0.254");
  const [one, other] = both.map((computer, at) => computer.start({ seed: at + 1, discovery: ONLY_MDNS }));
  assert.ok(one !== undefined && other !== undefined);
  await findEachOther(t, one, other);
  await Promise.all([one.stop(), other.stop()]);
});

test("a network joined after the start is used at once", OPTIONS, async (t) => {
  const both = await lan(t, 2, [4, 6]);
  for (const computer of both) computer.ip("link", "set", "eth0", "down");
  const [one, other] = both.map((computer, at) => computer.start({ seed: at + 1 }));
  assert.ok(one !== undefined && other !== undefined);
  for (const peer of [one, other]) assert.deepEqual(codesOf(await peer.ready()), ["no-network"]);
  const upMs = Date.now();
  for (const computer of both) computer.ip("link", "set", "eth0", "up");
  const self = await one.until((news) => (news.type === "self" ? news : null));
  inTime(t, "noticed", self.atMs - upMs);
  assert.equal(hostsOf(self)[0], "10.77.0.1");
  assert.deepEqual(codesOf(self), []);
  inTime(
    t,
    "found each other",
    Math.max(...(await Promise.all([one.meets(other), other.meets(one)]))) - upMs,
  );
  await Promise.all([one.stop(), other.stop()]);
});

test(
  "an interface that goes down is noticed on both sides, and used again when it is up",
  OPTIONS,
  async (t) => {
    const [here, there] = await lan(t, 2, [4, 6]);
    assert.ok(here !== undefined && there !== undefined);
    const [one, other] = [here.start({ seed: 1 }), there.start({ seed: 2 })];
    await findEachOther(t, one, other);
    const downMs = Date.now();
    here.ip("link", "set", "eth0", "down");
    const goneMs = Math.max(...(await Promise.all([one.loses(other, downMs), other.loses(one, downMs)])));
    t.diagnostic(`noticed after ${goneMs - downMs} ms`);
    assert.ok(goneMs - downMs < NOTICE_MS, `noticed after ${goneMs - downMs} ms`);
    const upMs = Date.now();
    here.ip("link", "set", "eth0", "up");
    // Linux drops the IPv6 addresses of an interface that goes down.
    here.ip("addr", "replace", "fd77::1/64", "dev", "eth0", "nodad");
    const backMs = Math.max(...(await Promise.all([one.meets(other, upMs), other.meets(one, upMs)])));
    t.diagnostic(`found again after ${backMs - upMs} ms`);
    assert.ok(backMs - upMs < NOTICE_MS, `found again after ${backMs - upMs} ms`);
    await Promise.all([one.stop(), other.stop()]);
  },
);

test("who knows one peer by a typed address learns the others from it", OPTIONS, async (t) => {
  const three = await lan(t, 3, [4, 6]);
  const [a, b, c] = three.map((computer, at) => computer.start({ seed: at + 1, discovery: NO_DISCOVERY }));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  const sinceMs = Math.max(...(await Promise.all([a.ready(), b.ready(), c.ready()])).map(({ atMs }) => atMs));
  a.connect("[fd77::2]:28411");
  c.connect("10.77.0.2:28411");
  inTime(t, "learned", Math.max(...(await Promise.all([a.meets(c), c.meets(a)]))) - sinceMs);
  await Promise.all([a.stop(), b.stop(), c.stop()]);
});
