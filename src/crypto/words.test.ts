/** Eight words and their bytes: one spelling out, many ways of typing in, and help with what was misheard. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { comparePhrase, SPELLED_BYTES, spell, unspell } from "./words.ts";

const secret = fc.uint8Array({ minLength: SPELLED_BYTES, maxLength: SPELLED_BYTES });

test("bytes come back from their words, whole or cut to four letters, in any dress", () => {
  fc.assert(
    fc.property(secret, fc.constantFrom(" ", "-", ", ", "\n", " 3. "), (bytes, gap) => {
      const words = spell(bytes).split(" ");
      const ways = [
        words.join(gap),
        words.join(gap).toUpperCase(),
        words.map((word) => word.slice(0, 4)).join(gap),
      ];
      for (const way of ways) assert.deepEqual(unspell(`  ${way}. `), { ok: true, value: bytes });
    }),
  );
});

test("known values: the ends of the list, and the order of bits", () => {
  assert.equal(spell(new Uint8Array(11)), Array(8).fill("abandon").join(" "));
  assert.equal(spell(new Uint8Array(11).fill(255)), Array(8).fill("zoo").join(" "));
  // 11 bits of value 1 at the end: the second word of the list, last.
  assert.equal(spell(Uint8Array.of(...Array(10).fill(0), 1)).split(" ")[7], "ability");
});

test("a word that is not in the list is named, with those that look like it", () => {
  const typed = unspell("abandon ability able about above abzent absorb abstract");
  assert.ok(!typed.ok && typed.fault.code === "unknown-word");
  assert.deepEqual([typed.fault.position, typed.fault.word, typed.fault.near[0]], [6, "abzent", "absent"]);
  const longer = unspell("abandoned ability able about above absent absorb abstract");
  assert.ok(!longer.ok && longer.fault.code === "unknown-word" && longer.fault.near.includes("abandon"));
  const swapped = unspell("abandon ability able about above absent absorb abstrcat");
  assert.ok(!swapped.ok && swapped.fault.code === "unknown-word" && swapped.fault.near[0] === "abstract");
});

test("too few, too many, none: the count is told; no text is too odd", () => {
  const seven = unspell("zoo zoo zoo zoo zoo zoo zoo");
  assert.deepEqual(seven, { ok: false, fault: { code: "count", given: 7 } });
  assert.deepEqual(unspell(""), { ok: false, fault: { code: "count", given: 0 } });
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      assert.equal(typeof unspell(text).ok, "boolean");
    }),
  );
});

test("the phrase of a key never changes, and belongs to that key", () => {
  const zero = new Uint8Array(32);
  assert.equal(comparePhrase(zero), "subway argue awake tornado pudding spatial unveil fly");
  assert.notEqual(comparePhrase(zero.with(31, 1)), comparePhrase(zero));
});
