/** What strangers can do to a tracker: bounded, counted, no crash, nobody impersonated, and honest peers still get in. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createKeypair } from "#crypto/ed25519.ts";
import { type RealTracker, startRealTracker } from "../../tools/real-tracker.ts";
import { freshFolder } from "../kit/process.ts";
import { openTrackerPeer, presenceOf, seedOf } from "../kit/tracker-peer.ts";

const SILENT_SOCKETS = 2_500;
const FORGED_RECORDS = 2_000;
const MEMORY_BYTES_MAX = 400e6;

interface Status {
  readonly records: number;
  readonly memoryBytes: number;
  readonly answered: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
}

async function attacked(context: TestContext) {
  const folder = freshFolder(context);
  const tracker = await startRealTracker(folder);
  context.after(() => tracker.kill());
  const status = async () => (await (await fetch(`${tracker.origin}/api/v1/status`)).json()) as Status;
  /** An honest peer gets in, and the tracker logged no fault of its own. */
  const standsFirm = async (number: number) => {
    const honest = await openTrackerPeer(number);
    const begun = performance.now();
    const connection = await honest.dial(number % 2 === 0 ? tracker.tcp : tracker.web);
    const record = presenceOf(honest.keypair).bytes;
    const answer = await honest.ask(connection, { type: "announce", record, rendezvous: [] });
    const tookMs = performance.now() - begun;
    await honest.close();
    assert.equal(answer.type, "announced");
    assert.ok(tookMs < 5000, `an honest peer waited ${Math.round(tookMs)} ms`);
    const now = await status();
    assert.ok(now.memoryBytes < MEMORY_BYTES_MAX, `${Math.round(now.memoryBytes / 1e6)} MB`);
    const log = join(folder, "tracker.log");
    const faults = existsSync(log) ? readFileSync(log, "utf8") : "";
    assert.doesNotMatch(faults, /"level":50/);
  };
  return { tracker, status, standsFirm };
}

function portOf(address: string): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1]);
}

/** Sockets that connect, say `words`, and no more. */
async function sockets(tracker: RealTracker, count: number, words: string): Promise<readonly Socket[]> {
  const ports = [portOf(tracker.tcp), portOf(tracker.web)];
  const all = Array.from({ length: count }, (_, at) => {
    const socket = connect(ports[at % 2] ?? 0, "127.0.0.1");
    socket.on("error", () => undefined);
    if (words !== "") socket.write(words);
    return socket;
  });
  await Promise.all(
    all.map((socket) =>
      socket.connecting ? Promise.race([once(socket, "connect"), once(socket, "close")]) : null,
    ),
  );
  return all;
}

test("thousands of sockets that say nothing, or nonsense", async (context) => {
  const { tracker, status, standsFirm } = await attacked(context);
  const silent = await sockets(tracker, SILENT_SOCKETS, "");
  await standsFirm(100);
  await standsFirm(101);
  const { refused } = await status();
  assert.ok(
    Object.keys(refused).some((reason) => reason.startsWith("half-open")),
    JSON.stringify(refused),
  );
  const noise = await sockets(tracker, 500, "\0\xff nonsense \r\n\r\n");
  await standsFirm(102);
  for (const socket of [...silent, ...noise]) socket.destroy();
});

test("forged, replayed and malformed records are refused and counted, and nobody is impersonated", async (context) => {
  const { tracker, status, standsFirm } = await attacked(context);
  const post = async (bytes: Uint8Array) => {
    const answer = await fetch(`${tracker.origin}/api/v1/presence`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: Buffer.from(bytes),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  const alice = createKeypair(seedOf(1));
  const old = presenceOf(alice, { name: "old" }).bytes;
  assert.equal(await post(presenceOf(alice, { name: "new" }).bytes), 200);
  assert.equal(await post(old), 409, "an older record");
  const valid = presenceOf(alice, { name: "newer" }).bytes;
  for (let count = 0; count < FORGED_RECORDS; count += 20) {
    const forged = Array.from({ length: 20 }, (_, at) => {
      const place = (count + at) % valid.length;
      return post(valid.with(place, (valid[place] ?? 0) ^ 0x55));
    });
    assert.ok((await Promise.all(forged)).every((code) => code === 400));
  }
  const { records, answered } = await status();
  assert.equal(records, 1);
  assert.equal(answered["refused-bad-record"], FORGED_RECORDS);
  await standsFirm(104);
  const reader = await openTrackerPeer(105);
  context.after(() => reader.close());
  const found = await reader.ask(await reader.dial(tracker.tcp), { type: "find", peers: [alice.peerId] });
  assert.ok(found.type === "found" && found.records.length === 1);
});

test("a peer that sends broken requests, and too many of them, is answered as such", async (context) => {
  const { tracker, status, standsFirm } = await attacked(context);
  const mallory = await openTrackerPeer(106);
  context.after(() => mallory.close());
  const connection = await mallory.dial(tracker.tcp);
  const broken = await mallory.ask(connection, new Uint8Array([9, 9, 9]));
  assert.ok(broken.type === "refused" && broken.code === "malformed");
  const kinds = new Set<string>();
  for (let count = 0; count < 100; count++) {
    const answer = await mallory.ask(connection, { type: "relay", other: null });
    kinds.add(answer.type === "refused" ? answer.code : answer.type);
  }
  assert.deepEqual([...kinds].toSorted(), ["busy", "relay"]);
  assert.ok(((await status()).answered["refused-busy"] ?? 0) > 0);
  await assert.rejects(mallory.ask(connection, new Uint8Array(70_000)), /no answer/);
  await standsFirm(107);
});
