/** When the kind of NAT is looked at; real UDP on loopback, answered and not. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import type { Clock } from "#ports/clock.ts";
import { realClock, realRandom } from "#test/kit/real.ts";
import type { StunServer } from "./nat.ts";
import { NatWatch } from "./nat-watch.ts";
import { decodeStunMessage, encodeBindingSuccess } from "./stun-message.ts";

/** Silence on loopback is known sooner than on the way through a router. */
const hasty: Clock = { ...realClock, after: (delayMs, task) => realClock.after(delayMs / 20, task) };

/** A port of loopback that hears requests, and answers them or not. */
async function port(answers: boolean) {
  const socket = createSocket("udp4");
  const asked = Promise.withResolvers<void>();
  socket.on("message", (message, from) => {
    asked.resolve();
    const request = decodeStunMessage(message);
    if (!answers || !request.ok) return;
    const seen = { host: from.address, port: from.port };
    socket.send(encodeBindingSuccess(request.value.transactionId, seen), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const server = { host: "127.0.0.1", port: socket.address().port };
  return { server, asked: asked.promise, close: () => socket.close() };
}

test("who to ask is another while somebody silent is asked: what counts is the other", async () => {
  const [silent, kind] = [await port(false), await port(true)];
  let servers: readonly StunServer[] = [silent.server];
  const seen: string[] = [];
  const known = Promise.withResolvers<void>();
  const watch = new NatWatch({
    clock: hasty,
    random: realRandom,
    servers: () => servers,
    onChange: () => {
      seen.push(watch.kind());
      known.resolve();
    },
  });
  watch.tick();
  await silent.asked;
  servers = [kind.server];
  watch.tick();
  await known.promise;
  assert.deepEqual(seen, ["none"], "the silence of the first is not told");
  await watch.close();
  for (const each of [silent, kind]) each.close();
});

test("with nobody left to ask, nothing is known", async () => {
  const silent = await port(false);
  let servers: readonly StunServer[] = [silent.server];
  let told = Promise.withResolvers<void>();
  const watch = new NatWatch({
    clock: hasty,
    random: realRandom,
    servers: () => servers,
    onChange: () => told.resolve(),
  });
  watch.tick();
  await told.promise;
  assert.equal(watch.kind(), "udp-blocked");
  told = Promise.withResolvers();
  servers = [];
  watch.tick();
  await told.promise;
  assert.equal(watch.kind(), "unknown");
  await watch.close();
  silent.close();
});
