/** Transfers whose paths change under them: nothing that was verified is sent again, and nobody waits without need. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problem } from "#base/result.ts";
import { SwitchedNetwork } from "#test/kit/switched-network.ts";
import { alice, bob, bothReceipted, noise, Peer, World } from "#test/kit/transfer-peers.ts";
import { decodeFrame, type Frame } from "./codec.ts";
import { FRUITLESS_SESSIONS_MAX, LEAVE_TIMEOUT_MS, PIECE_BYTES, RETRY_FIRST_MS } from "./limits.ts";

const PIECES = 12;
/** A piece that was under way when its stream was left is sent again, and no other. */
const UNDER_WAY_MAX = 1;

/** Alice sends twelve pieces to bob, over networks that can be switched. */
async function sending() {
  const world = new World();
  const [a, b] = [new Peer(world, alice), new Peer(world, bob)];
  const [there, here] = [new SwitchedNetwork(a.network), new SwitchedNetwork(b.network)];
  [a.network, b.network] = [there.network, here.network];
  await a.start();
  await b.start();
  await world.clock.advanceUntil(() => a.network.connected().length === 1, 5_000, "connected");
  a.disk.put("/home/big", noise(5, PIECES * PIECE_BYTES));
  const sent = await world.clock.advanceUntilSettled(
    a.open.send(bob.peerId, ["/home/big"]),
    1_000,
    "offered",
  );
  assert.ok(sent.ok);
  return {
    ...{ world, a, b, there, here },
    verified: () => (b.only()?.progress.bytesDone ?? 0) / PIECE_BYTES,
    arrives: () => world.clock.advanceUntil(bothReceipted(a, b), 60_000, "receipted"),
  };
}

function framesOf({ sent }: SwitchedNetwork): readonly Frame[] {
  return sent.map((bytes) => {
    const frame = decodeFrame(bytes);
    assert.ok(frame.ok);
    return frame.value;
  });
}

const pullsOf = (network: SwitchedNetwork) =>
  framesOf(network).flatMap((frame) => (frame.type === "pull" ? [frame.from] : []));

const piecesOf = (network: SwitchedNetwork) =>
  framesOf(network).flatMap((frame) => (frame.type === "piece" ? [frame.index] : []));

function assertWhole({ b, here, there }: Awaited<ReturnType<typeof sending>>): void {
  assert.deepEqual(b.disk.get("/data/received/Alice/big"), noise(5, PIECES * PIECE_BYTES));
  const pieces = piecesOf(there);
  assert.equal(new Set(pieces).size, PIECES);
  const [again, changes] = [pieces.length - PIECES, pullsOf(here).length - 1];
  assert.ok(again <= changes * UNDER_WAY_MAX, `${again} pieces were sent twice: ${pieces}`);
}

test("a better path is taken at the next piece, with all that was verified before", async () => {
  const all = await sending();
  const { world, here, verified, arrives } = all;
  await world.clock.advanceUntil(() => verified() >= 4, 10_000, "four pieces");
  const before = verified();
  here.path(alice.peerId, "punched", true);
  await arrives();
  const [first, second, ...more] = pullsOf(here);
  assert.equal(first, 0);
  assert.ok(second !== undefined && second >= before && second < PIECES, `${second}`);
  assert.deepEqual(more, []);
  assertWhole(all);
});

test("a piece that hangs on the old path does not hold up the move", async () => {
  const all = await sending();
  const { world, here, verified, arrives } = all;
  await world.clock.advanceUntil(() => verified() >= 4, 10_000, "four pieces");
  world.network.setLink(alice.peerId, bob.peerId, { delayMs: 45_000 });
  await world.clock.advance(5);
  world.network.setLink(alice.peerId, bob.peerId, { delayMs: 1 });
  const sinceMs = world.clock.monotonicMs();
  here.path(alice.peerId, "direct", true);
  await arrives();
  assert.equal(pullsOf(here).length, 2);
  assert.ok(world.clock.monotonicMs() - sinceMs < LEAVE_TIMEOUT_MS + 1_000);
  assertWhole(all);
});

test("when the path ends, it goes on over another one at once", async () => {
  const all = await sending();
  const { world, here, verified, arrives } = all;
  for (const pieces of [3, 6, 9]) {
    await world.clock.advanceUntil(() => verified() >= pieces, 10_000, `${pieces} pieces`);
    const sinceMs = world.clock.monotonicMs();
    const pulls = pullsOf(here).length;
    here.breakAll();
    // Whether it is told of the other path, or finds it by itself.
    if (pieces === 9) here.path(alice.peerId, "relayed", false);
    await world.clock.advanceUntil(() => pullsOf(here).length > pulls, 10_000, "asked again");
    assert.ok(world.clock.monotonicMs() - sinceMs < 100, "a pause where none was needed");
    assert.ok((pullsOf(here).at(-1) ?? 0) >= pieces);
  }
  await arrives();
  assertWhole(all);
});

test("a stream that ends in order before all is there is no end of the file", async () => {
  const all = await sending();
  const { world, a, b, here, verified, arrives } = all;
  await world.clock.advanceUntil(() => verified() >= 4, 10_000, "four pieces");
  here.endsEarly = true;
  await world.clock.advance(1_000);
  assert.deepEqual([a.only()?.completion, b.only()?.completion], [null, null]);
  assert.deepEqual([b.only()?.state, b.reason()], ["queued", "connection-lost"]);
  // Whoever ends every stream is asked a few times, and then at the usual pace.
  const pulls = pullsOf(here).length;
  assert.ok(pulls <= 2 + FRUITLESS_SESSIONS_MAX, `${pulls} pulls`);
  await world.clock.advance(RETRY_FIRST_MS);
  assert.ok(pullsOf(here).length <= pulls + FRUITLESS_SESSIONS_MAX + 1);
  here.endsEarly = false;
  await arrives();
  assertWhole(all);
});

test("a relay that gives no more is named as the reason, and another path is taken as soon as it stands", async () => {
  const all = await sending();
  const { world, b, here, verified, arrives } = all;
  await world.clock.advanceUntil(() => verified() >= 4, 10_000, "four pieces");
  here.refusal = problem(
    "relay-quota",
    "The relay has carried its share for this hour.",
    "It goes on by itself.",
  );
  here.breakAll();
  await world.clock.advance(30_000);
  assert.deepEqual([b.only()?.state, b.reason()], ["queued", "relay-quota"]);
  const kept = verified();
  here.refusal = null;
  const sinceMs = world.clock.monotonicMs();
  here.path(alice.peerId, "punched", true);
  await arrives();
  assert.ok(world.clock.monotonicMs() - sinceMs < 1_000, "it waited although there was a path");
  assert.equal(pullsOf(here).at(-1), kept);
  assertWhole(all);
});
