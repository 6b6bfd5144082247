/**
 * Whole transfers between two peers, every way in which one can be broken off, and what is left when it was; long,
 * because each way needs its own scene.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryId } from "#base/brand.ts";
import { problem } from "#base/result.ts";
import { verifyReceipt } from "#receipts/index.ts";
import type { MemoryDisk } from "#test/kit/memory-disk.ts";
import {
  alice,
  assertTree,
  bob,
  bothReceipted,
  noise,
  pair,
  putTree,
  SMALL_TREE,
  sendTree,
  TREE,
  TREE_BYTES,
} from "#test/kit/transfer-peers.ts";
import { encodeFrame } from "./codec.ts";
import { FRAME_BYTES_MAX, PIECE_BYTES, PROGRESS_PERIOD_MS, PROTOCOL } from "./limits.ts";

test("a folder arrives whole, synced, in its place, with the same valid receipt on both sides", async () => {
  const { world, a, b } = await pair();
  await sendTree(world, a);
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  assertTree(b.disk, "/data/received/Alice/tree");
  const [out, inn] = [a.only(), b.only()];
  assert.equal(inn?.savedTo, "/data/received/Alice/tree");
  assert.deepEqual([out?.reason, inn?.reason], [null, null]);
  assert.deepEqual([inn?.bytes, inn?.fileCount, inn?.title], [TREE_BYTES, TREE.length, "tree"]);
  for (const peer of [a, b]) {
    assert.equal(peer.disk.openCount, 0, "files left open");
    const receipts = peer.open.untakenReceipts(9);
    assert.equal(receipts.length, 1);
    assert.ok(receipts.every(verifyReceipt));
    const told = peer.events.flatMap((event) => (event.type === "receipt-completed" ? [event.receipt] : []));
    assert.deepEqual(told, receipts);
  }
  assert.deepEqual(a.open.untakenReceipts(9), b.open.untakenReceipts(9));
  await world.clock.advance(60_000);
  assert.deepEqual(b.store.unfinished(), []);
  assert.deepEqual(a.store.unfinished(), []);
  assert.deepEqual(
    b.disk.paths().filter((path) => path.includes("partial")),
    [],
  );
  const files = b.open.files(inn?.deliveryId as DeliveryId) ?? [];
  assert.ok(files.every(({ savedTo }) => savedTo !== null && b.disk.get(savedTo) !== null));
  assert.deepEqual(world.network.faults, []);
});

test("the same name twice gets a number and overwrites nothing", async () => {
  const { world, a, b } = await pair();
  b.disk.put("/data/received/Alice/note.txt", noise(99, 10));
  a.disk.put("/home/note.txt", noise(1, 20));
  for (let round = 0; round < 2; round++) {
    const sent = await a.open.send(bob.peerId, ["/home/note.txt"]);
    assert.ok(sent.ok);
    await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  }
  assert.deepEqual(
    b.disk.paths().filter((path) => path.includes("received")),
    [
      "/data/received/Alice/note (2).txt",
      "/data/received/Alice/note (3).txt",
      "/data/received/Alice/note.txt",
    ],
  );
  assert.deepEqual(b.disk.get("/data/received/Alice/note.txt"), noise(99, 10));
});

test("several things at once, with equal names, links and empty folders", async () => {
  const { world, a, b } = await pair();
  a.disk.put("/one/x.txt", noise(1, 10));
  a.disk.put("/two/x.txt", noise(2, 10));
  a.disk.put("/dir/kept", noise(3, 10));
  a.disk.putOther("/dir/link", "symbolic-link");
  a.disk.putOther("/dir/socket", "special-file");
  a.disk.putFolder("/dir/nothing");
  const sent = await a.open.send(bob.peerId, ["/one/x.txt", "/two/x.txt", "/dir"]);
  assert.ok(sent.ok);
  assert.deepEqual(sent.value.skipped, [
    { path: "dir/link", why: "symbolic-link" },
    { path: "dir/nothing", why: "empty-folder" },
    { path: "dir/socket", why: "special-file" },
  ]);
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  const root = "/data/received/Alice";
  assert.deepEqual(b.disk.get(`${root}/x.txt`), noise(1, 10));
  assert.deepEqual(b.disk.get(`${root}/x (2).txt`), noise(2, 10));
  assert.deepEqual(b.disk.get(`${root}/dir/kept`), noise(3, 10));
  assert.equal(b.only()?.savedTo, root);
});

test("an offer that asks waits on both sides with a reason, then goes where the user says", async () => {
  const { world, a, b } = await pair();
  b.decision = "ask";
  b.disk.putFolder("/mnt/usb");
  const { deliveryId } = await sendTree(world, a);
  await world.clock.advanceUntil(b.is("offered"), 10_000, "asked");
  await world.clock.advance(1_000);
  assert.deepEqual([a.only()?.state, a.reason()], ["offered", "waits-for-them"]);
  assert.deepEqual([b.only()?.state, b.reason()], ["offered", "waits-for-you"]);
  assert.equal((await b.open.accept(deliveryId, "/mnt/none")).ok, false);
  await b.restart();
  const accepted = await b.open.accept(deliveryId, "/mnt/usb");
  assert.ok(accepted.ok);
  assert.equal(accepted.value.reason?.code, "not-fetched-yet", "what was answered is asked no more");
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  await world.clock.advance(5_000);
  assertTree(b.disk, "/mnt/usb/tree");
  assert.deepEqual(
    b.disk.paths().filter((path) => path.includes("partial")),
    [],
  );
  const again = await b.open.accept(deliveryId);
  assert.ok(!again.ok && again.fault.code === "not-waiting-for-an-answer");
});

test("nothing is offered to a peer that is held, nor sent once it asks; released, all of it goes", async () => {
  const { world, a, b } = await pair();
  const held = problem("key-changed", "Another key.", "Decide.");
  a.held.set(b.keypair.peerId, held);
  await sendTree(world, a);
  await world.clock.advance(60_000);
  assert.deepEqual([a.only()?.state, a.reason(), b.only()], ["queued", "key-changed", null]);
  a.held.clear();
  b.decision = "ask";
  a.open.retry(b.keypair.peerId);
  await world.clock.advanceUntil(b.is("offered"), 10_000, "offered");
  a.held.set(b.keypair.peerId, held);
  assert.ok((await b.open.accept(b.only()?.deliveryId ?? ("" as DeliveryId))).ok);
  await world.clock.advance(60_000);
  assert.deepEqual([b.only()?.progress.bytesDone, b.reason()], [0, "busy"]);
  a.held.clear();
  a.open.retry(b.keypair.peerId);
  await world.clock.advanceUntil(bothReceipted(a, b), 600_000, "receipted");
});

test("declined, by policy or by the user, is known on both sides, also when told late", async () => {
  const { world, a, b } = await pair();
  b.decision = "refuse";
  await sendTree(world, a);
  await world.clock.advanceUntil(a.is("declined"), 10_000, "declined by policy");
  assert.equal(a.reason(), "declined-by-them");

  b.decision = "ask";
  const { deliveryId } = await sendTree(world, a);
  await world.clock.advanceUntil(b.is("offered"), 10_000, "asked");
  await a.kill();
  assert.ok((await b.open.decline(deliveryId)).ok);
  await world.clock.advance(10_000);
  await a.restart();
  await world.clock.advanceUntil(a.is("declined"), 60_000, "told once the sender was back");
  await world.clock.advance(5_000);
  assert.deepEqual([a.store.unfinished(), b.store.unfinished()], [[], []]);
});

test("either side calls it off while bytes move, and nothing is left behind", async () => {
  for (const caller of ["sender", "receiver"] as const) {
    const { world, a, b } = await pair({ delayMs: 20 });
    const { deliveryId } = await sendTree(world, a);
    await world.clock.advanceUntil(b.is("sending"), 10_000, "sending");
    const peer = caller === "sender" ? a : b;
    assert.ok((await peer.open.cancel(deliveryId)).ok);
    const ended = () => a.is("cancelled")() && b.is("cancelled")();
    await world.clock.advanceUntil(ended, 60_000, `cancelled by ${caller}`);
    await world.clock.advance(10_000);
    assert.deepEqual(b.disk.paths(), [], `by ${caller}`);
    assert.equal(b.disk.openCount + a.disk.openCount, 0);
    assert.equal((caller === "sender" ? b : a).reason(), "cancelled-by-them");
    const again = await peer.open.cancel(deliveryId);
    assert.ok(!again.ok && again.fault.code === "transfer-ended");
    assert.deepEqual([a.store.unfinished(), b.store.unfinished()], [[], []]);
  }
});

test("either side killed in the middle: resumes by itself and sends no verified piece again", async () => {
  for (const victim of ["sender", "receiver"] as const) {
    const { world, a, b } = await pair({ delayMs: 20 });
    await sendTree(world, a);
    const half = () => (b.only()?.progress.bytesDone ?? 0) >= 3 * PIECE_BYTES;
    await world.clock.advanceUntil(half, 10_000, "half way");
    await (victim === "sender" ? a : b).restart();
    await world.clock.advanceUntil(bothReceipted(a, b), 600_000, `resumed after the ${victim} was killed`);
    assertTree(b.disk, "/data/received/Alice/tree");
    for (const peer of [a, b]) {
      const resumed = peer.only()?.progress.resumedFromBytes ?? 0;
      assert.ok(resumed >= 3 * PIECE_BYTES && resumed < TREE_BYTES, `${victim}: resumed from ${resumed}`);
    }
  }
});

test("a power cut loses what was not synced, and the transfer notices and fetches it again", async () => {
  const { world, a, b } = await pair({ delayMs: 20 });
  await sendTree(world, a);
  const half = () => (b.only()?.progress.bytesDone ?? 0) >= 3 * PIECE_BYTES;
  await world.clock.advanceUntil(half, 10_000, "half way");
  await b.kill();
  b.disk.powerCut();
  b.writesLeft = null;
  b.network = world.network.start(bob.peerId);
  await b.start();
  await world.clock.advanceUntil(bothReceipted(a, b), 600_000, "receipted");
  assertTree(b.disk, "/data/received/Alice/tree");
});

test("a journaled piece that rots on disk while the process is away is not trusted", async () => {
  const { world, a, b } = await pair({ delayMs: 20 });
  const { deliveryId } = await sendTree(world, a);
  const half = () => (b.only()?.progress.bytesDone ?? 0) >= 3 * PIECE_BYTES;
  await world.clock.advanceUntil(half, 10_000, "half way");
  await b.kill();
  b.disk.spoil(`/data/partial/${deliveryId}/content/tree/exactly-one-piece`, PIECE_BYTES / 2);
  b.writesLeft = null;
  b.network = world.network.start(bob.peerId);
  await b.start();
  await world.clock.advanceUntil(bothReceipted(a, b), 600_000, "receipted");
  assertTree(b.disk, "/data/received/Alice/tree");
  assert.ok((b.only()?.progress.resumedFromBytes ?? PIECE_BYTES) < 2 * PIECE_BYTES);
});

test("killed at every write of the receiver, and at every write of the sender: always one whole delivery", async () => {
  for (const victim of ["receiver", "sender"] as const) {
    let last = Number.POSITIVE_INFINITY;
    for (let at = 0; at < last; at++) {
      const { world, a, b } = await pair();
      const peer = victim === "sender" ? a : b;
      putTree(a.disk, "/home/tree", SMALL_TREE);
      const before = peer.writes;
      peer.writesLeft = at;
      const sent = await world.clock.advanceUntilSettled(
        a.open.send(bob.peerId, ["/home/tree"]),
        1_000,
        "offered",
      );
      if (!sent.ok) {
        assert.equal(victim, "sender");
        assert.equal(at, 0);
        continue;
      }
      const crashed = () => (peer.writesLeft ?? 0) < 0;
      const over = () => crashed() || (bothReceipted(a, b)() && b.store.unfinished().length === 0);
      await world.clock.advanceUntil(over, 60_000, `${victim} at write ${at}`);
      if (!crashed()) last = peer.writes - before;
      await peer.kill();
      if (at % 2 === 0) peer.disk.powerCut();
      peer.writesLeft = null;
      peer.network = world.network.start(peer.keypair.peerId);
      await peer.start();
      await world.clock.advanceUntil(bothReceipted(a, b), 600_000, `${victim} after write ${at}`);
      await world.clock.advance(400_000);
      const hint = `${victim}, write ${at}:`;
      assertTree(b.disk, "/data/received/Alice/tree", hint, SMALL_TREE);
      assert.equal(b.disk.paths().filter((path) => path.startsWith("/data")).length, SMALL_TREE.length, hint);
      assert.equal(b.open.history({ limit: 9 }).length, 1, hint);
      assert.deepEqual(a.open.untakenReceipts(9), b.open.untakenReceipts(9), hint);
      assert.deepEqual([a.store.unfinished(), b.store.unfinished()], [[], []], hint);
      assert.equal(a.disk.openCount + b.disk.openCount, 0, hint);
    }
    assert.ok(last > (victim === "receiver" ? 20 : 1), `${victim}: ${last} writes`);
  }
});

test("a bad link breaks streams again and again, and all arrives", async () => {
  const { world, a, b } = await pair({ delayMs: 15, jitterMs: 5, streamLoss: 0.08 });
  await sendTree(world, a);
  await world.clock.advanceUntil(bothReceipted(a, b), 3_600_000, "receipted");
  assertTree(b.disk, "/data/received/Alice/tree");
});

test("a source that is gone or changed fails on both sides with the cause", async () => {
  const spoil: readonly (readonly [string, (disk: MemoryDisk) => void])[] = [
    ["source-missing", (disk) => void disk.remove("/home/tree/several-pieces")],
    ["source-changed", (disk) => disk.put("/home/tree/several-pieces", noise(5, 3 * PIECE_BYTES + 17), 5)],
    ["source-changed", (disk) => disk.put("/home/tree/several-pieces", noise(5, 3), 1_700_000_000_000)],
  ];
  for (const [code, change] of spoil) {
    const { world, a, b } = await pair();
    b.decision = "ask";
    const { deliveryId } = await sendTree(world, a);
    await world.clock.advanceUntil(b.is("offered"), 10_000, "asked");
    change(a.disk);
    await b.open.accept(deliveryId);
    const failed = () => a.is("failed")() && b.is("failed")();
    await world.clock.advanceUntil(failed, 60_000, code);
    assert.deepEqual([a.reason(), b.reason()], [code, code]);
    await world.clock.advance(10_000);
    assert.deepEqual(b.disk.paths(), []);
    assert.deepEqual([a.store.unfinished(), b.store.unfinished()], [[], []]);
  }
});

test("content that changed behind size and time is caught by the receiver, and nothing is signed", async () => {
  const { world, a, b } = await pair();
  b.decision = "ask";
  const { deliveryId } = await sendTree(world, a);
  await world.clock.advanceUntil(b.is("offered"), 10_000, "asked");
  a.disk.spoil("/home/tree/several-pieces", 5);
  await b.open.accept(deliveryId);
  await world.clock.advanceUntil(() => a.is("failed")() && b.is("failed")(), 60_000, "failed");
  assert.deepEqual([a.reason(), b.reason()], ["content-mismatch", "content-mismatch"]);
  assert.deepEqual(b.open.untakenReceipts(9), []);
});

test("sources that cannot be sent are refused with a code before anything is offered", async () => {
  const { a } = await pair();
  a.disk.putFolder("/nothing");
  a.disk.putOther("/link", "symbolic-link");
  const cases = [
    [["/missing"], "source-missing"],
    [["/nothing"], "nothing-to-send"],
    [["/link"], "nothing-to-send"],
    [[], "nothing-to-send"],
    [["relative"], "path-not-absolute"],
  ] as const;
  for (const [paths, code] of cases) {
    const sent = await a.open.send(bob.peerId, paths);
    assert.equal(sent.ok ? null : sent.fault.code, code);
  }
  const own = await a.open.send(alice.peerId, ["/nothing"]);
  assert.equal(own.ok ? null : own.fault.code, "to-oneself");
  assert.deepEqual(a.open.history({ limit: 9 }), []);
});

test("many transfers wait their turn and all arrive", async () => {
  const { world, a, b } = await pair({ delayMs: 5 });
  for (let at = 0; at < 7; at++) {
    a.disk.put(`/home/${at}`, noise(at, PIECE_BYTES + at));
    assert.ok((await a.open.send(bob.peerId, [`/home/${at}`])).ok);
  }
  let atOnce = 0;
  const done = () => {
    const states = b.open.history({ limit: 9 }).map(({ state }) => state);
    atOnce = Math.max(atOnce, states.filter((state) => state === "sending").length);
    return states.length === 7 && states.every((state) => state === "receipted");
  };
  await world.clock.advanceUntil(done, 600_000, "all receipted");
  assert.ok(atOnce <= 2, `${atOnce} at once from one peer`);
  for (let at = 0; at < 7; at++) {
    assert.deepEqual(b.disk.get(`/data/received/Alice/${at}`), noise(at, PIECE_BYTES + at));
  }
});

test("progress grows, is told at most once a period, and carries a speed", async () => {
  const { world, a, b } = await pair({ delayMs: 40 });
  a.disk.put("/home/big", noise(1, 30 * PIECE_BYTES));
  const moments: number[] = [];
  const done: number[] = [];
  b.open.subscribe((event) => {
    if (event.type !== "progress") return;
    moments.push(world.clock.monotonicMs());
    done.push(event.transfer.progress.bytesDone);
    assert.ok(event.transfer.progress.bytesPerSecond > 0);
  });
  const sent = await world.clock.advanceUntilSettled(
    a.open.send(bob.peerId, ["/home/big"]),
    1_000,
    "offered",
  );
  assert.ok(sent.ok);
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  assert.ok(moments.length > 3);
  for (let at = 1; at < moments.length; at++) {
    assert.ok((moments[at] ?? 0) - (moments[at - 1] ?? 0) >= PROGRESS_PERIOD_MS);
    assert.ok((done[at] ?? 0) > (done[at - 1] ?? 0));
  }
});

test("requests that break the protocol end their stream and nothing else", async () => {
  const { world, a, b } = await pair();
  b.decision = "ask";
  const { deliveryId } = await sendTree(world, a);
  await world.clock.advanceUntil(b.is("offered"), 10_000, "asked");
  const unknown = "00".repeat(32) as DeliveryId;
  const requests: readonly Uint8Array[] = [
    new Uint8Array(0),
    Uint8Array.of(9, 9, 9),
    encodeFrame({ type: "noted" }),
    encodeFrame({ type: "manifest-part", bytes: new Uint8Array(9) }),
    encodeFrame({ type: "pull", deliveryId: unknown, from: 0 }),
    encodeFrame({ type: "pull", deliveryId, from: 4_000_000_000 }),
    encodeFrame({ type: "notice", deliveryId: unknown, notice: { is: "cancelled" } }),
    encodeFrame({ type: "notice", deliveryId, notice: { is: "declined" } }),
  ];
  for (const request of requests) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      if (from === b && request === requests.at(-1)) continue;
      const opening = from.network.open(to.keypair.peerId, PROTOCOL, {
        frameBytesMax: FRAME_BYTES_MAX,
        streamsPerPeerMax: 16,
        timeoutMs: 5_000,
      });
      const opened = await world.clock.advanceUntilSettled(opening, 10_000, "opened");
      assert.ok(opened.ok);
      await opened.value.send(request);
      await world.clock.advanceUntilSettled(opened.value.receive(), 10_000, "answered");
    }
  }
  assert.deepEqual([a.only()?.state, b.only()?.state], ["offered", "offered"]);
  assert.ok((await b.open.accept(deliveryId)).ok);
  await world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted");
  assert.deepEqual(world.network.faults, []);
});
