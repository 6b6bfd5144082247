/** What several servers saw of one socket, and what it means; real UDP on loopback. */
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import type { Clock } from "#ports/clock.ts";
import { realClock, realRandom } from "#test/kit/real.ts";
import { judgeNat, probeNat, type Seen } from "./nat.ts";
import { decodeStunMessage, encodeBindingSuccess, type TransportAddress } from "./stun-message.ts";

const NEVER = new AbortController().signal;
/** Silence on loopback is known sooner than on the way through a router. */
const hasty: Clock = { ...realClock, after: (delayMs, task) => realClock.after(delayMs / 20, task) };
const DEPENDENCIES = { clock: hasty, random: realRandom };

function seen(...mapped: readonly [string, number][]): readonly Seen[] {
  return mapped.map(([host, port], at) => ({
    server: { host: "45.67.89.1", port: 3478 + at },
    mapped: { host, port },
  }));
}

test("the kind of NAT is judged by what servers saw", () => {
  const own = ["192.168.1.2", "45.67.89.20"];
  assert.equal(judgeNat(0, [], own), "unknown");
  assert.equal(judgeNat(2, [], own), "udp-blocked");
  assert.equal(judgeNat(2, seen(["45.67.89.20", 1]), own), "none");
  assert.equal(judgeNat(2, seen(["45.67.89.9", 1]), own), "unknown");
  assert.equal(judgeNat(2, seen(["45.67.89.9", 1], ["45.67.89.9", 1]), own), "endpoint-independent");
  assert.equal(judgeNat(2, seen(["45.67.89.9", 1], ["45.67.89.9", 2]), own), "endpoint-dependent");
  assert.equal(judgeNat(2, seen(["45.67.89.9", 1], ["45.67.89.8", 1]), own), "endpoint-dependent");
});

/** A STUN server that sees what it is told to see, after noise and a forged answer. */
async function server(sees: (from: TransportAddress) => TransportAddress | null): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    const request = decodeStunMessage(message);
    assert.ok(request.ok && request.value.type === "request");
    const mapped = sees({ host: from.address, port: from.port });
    if (mapped === null) return;
    const answer = (id: Uint8Array, what: TransportAddress) =>
      socket.send(encodeBindingSuccess(id, what), from.port, from.address);
    socket.send(Buffer.from("noise"), from.port, from.address);
    answer(new Uint8Array(12), { host: "8.8.8.8", port: 1 });
    answer(request.value.transactionId, mapped);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

async function probe(...sees: Parameters<typeof server>[0][]): Promise<string> {
  const sockets = await Promise.all(sees.map(server));
  try {
    const servers = sockets.map((socket) => ({ host: "127.0.0.1", port: socket.address().port }));
    return await probeNat(servers, DEPENDENCIES, NEVER);
  } finally {
    for (const socket of sockets) socket.close();
  }
}

test("one socket asks all servers, and believes only their own answers", async () => {
  assert.equal(
    await probe(
      (from) => from,
      (from) => from,
    ),
    "none",
  );
  const outside = { host: "45.67.89.9", port: 7 };
  assert.equal(
    await probe(
      () => outside,
      () => outside,
    ),
    "endpoint-independent",
  );
  assert.equal(
    await probe(
      () => outside,
      () => ({ ...outside, port: 8 }),
    ),
    "endpoint-dependent",
  );
  assert.equal(
    await probe(
      () => null,
      () => null,
    ),
    "udp-blocked",
  );
  assert.equal(
    await probe(
      () => null,
      () => outside,
    ),
    "unknown",
  );
});

test("without servers, with a name that is none, or given up, nothing is known", async () => {
  assert.equal(await probeNat([], DEPENDENCIES, NEVER), "unknown");
  assert.equal(await probeNat([{ host: "x".repeat(300), port: 1 }], DEPENDENCIES, NEVER), "unknown");
  const servers = [{ host: "127.0.0.1", port: 9 }];
  assert.equal(await probeNat(servers, DEPENDENCIES, AbortSignal.abort()), "unknown");
});
