/** A scan finds peers and nothing but peers, quickly and within bounds; on real sockets of loopback. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { createKeypair } from "#crypto/ed25519.ts";
import { realClock } from "#test/kit/real.ts";
import { endpointOf } from "../addresses.ts";
import { Doors, OPEN_DOORS } from "../doors/doors.ts";
import { type Host, startHost } from "../host/host.ts";
import type { ScanRequest } from "../reach.ts";
import { identifyBy, knock, lookUp } from "./knock.ts";
import { scan } from "./scan.ts";
import { parsePorts, planScan } from "./scan-plan.ts";

const NEVER = new AbortController().signal;
const SECONDS_MAX_MS = 3_000;

async function host(seed: number): Promise<Host> {
  return await startHost({
    keypair: createKeypair(new Uint8Array(32).fill(seed)),
    version: "0.0.0-test",
    listen: ["/ip4/127.0.0.1/tcp/0"],
    gate: {},
    doors: new Doors(OPEN_DOORS, { clock: realClock }),
    standing: () => 0,
    discovery: undefined,
  });
}

function portOf(running: Host): number {
  const endpoint = endpointOf(
    running
      .getMultiaddrs()[0]
      ?.toString()
      .replace(/\/p2p\/.*/, "") ?? "",
  );
  assert.ok(endpoint !== null);
  return endpoint.port;
}

async function run(request: ScanRequest, asker: Host, signal: AbortSignal = NEVER) {
  const told: string[] = [];
  const outcome = await scan(
    request,
    {
      clock: realClock,
      self: createKeypair(new Uint8Array(32).fill(1)).peerId,
      knock: knock(realClock),
      identify: identifyBy(asker.services.internals, realClock),
      lookUp,
      onPeer: (peer, address) => told.push(`${peer} ${address}`),
    },
    signal,
  );
  return { outcome, told };
}

/** Ports around those given, about `count` of them, which are closed but for those given. */
function around(ports: readonly number[], count: number): ScanRequest["ports"] {
  const from = Math.max(1, Math.min(...ports, 65_535 - count));
  return [{ from, to: from + count - 1 }, ...ports.map((port) => ({ from: port, to: port }))];
}

async function chatterbox(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("220 mail.example ready\r\n".repeat(500));
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return server;
}

test("a thousand ports of one host take less than 3 s, and tell peers from others", async () => {
  const [asker, other, own] = await Promise.all([host(41), host(42), host(1)]);
  const mail = await chatterbox();
  try {
    const address = mail.address();
    assert.ok(typeof address === "object" && address !== null);
    const ports = around([portOf(other)], 1_000);
    const extra = [address.port, portOf(own)].map((port) => ({ from: port, to: port }));
    const { outcome, told } = await run({ target: "127.0.0.1", ports: [...ports, ...extra] }, asker);
    assert.ok(outcome.ok);
    const there = `/ip4/127.0.0.1/tcp/${portOf(other)}`;
    const mine = outcome.value.peers.filter((each) => each.address === there);
    assert.deepEqual(mine, [{ peer: other.peerId.toString(), address: there }]);
    assert.ok(told.includes(`${other.peerId.toString()} ${there}`));
    assert.ok(outcome.value.others.includes(`/ip4/127.0.0.1/tcp/${address.port}`), "mail is no peer");
    assert.ok(
      outcome.value.peers.every((each) => each.peer !== own.peerId.toString()),
      "oneself is left out",
    );
    assert.ok(outcome.value.portsTried >= 1_000);
    assert.ok(outcome.value.tookMs < SECONDS_MAX_MS, `took ${outcome.value.tookMs} ms`);
    assert.equal(asker.getConnections().length, 0, "only the handshake is spoken");
    assert.equal(other.getConnections().length, 0);
  } finally {
    mail.close();
    await Promise.all([asker.stop(), other.stop(), own.stop()]);
  }
});

test("a scan that is broken off ends at once with a problem", async () => {
  const asker = await host(43);
  try {
    const stop = new AbortController();
    const running = run({ target: "127.0.0.0/18", ports: [{ from: 9, to: 9 }] }, asker, stop.signal);
    stop.abort();
    const { outcome } = await running;
    assert.ok(!outcome.ok && outcome.fault.code === "scan-broken-off");
  } finally {
    await asker.stop();
  }
});

test("ports are read strictly", () => {
  assert.deepEqual(parsePorts("28411-28475, 4000"), {
    ok: true,
    value: [
      { from: 28_411, to: 28_475 },
      { from: 4_000, to: 4_000 },
    ],
  });
  const usual = parsePorts(undefined);
  assert.deepEqual(usual.ok && usual.value.map(({ from, to }) => [from, to]), [[28_411, 28_475]]);
  for (const bad of [
    "",
    "0",
    "65536",
    "5-4",
    "1-",
    "-1",
    "1,,2",
    "a",
    "1 2",
    "9".repeat(400),
    "1,".repeat(99),
  ]) {
    const parsed = parsePorts(bad);
    assert.ok(!parsed.ok && parsed.fault.code === "scan-ports-malformed", bad);
  }
});

test("targets are hosts and ranges", () => {
  const hosts = (target: string) => {
    const plan = planScan({ target, ports: [{ from: 5, to: 5 }] });
    return plan.ok ? plan.value.hosts : plan.fault.code;
  };
  assert.deepEqual(hosts("192.168.1.77/30"), ["192.168.1.77", "192.168.1.78"]);
  assert.deepEqual(hosts("192.168.1.77/31"), ["192.168.1.76", "192.168.1.77"]);
  assert.deepEqual(hosts("10.0.0.1/32"), ["10.0.0.1"]);
  assert.deepEqual(hosts("[::1]"), ["::1"]);
  assert.deepEqual(hosts("fd00::ffff/127"), ["fd00:0:0:0:0:0:0:fffe", "fd00:0:0:0:0:0:0:ffff"]);
  assert.deepEqual(hosts("Nas.Home"), ["nas.home"]);
  assert.equal(hosts("10.0.0.0/8"), "scan-too-large");
  assert.equal(hosts("fd00::/64"), "scan-too-large");
  for (const bad of ["", "1.2.3", "10.0.0.0/33", "fe80::1%eth0", "a b", "nas/24", "-x", "x".repeat(400)]) {
    assert.equal(hosts(bad), "scan-target-malformed", bad);
  }
});

test("whatever is asked for, a plan is bounded or refused in words", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()),
      fc.nat(130),
      fc.array(fc.record({ from: fc.integer(), to: fc.integer() })),
      (base, prefix, ports) => {
        const planned = planScan({ target: `${base}/${prefix}`, ports });
        if (planned.ok) assert.ok(planned.value.hosts.length * planned.value.ports.length <= 65_536);
        else assert.match(planned.fault.code, /^scan-/);
      },
    ),
  );
});

test("a range holds as many addresses as its prefix says, each once, the base among them", () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 118, max: 128 }), (base, prefix) => {
      const planned = planScan({ target: `${base}/${prefix}`, ports: [{ from: 1, to: 1 }] });
      assert.ok(planned.ok);
      const hosts = planned.value.hosts.map((each) => new URL(`http://[${each}]/`).hostname);
      assert.equal(new Set(hosts).size, 2 ** (128 - prefix));
      assert.ok(hosts.includes(new URL(`http://[${base}]/`).hostname));
    }),
  );
});
