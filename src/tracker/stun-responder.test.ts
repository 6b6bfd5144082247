import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import { decodeStunMessage, encodeBindingRequest, RateLimit } from "#net/index.ts";
import { SimulatedClock } from "#test/kit/clock.ts";
import { STUN_PER_ADDRESS_BURST } from "./limits.ts";
import { answerTo, openStunResponder } from "./stun-responder.ts";

const ID = new Uint8Array(12).fill(4);
const nothing = () => ({ answered: 0, malformed: 0, flooded: 0 });

test("callers on both ports and families learn their address and port", async (context) => {
  const opened = await openStunResponder(
    { hosts: ["127.0.0.1", "::1"], ports: [0, 0] },
    { clock: new SimulatedClock() },
  );
  assert.ok(opened.ok);
  context.after(() => opened.value.close());
  assert.equal(opened.value.addresses.length, 4);
  for (const address of opened.value.addresses) {
    const [, host = "", port = ""] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(address) ?? [];
    const caller = createSocket(host === "::1" ? "udp6" : "udp4");
    caller.send(new Uint8Array([1, 2, 3]), Number(port), host);
    caller.send(encodeBindingRequest(ID), Number(port), host);
    const [bytes] = (await once(caller, "message")) as [Buffer];
    const answer = decodeStunMessage(bytes);
    assert.ok(answer.ok && answer.value.type === "success");
    assert.deepEqual(answer.value.mapped, { host, port: caller.address().port });
    caller.close();
  }
  assert.deepEqual(opened.value.counts, { answered: 4, malformed: 4, flooded: 0 });
});

test("a port that another program has is a problem with a next step", async (context) => {
  const first = await openStunResponder(
    { hosts: ["127.0.0.1"], ports: [0] },
    { clock: new SimulatedClock() },
  );
  assert.ok(first.ok);
  context.after(() => first.value.close());
  const port = Number(first.value.addresses[0]?.split(":")[1]);
  const second = await openStunResponder(
    { hosts: ["127.0.0.1"], ports: [port] },
    { clock: new SimulatedClock() },
  );
  assert.ok(!second.ok);
  assert.equal(second.fault.code, "stun-port-unusable");
});

test("a flood of one address is bounded, and answered again after a while", async () => {
  const clock = new SimulatedClock();
  const [senders, counts] = [new RateLimit(clock, 100), nothing()];
  const ask = (address: string) => answerTo(encodeBindingRequest(ID), { address, port: 5 }, senders, counts);
  for (let count = 0; count < 10_000; count++) ask("203.0.113.5");
  assert.deepEqual(counts, {
    answered: STUN_PER_ADDRESS_BURST,
    malformed: 0,
    flooded: 10_000 - STUN_PER_ADDRESS_BURST,
  });
  assert.ok(ask("203.0.113.6") !== null, "others are answered");
  await clock.advance(1000);
  assert.ok(ask("203.0.113.5") !== null);
});

test("mapped IPv4 is told as IPv4, and unknown attributes are refused by code", () => {
  const senders = new RateLimit(new SimulatedClock(), 100);
  const mapped = answerTo(
    encodeBindingRequest(ID),
    { address: "::ffff:203.0.113.5", port: 7 },
    senders,
    nothing(),
  );
  const read = decodeStunMessage(mapped ?? new Uint8Array());
  assert.ok(read.ok && read.value.type === "success" && read.value.mapped.host === "203.0.113.5");
  const request = new Uint8Array([...encodeBindingRequest(ID), 0, 3, 0, 4, 0, 0, 0, 6]);
  request[3] = 8;
  const refused = decodeStunMessage(
    answerTo(request, { address: "203.0.113.5", port: 7 }, senders, nothing()) ?? request,
  );
  assert.ok(refused.ok && refused.value.type === "error" && refused.value.errorCode === 420);
});

test("arbitrary datagrams get an answer no larger than it must be, or none", () => {
  const clock = new SimulatedClock();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const answer = answerTo(bytes, { address: "203.0.113.5", port: 7 }, new RateLimit(clock, 4), nothing());
      assert.ok(answer === null || answer.length <= 1500);
    }),
  );
});
