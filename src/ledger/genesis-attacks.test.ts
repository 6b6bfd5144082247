/** Row 46: files made to mislead two readers into two networks, or to keep one reader busy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadNetwork } from "./genesis.ts";
import { GENESIS_TEXT_CHARS_MAX } from "./limits.ts";
import { presetGenesis } from "./presets.ts";

const SOUND = presetGenesis("default", { name: "ours", genesisTime: 1_800_000_000 });
const codeOf = (text: string): string => {
  const network = loadNetwork(text);
  return network.ok ? "accepted" : network.fault.code;
};
const REPLACED = '"name": "ours"';

test("row 46: a key that stands twice is refused, also when one of the two is spelt with escapes", () => {
  assert.equal(codeOf(SOUND), "accepted");
  const twins = [
    '"name": "theirs", "name": "ours"',
    '"name": "ours", "n\\u0061me": "theirs"',
    '"n\\u0061me": "theirs", "name": "ours"',
  ];
  for (const twin of twins) assert.equal(codeOf(SOUND.replace(REPLACED, twin)), "key-repeated", twin);
  const inside = SOUND.replace('"symbol": "WB"', '"symbol": "WB", "symbol": "XX"');
  assert.equal(codeOf(inside), "key-repeated");
});

test("row 46: keys of the prototype are keys like any other: unknown, and without effect", () => {
  for (const key of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]) {
    const text = SOUND.replace(REPLACED, `${REPLACED}, "${key}": {"name": "theirs"}`);
    assert.equal(codeOf(text), "key-unknown", key);
    // In the place of a parameter that is missing it gives no value either.
    assert.equal(codeOf(SOUND.replace('"name":', `"${key}":`)), "key-missing", key);
  }
  assert.equal(({} as Record<string, unknown>)["name"], undefined);
});

test("row 46: what a refusal quotes of a file is short, however long it is there", () => {
  const key = "k".repeat(100_000);
  for (const more of [`"${key}": 1`, `"${key}": 1, "${key}": 1`]) {
    const network = loadNetwork(SOUND.replace(REPLACED, `${REPLACED}, ${more}`));
    assert.ok(!network.ok && network.fault.code.startsWith("key-") && network.fault.cause.length < 200);
  }
});

test("row 46: numbers in another spelling are no numbers", () => {
  const spellings = [
    "15.0",
    "1.5e1",
    "0x0f",
    "015",
    "+15",
    "15n",
    '"15"',
    "-15",
    "1e400",
    "9007199254740993",
  ];
  for (const spelling of spellings) {
    const text = SOUND.replace('"targetSpacingSeconds": 15', `"targetSpacingSeconds": ${spelling}`);
    assert.notEqual(text, SOUND);
    assert.notEqual(codeOf(text), "accepted", spelling);
  }
});

test("row 46: a file above the limit is refused before it is read, and a deep one at the fifth level", () => {
  assert.equal(codeOf(`${SOUND}${" ".repeat(GENESIS_TEXT_CHARS_MAX)}`), "too-big");
  const deep = SOUND.replace(REPLACED, `${REPLACED}, "more": ${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  assert.equal(codeOf(deep), "not-json");
});

test("row 46: texts that make backtracking patterns slow take no longer than their length", () => {
  const long = GENESIS_TEXT_CHARS_MAX - SOUND.length - 100;
  const slow = [
    `"name": "${"a-".repeat(long / 2)}!"`,
    `"name": "${"\\\\".repeat(long / 2)}`,
    `"name": "${"\\u0061".repeat(Math.floor(long / 6))}`,
    `"name": ${"1".repeat(long)}`,
    `"name": ${" ".repeat(long)}"ours" "ours"`,
    `"name": "${"\u200d".repeat(long)}"`,
  ];
  const startedMs = performance.now();
  for (const text of slow) assert.notEqual(codeOf(SOUND.replace(REPLACED, () => text)), "accepted");
  // Quadratic work over 250,000 characters would take minutes.
  assert.ok(performance.now() - startedMs < 2_000);
});

test("row 46: signs that look like others do not make a second network of the same name", () => {
  for (const name of ["оurs", "ours\u200b", "ours ", "OURS", "ou\u0308rs", ""]) {
    assert.equal(codeOf(SOUND.replace(REPLACED, () => `"name": "${name}"`)), "out-of-range", name);
  }
});

test("row 46: checkpoint rules that two halves could satisfy apart, or nobody at all, are refused", () => {
  const keys = ["aa", "bb", "cc", "dd"].map((byte) => byte.repeat(32));
  const withRules = (rules: object) =>
    codeOf(SOUND.replace('"checkpoints": null', () => `"checkpoints": ${JSON.stringify(rules)}`));
  const quoted = { keys, needed: 2, everyBlocks: 20 };
  assert.notEqual(withRules(quoted), "accepted");
  assert.notEqual(withRules({ keys: [], needed: 0, everyBlocks: 20 }), "accepted");
  assert.notEqual(withRules({ ...quoted, needed: 5 }), "accepted");
  // Anybody can sign for a key of small order.
  assert.notEqual(withRules({ keys: ["00".repeat(32)], needed: 1, everyBlocks: 20 }), "accepted");
});
