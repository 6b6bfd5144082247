import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { WEB_CONNECTIONS_PER_ADDRESS_MAX } from "./limits.ts";
import { callerOf, createWebServer } from "./web-server.ts";

function request(remoteAddress: string, forwarded?: string) {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

test("a proxy's word counts only where it is asked for, from a private address, and its last one", () => {
  assert.equal(callerOf(request("203.0.113.5", "198.51.100.1"), false), "203.0.113.5");
  assert.equal(
    callerOf(request("203.0.113.5", "198.51.100.1"), true),
    "203.0.113.5",
    "no proxy of the operator's",
  );
  assert.equal(callerOf(request("127.0.0.1", "10.9.9.9, 198.51.100.1"), true), "198.51.100.1");
  assert.equal(callerOf(request("::ffff:127.0.0.1", "2001:db8::1"), true), "2001:db8::1");
  assert.equal(callerOf(request("127.0.0.1", "nonsense"), true), "127.0.0.1");
  assert.equal(callerOf(request("127.0.0.1"), true), "127.0.0.1");
});

test("one public address has so many connections and no more; a private one is not counted", () => {
  const server = createWebServer({ tls: null, isBehindProxy: false }, async () => new Response());
  server.removeAllListeners("request");
  const bounded = server.listeners("connection").at(-1);
  assert.ok(bounded !== undefined);
  const open = (remoteAddress: string) => {
    let isRefused = false;
    const socket = Object.assign(new EventEmitter(), {
      remoteAddress,
      destroy: () => {
        isRefused = true;
      },
    });
    bounded.call(server, socket as unknown as Socket);
    return { socket, isRefused: () => isRefused };
  };
  const all = Array.from({ length: WEB_CONNECTIONS_PER_ADDRESS_MAX + 1 }, () => open("203.0.113.5"));
  assert.deepEqual(all.filter(({ isRefused }) => isRefused()).length, 1);
  assert.equal(open("203.0.113.6").isRefused(), false, "others come in");
  all[0]?.socket.emit("close");
  assert.equal(open("203.0.113.5").isRefused(), false);
  const home = Array.from({ length: 2 * WEB_CONNECTIONS_PER_ADDRESS_MAX }, () => open("192.168.1.7"));
  assert.ok(home.every(({ isRefused }) => !isRefused()));
});
