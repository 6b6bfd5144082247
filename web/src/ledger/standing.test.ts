import assert from "node:assert/strict";
import { test } from "node:test";
import { chanceWords, standingWords } from "./standing.ts";

const BARE = { cosigned: null, workSince: "4096", rivalShare: 0.3, reversal: 0.15645 };

test("without signatures nothing is called final, however deep it lies", () => {
  const words = [
    standingWords(null, 3),
    standingWords(BARE, 6),
    standingWords({ ...BARE, rivalShare: null, reversal: null }, 9_000),
    standingWords({ ...BARE, reversal: 0 }, 9_000),
  ];
  for (const each of words) assert.doesNotMatch(each, /final/i);
  assert.match(words[1] ?? "", /30 % of the newest blocks takes it back with a chance of 16 %/);
  assert.match(words[3] ?? "", /below 0.01 %/);
  const alone = standingWords({ ...BARE, rivalShare: 0, reversal: 0 }, 6);
  assert.match(alone, /since\. Nobody else found any of the newest blocks$/);
});

test("with signatures it is said by how many", () => {
  const cosigned = { signed: 3, of: 4, height: 40 };
  assert.match(standingWords({ ...BARE, cosigned }, 9), /Final: block 40 is co-signed by 3 of 4/);
  assert.equal(chanceWords(1), "100 %");
});
