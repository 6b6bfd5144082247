import assert from "node:assert/strict";
import { test } from "node:test";
import { type FindingView, findingView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { AREA_WORDS, byArea, LEVEL_WORDS, summaryOf } from "./finding-words.ts";

const finding = (area: FindingView["area"], level: FindingView["level"], code: string): FindingView => ({
  area,
  level,
  code,
  title: code,
  cause: code,
  nextStep: null,
  details: [],
});

test("findings of one area come together, areas in the order of their most serious one", () => {
  const findings = [
    finding("firewall", "bad", "a"),
    finding("trackers", "warn", "b"),
    finding("firewall", "ok", "c"),
  ];
  assert.deepEqual(
    byArea(findings).map(({ area, findings: own }) => [area, own.map(({ code }) => code)]),
    [
      ["firewall", ["a", "c"]],
      ["trackers", ["b"]],
    ],
  );
});

test("every area and level has words, and no two levels share a sign", () => {
  for (const area of findingView.shape.area.options) assert.ok(AREA_WORDS[area]);
  const levels = findingView.shape.level.options;
  assert.equal(new Set(levels.map((level) => LEVEL_WORDS[level].sign)).size, levels.length);
});

test("the summary counts what needs somebody, and says when nothing does", () => {
  const report = { checkedMs: 0, person: null, findings: [finding("disk", "ok", "a")] };
  assert.equal(summaryOf(report), "Nothing stands in the way.");
  const person = { peerId: "12D3KooW-bob" as PeerId, name: "Bob", online: false };
  assert.equal(summaryOf({ ...report, person }), "Nothing on this side keeps you from Bob.");
  assert.equal(
    summaryOf({ ...report, findings: [finding("firewall", "bad", "b"), finding("clock", "warn", "c")] }),
    "1 thing stands in the way, 1 thing to mend.",
  );
});
