import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { signPresence } from "#net/index.ts";
import { renderMetrics } from "./metrics.ts";
import type { TrackerStatus } from "./status.ts";
import { bytesText, durationText, renderStatusPage } from "./status-page.ts";

const STATUS: TrackerStatus = {
  peerId: "12D3KooW" as PeerId,
  version: "1",
  nowMs: 61_000,
  startedMs: 1_000,
  addresses: [],
  stun: [],
  connections: 3,
  records: 2,
  networks: [{ chainId: "ab".repeat(32), peers: 2, listed: 1 }],
  relay: null,
  answered: { 'quote"back\\slash\nline': 4 },
  refused: {},
  stunAnswered: 5,
  stunRefused: 6,
  trackers: [],
  ledger: null,
  memoryBytes: 7,
};

test("metrics are in Prometheus' text format, every line of them", () => {
  const text = renderMetrics(STATUS);
  const sample = /^waybill_tracker_[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"\})? -?[0-9.e+-]+$/;
  for (const line of text.trimEnd().split("\n")) {
    assert.ok(/^# (HELP|TYPE) waybill_tracker_/.test(line) || sample.test(line), line);
  }
  assert.match(text, /^waybill_tracker_uptime_seconds 60$/m);
  assert.match(text, /^waybill_tracker_network_listed_peers\{network="(ab){32}"\} 1$/m);
  assert.doesNotMatch(text, /relay/, "no relay, no metrics of one");
});

test("the page shows names as text, and loads nothing", () => {
  const keypair = createKeypair(new Uint8Array(32).fill(1));
  const presence = {
    ...{ chainId: new Uint8Array(32), issuedMs: 0, ttlSeconds: 60, isListed: true, addresses: [] },
    name: `<script>alert("x")</script>`,
  };
  const page = renderStatusPage(STATUS, () => [signPresence(presence, keypair)]);
  assert.doesNotMatch(page, /<script|src=|href=/);
  assert.match(page, /&lt;script&gt;/);
  assert.match(page, /2 registered, 1 of them not shown/);
});

test("sizes and durations are short", () => {
  assert.deepEqual([0, 1023, 1536, 2 ** 31].map(bytesText), ["0 B", "1023 B", "1.5 KiB", "2.0 GiB"]);
  assert.deepEqual([0, 119_000, 600_000, 7_200_000, 200_000_000].map(durationText), [
    "0 s",
    "119 s",
    "10 min",
    "2 h",
    "2 d",
  ]);
});
