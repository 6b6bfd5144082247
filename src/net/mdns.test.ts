/**
 * Peers find each other by mDNS alone. Speaks on the local network, so it runs only when asked for:
 * `WAYBILL_TEST_LAN=1`.
 */
import { test } from "node:test";
import { until, withPeers } from "#test/kit/peer-network.ts";

const TEST_TIMEOUT_MS = 15_000;
const isAsked = process.env["WAYBILL_TEST_LAN"] === "1";

test("peers find each other by mDNS", { timeout: TEST_TIMEOUT_MS, skip: !isAsked }, () =>
  withPeers(async (open) => {
    const options = {
      listen: ["0.0.0.0:0"],
      discovery: { mdns: true, announcements: false, mdnsTag: `-test-${process.pid}` },
    };
    const a = await open(241, options);
    const b = await open(242, options);
    const entry = await until(a.net, b.peer, (each) => each.online);
    if (!entry.foundBy.includes("mdns")) await until(b.net, a.peer, (each) => each.foundBy.includes("mdns"));
  }),
);
