import assert from "node:assert/strict";
import { test } from "node:test";
import { syncView as viewOf } from "./sync-view.ts";

const LEVEL = {
  state: "synced",
  phase: "level",
  height: 7,
  targetHeight: 7,
  done: 0,
  total: 0,
  secondsLeft: null,
  history: null,
} as const;

const syncView = (sync: Parameters<typeof viewOf>[0]) => viewOf(sync, null);

test("what is being done is said with how far it is and how long it will take", () => {
  const behind = { ...LEVEL, state: "syncing", targetHeight: 120_000, done: 40_000, total: 120_000 } as const;
  assert.equal(syncView(LEVEL).words, "in step with others");
  assert.equal(syncView({ ...LEVEL, phase: "alone" }).words, "no peer of this network is connected");
  assert.equal(
    syncView({ ...behind, phase: "headers", secondsLeft: 150 }).words,
    "fetching headers, 40\u202f000 of 120\u202f000, about 3 min left",
  );
  assert.equal(
    syncView({ ...behind, phase: "blocks", secondsLeft: 20_000 }).words,
    "catching up to block 120\u202f000, now at 7, about 6 h left",
  );
  assert.equal(
    syncView({ ...behind, phase: "snapshot", done: 455, total: 1_000, secondsLeft: 12 }).words,
    "taking over the state of block 120\u202f000, 45 %, less than a minute left",
  );
});

test("a check of history in the background is told beside it", () => {
  assert.equal(syncView(LEVEL).historyWords, null);
  const history = { height: 500, targetHeight: 119_000, secondsLeft: null };
  assert.equal(
    syncView({ ...LEVEL, history }).historyWords,
    "checking the blocks before it in the background, 500 of 119\u202f000",
  );
});

test("who cannot take blocks, or may refuse those of others, does not say to be in step", () => {
  const words = (code: string, phase: "level" | "blocks" = "level") =>
    viewOf({ ...LEVEL, phase }, { code }).words;
  assert.equal(words("ledger-not-written"), "stands still: it cannot be written");
  assert.match(words("clock-differs"), /^perhaps not in step/);
  assert.equal(words("history-put-off"), "in step with others");
  assert.match(words("ledger-not-written", "blocks"), /^catching up/);
});
