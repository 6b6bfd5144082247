import assert from "node:assert/strict";
import { test } from "node:test";
import { pathView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { foundByWords, lastHereWords, pathMeaning, pathWord, slipPathWord } from "./path-words.ts";

const via = { peerId: "12D3KooW-relay" as PeerId, name: "tracker.example" };
const here = { blocked: false, online: true, via: null };

test("a relayed path names the relay, wherever it is shown", () => {
  assert.equal(pathWord({ ...here, path: "relayed", via }), "relayed via tracker.example");
  assert.equal(pathWord({ ...here, path: "relayed" }), "relayed");
  assert.equal(
    slipPathWord({ kind: "relayed", viaName: via.name, reason: null }),
    "relayed via tracker.example",
  );
});

test("a path that is not there is not told, whatever it was", () => {
  assert.equal(pathWord({ ...here, online: false, path: "lan" }), "away");
  assert.equal(pathWord({ ...here, blocked: true, path: "lan" }), "blocked");
});

test("when somebody was here last is told of those who are away", () => {
  assert.equal(lastHereWords({ online: false, lastSeenMs: 0 }, 120_000), "last here 2 min ago");
  assert.equal(lastHereWords({ online: true, lastSeenMs: 0 }, 120_000), null);
  assert.equal(lastHereWords({ online: false, lastSeenMs: null }, 120_000), null);
});

test("every kind of path has a word and a meaning of its own", () => {
  const kinds = pathView.options;
  assert.equal(new Set(kinds.map((path) => pathWord({ ...here, path }))).size, kinds.length);
  assert.equal(new Set(kinds.map(pathMeaning)).size, kinds.length);
});

test("ways of being found are listed, and none is said as such", () => {
  assert.equal(foundByWords({ foundBy: ["tracker", "scan"] }), "told by a tracker, found by a scan");
  assert.equal(foundByWords({ foundBy: [] }), "known from before");
});
