import assert from "node:assert/strict";
import { test } from "node:test";
import { listeningOf } from "./listening.ts";

test("what waits for others is listed once, with the port that the system gave", () => {
  const list = listeningOf({
    planned: ["/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/28411"],
    actual: ["/ip4/127.0.0.1/tcp/41000", "/ip4/10.0.0.2/tcp/41000", "/ip6/::1/tcp/28411"],
    announcements: { families: [4, 6], port: 28411 },
    mdns: true,
    punching: true,
  });
  assert.deepEqual(
    list.map(({ transport, address }) => `${transport} ${address}`),
    [
      "tcp 0.0.0.0:41000",
      "tcp [::]:28411",
      "udp 0.0.0.0:28411",
      "udp [::]:28411",
      "udp 0.0.0.0:5353",
      "udp [::]:28500-28899",
    ],
  );
});

test("an address that was asked for and not got is not listed, nor a path over a relay", () => {
  const list = listeningOf({
    planned: ["/ip4/10.0.0.9/tcp/28411"],
    actual: ["/ip4/127.0.0.1/tcp/28411", "/ip4/1.2.3.4/tcp/28412/p2p-circuit"],
    announcements: null,
    mdns: false,
    punching: false,
  });
  assert.deepEqual(list, []);
});
