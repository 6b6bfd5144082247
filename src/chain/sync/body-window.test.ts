import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockId, PeerId } from "#base/brand.ts";
import { TestChain } from "#ledger/test-chain.ts";
import { BODY_REFUSED_MAX, BODY_WINDOW_BLOCKS, BODY_WINDOW_BYTES_MAX } from "../limits.ts";
import { BodyWindow, HeaderPath } from "./body-window.ts";

const [ANN, BEN] = ["ann", "ben"] as unknown as [PeerId, PeerId];
const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER };
const BODY = new Uint8Array(10);

test("places are given out once, lowest first, within what a peer has and within the window", () => {
  const window = new BodyWindow(2_000);
  assert.deepEqual(window.assign(ANN, ALL, 3), [0, 1, 2]);
  assert.deepEqual(window.assign(BEN, { from: 5, to: 6 }, 9), [5, 6]);
  assert.deepEqual(window.assign(BEN, ALL, 3), [3, 4, 7]);
  for (const at of [1, 2, 3]) window.arrive(at, BODY, ANN);
  assert.equal(window.takeNext(), null);
  assert.equal(window.awaitedFrom, ANN);
  window.arrive(0, BODY, ANN);
  assert.equal(window.takeNext()?.at, 0);
  assert.deepEqual(window.assign(BEN, ALL, 1), [8], "the one in hand is not asked for again");
  window.advance();
  assert.equal(window.takeNext()?.at, 1);
  window.advance();
  let beyond = 0;
  for (let at = 0; at < 1_000; at++) beyond = window.assign(ANN, ALL, 1)[0] ?? beyond;
  assert.ok(beyond < window.next + BODY_WINDOW_BLOCKS);
});

test("what a peer that went did not bring, and a place whose body was wrong, are asked of others", () => {
  const window = new BodyWindow(10);
  assert.deepEqual(window.assign(ANN, ALL, 2), [0, 1]);
  window.arrive(0, BODY, ANN);
  window.release(ANN);
  assert.deepEqual(window.assign(BEN, ALL, 1), [1]);
  assert.equal(window.takeNext()?.from, ANN);
  window.refuse(0, ANN);
  assert.deepEqual(window.assign(ANN, ALL, 1), [2]);
  assert.deepEqual(window.assign(BEN, ALL, 1), [0]);
});

test("of all who gave a wrong body for one place the newest are remembered", () => {
  const window = new BodyWindow(1);
  const peers = Array.from({ length: BODY_REFUSED_MAX + 1 }, (_, at) => `peer ${at}` as PeerId);
  const [first = ANN, second = ANN] = peers;
  for (const peer of peers.slice(0, -1)) window.refuse(0, peer);
  assert.deepEqual(window.assign(first, ALL, 1), []);
  for (const peer of peers) window.refuse(0, peer);
  assert.deepEqual(window.assign(second, ALL, 1), []);
  assert.deepEqual(window.assign(first, ALL, 1), [0]);
});

test("large bodies out of order are held up to the bound, and the next one needed is asked for all the same", () => {
  const window = new BodyWindow(2_000);
  const large = new Uint8Array(1024 * 1024);
  const [first] = window.assign(ANN, ALL, 1);
  assert.equal(first, 0);
  for (let round = 0; round < 500; round++) {
    for (const at of window.assign(BEN, ALL, 4)) window.arrive(at, large, BEN);
  }
  assert.ok(window.held.bytes <= BODY_WINDOW_BYTES_MAX);
  window.release(ANN);
  assert.deepEqual(window.assign(BEN, ALL, 1), [0]);
});

test("whatever comes in which order, each body is handed on once and in order", () => {
  const step = fc.record({
    who: fc.constantFrom(ANN, BEN),
    count: fc.nat(6),
    comes: fc.nat(3),
    goes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (steps, count) => {
      const window = new BodyWindow(count);
      const asked = new Map<PeerId, number[]>([
        [ANN, []],
        [BEN, []],
      ]);
      const handed: number[] = [];
      const finish = [ANN, BEN].map((who) => ({ who, count: 60, comes: 60, goes: false }));
      for (const { who, count: wanted, comes, goes } of [...steps, ...finish, ...finish]) {
        const mine = asked.get(who) ?? [];
        mine.push(...window.assign(who, ALL, wanted));
        for (const at of mine.splice(0, comes)) window.arrive(at, BODY, who);
        if (goes) {
          window.release(who);
          mine.length = 0;
        }
        for (let next = window.takeNext(); next !== null; next = window.takeNext()) {
          handed.push(next.at);
          window.advance();
        }
      }
      assert.deepEqual(
        handed,
        Array.from({ length: count }, (_, at) => at),
      );
      assert.ok(window.isDone);
      const none = { blocks: 0, bytes: 0, underWay: 0, refusedPlaces: 0, refusedPeers: 0 };
      assert.deepEqual(window.held, none);
    }),
  );
});

test("a path is filled from above and read from below, and says which place a block has", () => {
  const idOf = (height: number): BlockId => height.toString(16).padStart(64, "0") as BlockId;
  const path = new HeaderPath(500);
  for (let height = 500; height > 200; height--) path.addBelow(idOf(height));
  assert.deepEqual([path.count, path.from], [300, 201]);
  assert.deepEqual([path.idAt(0), path.idAt(299)], [idOf(201), idOf(500)]);
  const { header } = new TestChain().tip.block;
  assert.equal(path.placeOf({ id: idOf(300), header: { ...header, height: 300 } }), 99);
  assert.equal(path.placeOf({ id: idOf(301), header: { ...header, height: 300 } }), null);
  assert.equal(path.placeOf({ id: idOf(200), header: { ...header, height: 200 } }), null);
});
