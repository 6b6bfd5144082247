import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_MINING } from "#mining/index.ts";
import { checkMining, decodeMining } from "./mining-settings.ts";

test("settings come back as they were kept, and what is left out is the usual", () => {
  const chosen = {
    mode: "always",
    threads: 3,
    dutyPercent: 25,
    afterCount: 9,
    afterSeconds: 0,
    onBattery: true,
  };
  assert.deepEqual(decodeMining(chosen), chosen);
  assert.deepEqual(decodeMining({}), DEFAULT_MINING);
  assert.deepEqual(decodeMining({ mode: "off" }), { ...DEFAULT_MINING, mode: "off" });
});

test("what is out of bounds, of another type or unknown is refused", () => {
  const malformed = [
    ...[null, "on", [], 7, { mode: "sometimes" }, { threads: 0 }, { threads: 65 }, { threads: "2" }],
    ...[{ dutyPercent: 0 }, { dutyPercent: 101 }, { dutyPercent: 1.5 }, { afterSeconds: -1 }],
    ...[{ onBattery: "yes" }, { onBattery: null }, { workers: 2 }, { threads: null }],
  ];
  for (const value of malformed) assert.equal(decodeMining(value), null, JSON.stringify(value));
});

test("a refusal names the bound", () => {
  const refused = checkMining({ threads: 65 });
  assert.ok(!refused.ok);
  assert.match(refused.fault.cause, /from 1 to 64/);
  assert.deepEqual(checkMining({ mode: "off" }), { ok: true, value: { mode: "off" } });
});

test("any JSON gets a verdict", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const settings = decodeMining(value);
      if (settings !== null) assert.deepEqual(decodeMining(settings), settings);
    }),
  );
});
