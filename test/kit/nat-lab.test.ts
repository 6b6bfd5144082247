/** The routers of the lab do what they are called, for otherwise nothing measured in it would mean anything. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import type { Namespace } from "./namespace.ts";
import { NatLab, type RouterKind, whyNoNatLab } from "./nat-lab.ts";

const OPTIONS = { skip: whyNoNatLab(), timeout: 30_000 };
const PROBE = join(import.meta.dirname, "nat-probe.ts");
const PORT = 28_411;

interface Probe {
  send(address: string, port?: number): void;
  /** From where the next datagram came: `ADDRESS PORT`. */
  next(): Promise<string>;
  /** What came until one came from `address`, that one left out. */
  until(address: string): Promise<readonly string[]>;
}

async function probe(where: Namespace): Promise<Probe> {
  const { stdin, stdout } = where.node(PROBE);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  assert.equal(await next(), "ready");
  const until = async (address: string) => {
    const came: string[] = [];
    for (;;) {
      const from = await next();
      if (from.startsWith(`${address} `)) return came;
      came.push(from);
    }
  };
  return { send: (address, port = PORT) => stdin.write(`${address} ${port}\n`), next, until };
}

async function behind(t: TestContext, router: RouterKind) {
  const lab = await NatLab.open(t);
  const [one, other, home] = [await lab.host(), await lab.host(), await lab.home({ router })];
  const [p1, p2, inside] = await Promise.all([one, other, home].map(({ namespace }) => probe(namespace)));
  assert.ok(p1 !== undefined && p2 !== undefined && inside !== undefined);
  inside.send(one.ipv4 ?? "");
  inside.send(other.ipv4 ?? "");
  const seen = await Promise.all([p1.next(), p2.next()]);
  const ports = seen.map((from) => {
    assert.ok(from.startsWith(`${home.address()} `), `${from} is not ${home.address()}`);
    return Number(from.split(" ")[1]);
  });
  return { lab, one, other, home, p1, p2, inside, ports };
}

test(
  "port-preserving: the outside port is the inside one, and only who was called may answer",
  OPTIONS,
  async (t) => {
    const { lab, home, one, p1, inside, ports } = await behind(t, "port-preserving");
    assert.deepEqual(ports, [PORT, PORT]);
    const stranger = await lab.host();
    const third = await probe(stranger.namespace);
    third.send(home.address());
    // A round trip: what the stranger sent has long arrived when this has.
    inside.send(one.ipv4 ?? "");
    await p1.next();
    p1.send(home.address());
    assert.equal(await inside.next(), `${one.ipv4} ${PORT}`);
  },
);

test("forwarding: whoever sends, it arrives", OPTIONS, async (t) => {
  const { lab, home, inside, ports } = await behind(t, "forwarding");
  assert.deepEqual(ports, [PORT, PORT]);
  const stranger = await lab.host();
  (await probe(stranger.namespace)).send(home.address());
  assert.equal(await inside.next(), `${stranger.ipv4} ${PORT}`);
});

test("random ports: another one for each destination", OPTIONS, async (t) => {
  const { ports } = await behind(t, "random-ports");
  assert.equal(new Set([...ports, PORT]).size, 3);
});

test("none: its own address; and paths are cut, restored and given new addresses", OPTIONS, async (t) => {
  const { home, one, other, p1, p2, inside, ports } = await behind(t, "none");
  assert.deepEqual(ports, [PORT, PORT]);
  home.cut("udp", one.ipv4 ?? "");
  // What goes where nothing is cut shows that what was sent before it has left too.
  for (const [from, to] of [
    [inside, one.ipv4],
    [p1, home.address()],
  ] as const) {
    from.send(to ?? "");
    from.send(other.ipv4 ?? "");
    await p2.next();
  }
  home.restore();
  p1.send(home.address());
  inside.send(one.ipv4 ?? "");
  inside.send(other.ipv4 ?? "");
  await p2.next();
  for (const [to, at, from] of [
    [p1, one.ipv4, home.address()],
    [inside, home.address(), one.ipv4],
  ] as const) {
    p2.send(at ?? "");
    const came = await to.until(other.ipv4 ?? "");
    assert.deepEqual(came, [`${from} ${PORT}`], "all that was sent during the cut is lost, and no more");
  }
});

test("a home behind a router moves to other addresses", OPTIONS, async (t) => {
  const { home, one, p1, inside } = await behind(t, "port-preserving");
  const before = home.address();
  home.renumber();
  assert.notEqual(home.address(), before);
  inside.send(one.ipv4 ?? "");
  assert.equal(await p1.next(), `${home.address()} ${PORT}`);
});

test("what a strict firewall does not let out is dropped; IPv6 needs no translation", OPTIONS, async (t) => {
  const lab = await NatLab.open(t, [4, 6]);
  const host = await lab.host();
  const [strict, usual] = [
    await lab.home({ router: "port-preserving", outbound: "no-udp" }),
    await lab.home({ router: "port-preserving" }),
  ];
  const [outside, silent, inside] = await Promise.all(
    [host, strict, usual].map(({ namespace }) => probe(namespace)),
  );
  for (const address of [host.ipv4, host.ipv6]) silent?.send(address ?? "");
  silent?.send("127.0.0.1");
  await silent?.next();
  for (const address of [host.ipv4, host.ipv6]) inside?.send(address ?? "");
  const seen = [await outside?.next(), await outside?.next()];
  assert.ok(seen.includes(`${usual.address()} ${PORT}`), `${seen}`);
  assert.ok(
    seen.some((from) => from?.startsWith("2a0e:97c0:1")),
    `${seen}`,
  );
});

test("two rooms of one building reach each other through its router", OPTIONS, async (t) => {
  const lab = await NatLab.open(t);
  const [one, other] = await lab.building();
  const [a, b] = [await probe(one), await probe(other)];
  a.send("10.50.2.2");
  assert.equal(await b.next(), `10.50.1.2 ${PORT}`);
});
