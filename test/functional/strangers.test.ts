/** Strangers who crowd a real peer's door: it stays up, bounded and answering, counts them, and lets the honest in. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { addressOf, must, peer, peerIdOf, type RealPeer } from "#test/kit/process.ts";

const ALONE = ["--no-discovery", "--no-mine"];
const GREETING = "\x13/multistream/1.0.0\n";
/** What two busy cores may take for what takes some hundred milliseconds on a quiet computer. */
const SOON_MS = 8_000;
const MIB = 1024 * 1024;

async function two(t: TestContext): Promise<readonly [RealPeer, RealPeer]> {
  return await Promise.all([
    peer(t, { name: "bob", flags: ALONE }),
    peer(t, { name: "honest", flags: ALONE }),
  ]);
}

async function portOf(of: RealPeer): Promise<number> {
  return Number(/\/tcp\/(\d+)/.exec(await addressOf(of))?.[1]);
}

/** Sockets that say `opening` and no more; they stay until the peer or the test ends them. */
async function crowd(
  t: TestContext,
  port: number,
  count: number,
  { opening = "", from = "127.0.0.1" } = {},
): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const connected: Promise<unknown>[] = [];
  for (let at = 0; at < count; at++) {
    const socket = connectTcp({ port, host: "127.0.0.1", localAddress: from });
    socket.on("error", () => undefined);
    if (opening !== "") socket.write(opening, "latin1");
    socket.resume();
    sockets.push(socket);
    connected.push(once(socket, "connect").catch(() => undefined));
    // In waves that the system's own queue of new connections holds, or it would be the one to refuse.
    if (at % 100 === 99) await Promise.all(connected.splice(0));
  }
  await Promise.all(connected);
  return sockets;
}

function residentBytes(of: RealPeer): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${of.pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}

function openFiles(of: RealPeer): number {
  return Number(/FDSize:\s+(\d+)/.exec(readFileSync(`/proc/${of.pid}/status`, "utf8"))?.[1]);
}

/**
 * Milliseconds until somebody has connected and a message was delivered. Who it is was started before the crowd came:
 * a start takes long enough for some bounds to have given way by themselves.
 */
async function getsIn(honest: RealPeer, target: RealPeer): Promise<number> {
  const startedMs = performance.now();
  await must(honest.client.connect(await addressOf(target)));
  const slip = await must(honest.client.say(await peerIdOf(target), "are you there?"));
  await honest.until("has its message delivered", SOON_MS, async () => {
    const { state } = await must(honest.client.slip(slip.id));
    return ["delivered", "receipted", "anchored"].includes(state) ? true : null;
  });
  return performance.now() - startedMs;
}

async function refusedBy(of: RealPeer): Promise<Readonly<Record<string, number>>> {
  return (await must(of.client.doors())).refused;
}

test("three hundred silent sockets delay nobody", async (t) => {
  const [bob, honest] = await two(t);
  await crowd(t, await portOf(bob), 300);
  const tookMs = await getsIn(honest, bob);
  assert.ok(tookMs < SOON_MS, `${Math.round(tookMs)} ms`);
});

test("5,000 half-open connections: bounded, counted, answering, and the honest one gets in", async (t) => {
  const [bob, honest] = await two(t);
  const port = await portOf(bob);
  const before = { bytes: residentBytes(bob), files: openFiles(bob) };
  let slowestMs = 0;
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const startedMs = performance.now();
      await must(bob.client.status());
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      await nextTurn();
    }
  })();
  await crowd(t, port, 5_000);
  const tookMs = await getsIn(honest, bob);
  isOver = true;
  await asking;
  const grownMib = (residentBytes(bob) - before.bytes) / MIB;
  const refused = await refusedBy(bob);
  const counted = Object.values(refused).reduce((sum, each) => sum + each, 0);
  t.diagnostic(
    `slowest answer ${Math.round(slowestMs)} ms, honest in after ${Math.round(tookMs)} ms, ` +
      `${Math.round(grownMib)} MiB more, ${JSON.stringify(refused)}`,
  );
  assert.ok(slowestMs < SOON_MS, `answered within ${Math.round(slowestMs)} ms`);
  assert.ok(tookMs < SOON_MS, `honest in after ${Math.round(tookMs)} ms`);
  assert.ok(grownMib < 200, `${Math.round(grownMib)} MiB`);
  assert.ok(openFiles(bob) <= 2 * before.files + 1024, `${openFiles(bob)} files`);
  assert.ok(counted >= 4_000, JSON.stringify(refused));
  assert.deepEqual(await bob.interrupt(), { code: 0, signal: null });
});

test("handshakes begun by hundreds and never finished cost a bounded share, and keep nobody out", async (t) => {
  const [bob, honest] = await two(t);
  // Asking for TLS is what makes the called side work: it makes a certificate before it hears more.
  const opening = `${GREETING}\x0b/tls/1.0.0\n`;
  await crowd(t, await portOf(bob), 1_000, { opening, from: "127.0.0.2" });
  const tookMs = await getsIn(honest, bob);
  const refused = await refusedBy(bob);
  t.diagnostic(`honest in after ${Math.round(tookMs)} ms, ${JSON.stringify(refused)}`);
  assert.ok(tookMs < SOON_MS, `${Math.round(tookMs)} ms`);
  const counted = Object.values(refused).reduce((sum, each) => sum + each, 0);
  assert.ok(counted > 500, JSON.stringify(refused));
});

test("whoever speaks something else is turned away at the first bytes", async (t) => {
  const bob = await peer(t, { name: "bob", flags: ALONE });
  const sockets = await crowd(t, await portOf(bob), 50, { opening: "GET / HTTP/1.1\r\nHost: bob\r\n\r\n" });
  const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await Promise.all(sockets.map((socket) => (socket.closed ? null : closed(socket))));
  assert.equal((await refusedBy(bob))["not-waybill"], 50);
});
