import assert from "node:assert/strict";
import { test } from "node:test";
import { percentText, standingText } from "./standing-text.ts";

const BARE = { cosigned: null, workSince: "4096", rivalShare: 0.3, reversal: 0.15645 };

test("without signatures nothing is called final, however deep it lies", () => {
  const texts = [
    standingText(null, 3),
    standingText(BARE, 6),
    standingText({ ...BARE, rivalShare: null, reversal: null }, 10_000),
    standingText({ ...BARE, reversal: 0 }, 10_000),
  ];
  for (const text of texts) assert.doesNotMatch(text, /final/i);
  const alone = standingText({ ...BARE, rivalShare: 0, reversal: 0 }, 6);
  assert.match(alone, /since; nobody else found any of the newest blocks$/);
  assert.equal(
    texts[1],
    "6 confirmations, about 4096 hashes since; a miner of 30 % of the newest blocks takes it back with a chance of 16 %",
  );
});

test("with signatures it is said by how many", () => {
  const cosigned = { signed: 3, of: 4, height: 40 };
  assert.equal(
    standingText({ ...BARE, cosigned }, 9),
    "9 confirmations; final: block 40 is co-signed by 3 of 4",
  );
});

test("chances are worded without false precision, and never as none at all", () => {
  assert.deepEqual([1, 0.5, 0.0031, 0.00001, 0].map(percentText), [
    "100 %",
    "50 %",
    "0.31 %",
    "below 0.01 %",
    "below 0.01 %",
  ]);
});
