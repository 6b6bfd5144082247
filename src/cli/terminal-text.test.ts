import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cutTo, displayWidth, oneLine, padTo, safeJson, safeLines, toAscii } from "./terminal-text.ts";

/** Strings full of what terminals obey. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x9b31m",
        "\x90q\x9c",
        "\r",
        "\n",
        "\x08",
        "\x7f",
        "\t",
      ),
      fc.constantFrom(
        "\u202e",
        "\u2066",
        "\u200b",
        "\u061c",
        "\ufeff",
        "\u{e0041}",
        "\u{e0002}",
        "\u2028",
        "\ud800",
        "\xad",
      ),
    ),
  )
  .map((parts) => parts.join(""));

/** What no terminal may be sent, written out apart from the code under test. */
function steers(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
    if (code >= 0x202a && code <= 0x202e) return true;
    if (code >= 0x2066 && code <= 0x2069) return true;
    if ([0x200b, 0x200e, 0x200f, 0x061c, 0x2028, 0x2029, 0xfeff, 0xad].includes(code)) return true;
    if (code >= 0xd800 && code <= 0xdfff) return true;
    if (code >= 0xe0000 && code <= 0xe007f) return true;
  }
  return false;
}

test("no text of others steers the terminal or breaks its line", () => {
  fc.assert(
    fc.property(hostile, (text) => assert.equal(steers(oneLine(text)), false)),
    { numRuns: 500 },
  );
  fc.assert(fc.property(hostile, (text) => assert.ok(safeLines(text).every((line) => !steers(line)))));
});

test("making safe twice is making safe once", () => {
  fc.assert(fc.property(hostile, (text) => assert.equal(oneLine(oneLine(text)), oneLine(text))));
});

test("ordinary text of any script passes unchanged", () => {
  for (const text of ["Grüße, Åsa!", "こんにちは", "नमस्ते", "مرحبا", "👩‍🔬 and 🇩🇪", "क्‍ष", "e\u0301"]) {
    assert.equal(oneLine(text), text);
  }
});

test("marks that climb over other lines are cut", () => {
  assert.equal(oneLine(`a${"\u0301".repeat(50)}b`), `a${"\u0301".repeat(4)}b`);
});

test("JSON keeps its meaning and loses its power", () => {
  fc.assert(
    fc.property(hostile, fc.constantFrom(0, 2), (text, indent) => {
      const json = safeJson({ text, list: [text] }, indent);
      assert.equal(json.split("\n").some(steers), false);
      assert.deepEqual(JSON.parse(json), { text, list: [text] });
    }),
  );
});

test("ASCII is ASCII", () => {
  fc.assert(fc.property(hostile, (text) => assert.match(toAscii(oneLine(text)), /^[ -~]*$/)));
});

test("cutting and padding keep to their columns", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 3, max: 40 }), (text, columns) => {
      const safe = oneLine(text);
      assert.ok(displayWidth(cutTo(safe, columns, "…")) <= columns);
      assert.ok(displayWidth(padTo(safe, columns)) >= columns);
    }),
  );
  assert.equal(cutTo("日本語テキスト", 7, "…"), "日本語…");
  assert.equal(cutTo("fits", 4, "…"), "fits");
});
