/** Ports are mapped, renewed and given back; routers that lie, refuse or talk nonsense do no harm. On loopback. */
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { test } from "node:test";
import fc from "fast-check";
import { fail, ok } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { realClock } from "#test/kit/real.ts";
import { gatewaysOf } from "./default-gateway.ts";
import { type Mapped, mappingProblems, type Router } from "./mapping.ts";
import { decodeNatPmpAnswer, encodeMapRequest, natPmpRouter } from "./nat-pmp.ts";
import { PortMapper } from "./port-mapper.ts";
import { findUpnpRouters } from "./upnp.ts";
import { actionRequest, controlPointOf, errorCodeOf, externalHostOf, locationOf } from "./upnp-messages.ts";

const NEVER = new AbortController().signal;
const OUTSIDE = "45.67.89.10";
/** Loopback answers at once: nobody needs to wait for it as for a router. */
const hasty: Clock = { ...realClock, after: (delayMs, task) => realClock.after(delayMs / 8, task) };

/** A router that does as it is told and writes down what it was asked. */
class Script implements Router {
  readonly protocol = "upnp";
  readonly gateway = "192.168.1.1";
  readonly asked: string[] = [];
  answer: (externalPort: number) => ReturnType<Router["map"]> = async (externalPort) =>
    ok({ externalHost: OUTSIDE, externalPort, lifetimeSeconds: 3_600 });

  map(internalPort: number, externalPort: number, lifetimeSeconds: number): ReturnType<Router["map"]> {
    this.asked.push(`map ${internalPort} ${externalPort} ${lifetimeSeconds}`);
    return this.answer(externalPort);
  }
  async unmap(internalPort: number, externalPort: number): Promise<void> {
    this.asked.push(`unmap ${internalPort} ${externalPort}`);
  }
}

function mapperOn(router: Router) {
  const clock = new SimulatedClock();
  const seen = { changes: 0, port: 28_411 as number | null };
  const mapper = new PortMapper({
    clock,
    routers: async () => [router],
    port: () => seen.port,
    onChange: () => {
      seen.changes += 1;
    },
    onFault: (error) => assert.fail(String(error)),
  });
  return { clock, mapper, seen };
}

test("a port is mapped, renewed at half its life, and given back at the end", async () => {
  const router = new Script();
  const { clock, mapper, seen } = mapperOn(router);
  await clock.advance(1);
  assert.deepEqual(mapper.addresses(), [`/ip4/${OUTSIDE}/tcp/28411`]);
  assert.deepEqual(mapper.mappings(), [
    { protocol: "upnp", gateway: "192.168.1.1", externalAddress: `${OUTSIDE}:28411`, problem: null },
  ]);
  await clock.advance(60 * 60_000);
  assert.equal(router.asked.length, 4, "every twenty minutes, the longest that is waited");
  assert.equal(seen.changes, 1, "the same again is no news");
  await mapper.close();
  assert.deepEqual(router.asked.at(-1), "unmap 28411 28411");
  assert.equal(clock.pending, 0);
});

test("a port that another computer has is stepped over, and the one got is kept", async () => {
  const router = new Script();
  router.answer = async (externalPort) =>
    externalPort < 28_413
      ? fail(mappingProblems.refused("192.168.1.1", "UPnP code 718"))
      : ok({ externalHost: OUTSIDE, externalPort, lifetimeSeconds: 0 });
  const { clock, mapper } = mapperOn(router);
  await clock.advance(1);
  assert.deepEqual(mapper.addresses(), [`/ip4/${OUTSIDE}/tcp/28413`]);
  await clock.advance(20 * 60_000);
  assert.equal(router.asked.at(-1), "map 28411 28413 7200");
  await mapper.close();
});

test("a router behind another one is reported, and its address is told to nobody", async () => {
  for (const externalHost of ["10.0.0.4", "100.64.3.2", "192.168.0.7", "127.0.0.1", "0.0.0.0", null]) {
    const router = new Script();
    router.answer = async (externalPort) => ok({ externalHost, externalPort, lifetimeSeconds: 3_600 });
    const { clock, mapper } = mapperOn(router);
    await clock.advance(1);
    assert.deepEqual(mapper.addresses(), []);
    assert.equal(mapper.mappings()[0]?.problem?.code, "mapping-not-outside");
    await mapper.close();
  }
});

test("a router that is silent is asked once a while, and a computer that moved asks at once", async () => {
  const router = new Script();
  router.answer = async () => fail(mappingProblems.silent("192.168.1.1"));
  const { clock, mapper, seen } = mapperOn(router);
  await clock.advance(9 * 60_000);
  assert.equal(router.asked.length, 1);
  mapper.moved();
  await clock.advance(1);
  assert.equal(router.asked.length, 2);
  seen.port = null;
  mapper.moved();
  await clock.advance(1);
  assert.equal(router.asked.length, 2, "nothing is listened on, nothing is asked for");
  await mapper.close();
});

async function natPmpServer(
  answer: (request: Buffer) => readonly (readonly number[])[],
): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket("udp4");
  socket.on("message", (request, from) => {
    for (const bytes of answer(request)) socket.send(Uint8Array.from(bytes), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { socket, port: socket.address().port };
}

test("NAT-PMP: a port is mapped after noise, refused with its code, and given back", async () => {
  const requests: string[] = [];
  let code = 0;
  const server = await natPmpServer((request) => {
    requests.push(request.toString("hex"));
    const noise = [[], [0], [0, 130], [1, 130, 0, 0, 0, 0, 0, 0], Array.from({ length: 40 }, () => 0)];
    const external = [0, 128, 0, 0, 0, 0, 0, 9, 45, 67, 89, 10];
    const mapped = [0, 130, 0, code, 0, 0, 0, 9, 0x6e, 0xfb, 0x70, 0x01, 0, 0, 0x0e, 0x10];
    return [...noise, request.length === 2 ? external : mapped];
  });
  try {
    const router = natPmpRouter(realClock, "127.0.0.1", server.port);
    const mapped = await router.map(28_411, 28_411, 7_200, NEVER);
    assert.deepEqual(mapped, {
      ok: true,
      value: { externalHost: OUTSIDE, externalPort: 0x7001, lifetimeSeconds: 3_600 } satisfies Mapped,
    });
    assert.equal(requests[0], "000200006efb6efb00001c20");
    await router.unmap(28_411, 0x7001, NEVER);
    assert.equal(requests.at(-1), "000200006efb000000000000");
    code = 2;
    const refused = await router.map(28_411, 28_411, 7_200, NEVER);
    assert.ok(!refused.ok && /code 2/.test(refused.fault.cause));
  } finally {
    server.socket.close();
  }
  const gone = await natPmpRouter(realClock, "127.0.0.1", server.port).map(1, 1, 1, AbortSignal.timeout(500));
  assert.ok(!gone.ok && gone.fault.code === "mapping-silent");
});

test("NAT-PMP: whatever comes is an answer or nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      const answer = decodeNatPmpAnswer(bytes);
      if (answer?.type === "mapped") assert.ok(answer.externalPort <= 0xffff);
    }),
  );
  assert.equal(decodeNatPmpAnswer(encodeMapRequest(1, 1, 1)), null, "a request is no answer");
});

const DESCRIPTION = (
  control: string,
) => `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><controlURL>/no</controlURL></service>
<service><serviceType> urn:schemas-upnp-org:service:WANIPConnection:1 </serviceType><controlURL>${control}</controlURL></service>
</serviceList></device></root>`;

interface FakeRouter {
  readonly search: { readonly host: string; readonly port: number };
  readonly actions: string[];
  readonly close: () => void;
}

/** A router on loopback that grants permanent mappings alone, as many at home do. */
async function upnpRouter(
  control = "/control?a=1&amp;b=2",
  location?: (port: number) => string,
): Promise<FakeRouter> {
  const actions: string[] = [];
  const http: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      if (request.method === "GET") return response.end(DESCRIPTION(control));
      const action = /#(\w+)"/.exec(request.headers["soapaction"]?.toString() ?? "")?.[1] ?? "none";
      const lease = /<NewLeaseDuration>(\d+)</.exec(body)?.[1] ?? "";
      const client = /<NewInternalClient>([^<]*)</.exec(body)?.[1] ?? "";
      actions.push(`${request.url} ${action} ${lease} ${client}`.trim());
      if (action === "AddPortMapping" && lease !== "0") {
        response.statusCode = 500;
        return response.end(
          "<s:Fault><detail><UPnPError><errorCode>725</errorCode></UPnPError></detail></s:Fault>",
        );
      }
      return response.end(`<u:R><NewExternalIPAddress>${OUTSIDE}</NewExternalIPAddress></u:R>`);
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  assert.ok(typeof address === "object" && address !== null);
  const where = location?.(address.port) ?? `http://127.0.0.1:${address.port}/desc.xml`;
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    const target = /^ST: (\S+)/m.exec(message.toString())?.[1] ?? "";
    const answer = `HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: ${target}\r\nLocation: ${where}\r\n\r\n`;
    socket.send("NOTIFY * HTTP/1.1\r\n\r\n", from.port, from.address);
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const search = { host: "127.0.0.1", port: socket.address().port };
  const close = () => {
    socket.close();
    http.close();
    http.closeAllConnections();
  };
  return { search, actions, close };
}

test("UPnP: a router is found and maps, for good where it knows nothing else, and takes back", async () => {
  const fake = await upnpRouter();
  try {
    const routers = await findUpnpRouters({ interfaces: ["127.0.0.1"], search: fake.search }, hasty, NEVER);
    assert.deepEqual(
      routers.map(({ protocol, gateway }) => [protocol, gateway]),
      [["upnp", "127.0.0.1"]],
    );
    const mapped = await routers[0]?.map(28_411, 28_412, 7_200, NEVER);
    assert.deepEqual(mapped, {
      ok: true,
      value: { externalHost: OUTSIDE, externalPort: 28_412, lifetimeSeconds: 0 },
    });
    await routers[0]?.unmap(28_411, 28_412, NEVER);
    assert.deepEqual(
      fake.actions.filter((each) => !each.includes("none")),
      [
        "/control?a=1&b=2 AddPortMapping 7200 127.0.0.1",
        "/control?a=1&b=2 AddPortMapping 0 127.0.0.1",
        "/control?a=1&b=2 GetExternalIPAddress",
        "/control?a=1&b=2 DeletePortMapping",
      ],
    );
  } finally {
    fake.close();
  }
});

test("UPnP: nobody can make this computer call another one", async () => {
  const elsewhere = await upnpRouter("/c", (port) => `http://localhost:${port}/desc.xml`);
  const control = await upnpRouter("http://192.168.1.77/c");
  try {
    for (const { search } of [elsewhere, control]) {
      assert.deepEqual(await findUpnpRouters({ interfaces: ["127.0.0.1"], search }, hasty, NEVER), []);
    }
  } finally {
    elsewhere.close();
    control.close();
  }
});

test("UPnP: whatever a router says is a value or nothing", () => {
  const base = new URL("http://10.0.0.1/d");
  fc.assert(
    fc.property(fc.string(), fc.uint8Array(), (text, bytes) => {
      const point = controlPointOf(`<service>${text}</service>${DESCRIPTION(text)}`, base);
      if (point !== null) assert.equal(point.url.hostname, "10.0.0.1");
      locationOf(bytes, "10.0.0.1");
      externalHostOf(text);
      assert.ok((errorCodeOf(`<errorCode>${text}</errorCode>`) ?? 0) <= 9_999);
      assert.ok(!actionRequest("s", "a", { b: text }).includes("<<"));
    }),
  );
  assert.equal(controlPointOf("<service>".repeat(7_000), base), null);
  assert.equal(externalHostOf("<x:NewExternalIPAddress a='b'> 1.2.3.4 </x:NewExternalIPAddress>"), "1.2.3.4");
});

test("default routers are read from Linux's table", () => {
  const table = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
    "eth0\t00000000\tFE00000A\t0003\t0\t0\t100\t00000000\t0\t0\t0",
    "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0",
    "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0",
    "",
  ].join("\n");
  assert.deepEqual(gatewaysOf(table), ["10.0.0.254", "192.168.1.1"]);
  assert.deepEqual(gatewaysOf("nonsense"), []);
});
