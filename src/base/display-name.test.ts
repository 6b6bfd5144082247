import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cleanDisplayName, DISPLAY_NAME_BYTES_MAX, isDisplayName, nameKey } from "./display-name.ts";

test("ordinary names stand, in any script", () => {
  for (const name of ["Alice", "Dr. José Núñez", "李小龙", "Ольга", "مريم", "O'Neil-Smith 2", "👩 Ada"]) {
    assert.equal(isDisplayName(name), true, name);
    assert.equal(cleanDisplayName(name), name);
  }
});

test("what would deceive the eye is refused, and cleaned away when typed", () => {
  const cases: readonly [string, string, string | null][] = [
    ["empty", "", null],
    ["spaces only", " \t ", null],
    ["terminal escape", "a\u001b[31mb", "a[31mb"],
    ["bidi override", "a\u202eb", "ab"],
    ["bidi isolate", "a\u2066b", "ab"],
    ["zero-width space", "a\u200bb", "ab"],
    ["line separator", "a\u2028b", "a b"],
    ["newline", "a\nb", "a b"],
    ["double space", "a  b", "a b"],
    ["space at the end", "a ", "a"],
    ["no-break space", "a\u00a0b", "a b"],
    ["not NFC", "e\u0301", "é"],
    ["half a surrogate pair", "a\ud800", "a"],
    ["private use", "\ue000", null],
    ["stacked marks", `a${"\u0334".repeat(8)}`, null],
  ];
  for (const [what, text, cleaned] of cases) {
    assert.equal(isDisplayName(text), false, what);
    assert.equal(cleanDisplayName(text), cleaned, what);
  }
});

test("a name too long is refused, and cut between characters when typed", () => {
  const long = "é".repeat(DISPLAY_NAME_BYTES_MAX);
  assert.equal(isDisplayName(long), false);
  assert.equal(cleanDisplayName(long), "é".repeat(DISPLAY_NAME_BYTES_MAX / 2));
});

test("cleaning gives a name or nothing, and leaves names alone", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const name = cleanDisplayName(text);
      if (isDisplayName(text)) assert.equal(name, text);
      if (name !== null) {
        assert.equal(isDisplayName(name), true);
        assert.equal(cleanDisplayName(name), name);
      }
    }),
  );
});

test("names are compared without regard to case and width", () => {
  assert.equal(nameKey("ALICE"), nameKey("alice"));
  assert.equal(nameKey("Ａlice"), nameKey("alice"));
  assert.notEqual(nameKey("alice"), nameKey("alicia"));
});
