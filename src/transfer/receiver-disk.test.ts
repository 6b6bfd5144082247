/** What becomes of transfers when the receiver's disk is full, fails or is taken away, and that both sides see why. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertTree, bob, bothReceipted, noise, pair, sendTree } from "#test/kit/transfer-peers.ts";
import { PIECE_BYTES } from "./limits.ts";

test("no room: both sides are told why, and it goes on by itself when there is", async () => {
  const { world, a, b } = await pair();
  b.disk.free = 1_000_000;
  await sendTree(world, a);
  const told = () => b.reason() === "no-space" && a.reason() === "no-space-there";
  await world.clock.advanceUntil(told, 30_000, "told");
  assert.deepEqual([a.only()?.state, b.only()?.state], ["queued", "queued"]);
  await world.clock.advance(40_000);
  assert.deepEqual([a.reason(), b.reason()], ["no-space-there", "no-space"], "still, a while later");
  await a.restart();
  await world.clock.advanceUntil(() => a.reason() === "no-space-there", 30_000, "told again after a restart");
  b.disk.free = 2 ** 40;
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  assertTree(b.disk, "/data/received/Alice/tree");
});

test("an offer that cannot be stored waits with the reason, and is made again", async () => {
  const { world, a, b } = await pair();
  b.writesLeft = 0;
  await sendTree(world, a);
  await world.clock.advanceUntil(() => a.reason() === "storage-there", 10_000, "told");
  assert.deepEqual([a.only()?.state, b.only()], ["queued", null]);
  b.writesLeft = null;
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
});

test("a disk that fills up in the middle pauses the transfer and keeps what is there", async () => {
  const { world, a, b } = await pair();
  let full = false;
  b.disk.beforeWrite = (what) => {
    if (what.includes("several-pieces") && what.startsWith("write")) full = true;
    if (full) throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  await sendTree(world, a);
  await world.clock.advanceUntil(() => b.reason() === "no-space", 30_000, "paused");
  b.disk.beforeWrite = () => undefined;
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  assert.ok((b.only()?.progress.resumedFromBytes ?? 0) >= 2 * PIECE_BYTES);
  assertTree(b.disk, "/data/received/Alice/tree");
});

test("files that cannot be put in place wait with the reason on both sides, then go on", async () => {
  const { world, a, b } = await pair();
  b.disk.beforeWrite = (what) => {
    if (what.startsWith("place")) throw Object.assign(new Error("read-only"), { code: "EROFS" });
  };
  const { deliveryId } = await sendTree(world, a);
  await world.clock.advanceUntil(() => b.reason() === "disk-failed", 30_000, "waits");
  await world.clock.advance(1_000);
  assert.deepEqual([a.only()?.state, b.only()?.state], ["queued", "queued"]);
  assert.equal(a.reason(), "storage-there");
  const cancelled = await b.open.cancel(deliveryId);
  assert.equal(cancelled.ok ? null : cancelled.fault.code, "transfer-placing");
  b.disk.beforeWrite = () => undefined;
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  assertTree(b.disk, "/data/received/Alice/tree");
});

test("files taken away before they were in place are not signed for", async () => {
  const { world, a, b } = await pair();
  let full = true;
  b.disk.beforeWrite = (what) => {
    if (full && what.startsWith("place")) throw Object.assign(new Error("read-only"), { code: "EROFS" });
  };
  await sendTree(world, a);
  await world.clock.advanceUntil(() => b.reason() === "disk-failed", 30_000, "waits");
  full = false;
  await b.disk.remove("/data/partial");
  await world.clock.advance(60_000);
  assert.deepEqual([a.only()?.state, b.only()?.state], ["queued", "queued"]);
  assert.equal(b.reason(), "disk-failed");
  assert.equal(b.only()?.completion, null);
});

test("closing and calling off do not wait until all that was there already is read back", async () => {
  for (const how of ["close", "cancel"] as const) {
    const { world, a, b } = await pair({ delayMs: 20 });
    a.disk.put("/home/big", noise(1, 40 * PIECE_BYTES));
    const sent = await a.open.send(bob.peerId, ["/home/big"]);
    assert.ok(sent.ok);
    const { deliveryId } = sent.value;
    const half = () => (b.only()?.progress.bytesDone ?? 0) >= 30 * PIECE_BYTES;
    await world.clock.advanceUntil(half, 10_000, "most of it");
    await b.kill();
    let reads = 0;
    b.disk.beforeRead = async () => {
      reads += 1;
      if (reads === 3 && how === "cancel") await b.open.cancel(deliveryId);
      if (reads === 3 && how === "close") void b.transfers?.close();
    };
    b.writesLeft = null;
    b.network = world.network.start(bob.peerId);
    await b.start();
    await world.clock.advance(1_000);
    assert.ok(reads >= 3 && reads < 8, `${how}: ${reads} reads`);
    assert.equal(b.only()?.state, how === "cancel" ? "cancelled" : "queued");
  }
});
