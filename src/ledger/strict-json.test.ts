import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type JsonValue, parseStrictJson } from "./strict-json.ts";

function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

test("what is accepted means what JSON says, and numbers are exact", () => {
  const leaf = fc.oneof(fc.string(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
  const keys = fc.string().filter((key) => key !== "__proto__");
  const documents = fc.oneof(leaf, fc.array(leaf), fc.dictionary(keys, fc.oneof(leaf, fc.array(leaf))));
  fc.assert(
    fc.property(documents, fc.constantFrom(0, 2), (document, indent) => {
      const text = JSON.stringify(document, null, indent);
      const parsed = parseStrictJson(text);
      assert.ok(parsed.ok, text);
      assert.deepEqual(plain(parsed.value), JSON.parse(text));
    }),
  );
});

test("whatever is accepted, JSON.parse accepts too", () => {
  const fragments = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"b"',
    "1",
    "-0",
    "01",
    "1e3",
    "null",
    " ",
    '"\\x"',
    '"',
  );
  fc.assert(
    fc.property(fc.array(fragments, { maxLength: 9 }), (parts) => {
      const text = parts.join("");
      if (parseStrictJson(text).ok) assert.doesNotThrow(() => JSON.parse(text), text);
    }),
    { numRuns: 2000 },
  );
});

test("refusals name the line and the reason", () => {
  const refusal = (text: string) => {
    const parsed = parseStrictJson(text);
    return parsed.ok ? "accepted" : parsed.fault.cause;
  };
  assert.equal(refusal('{\n"a": 1,\n"a": 2}'), 'line 3: the key "a" stands twice');
  assert.equal(refusal('{"a": 1,}'), "line 1: expected a key");
  assert.match(refusal("1.5"), /whole/);
  assert.match(refusal("9007199254740993"), /not exact/);
  assert.match(refusal("-0"), /not exact/);
  assert.match(refusal("[[[[[1]]]]]"), /nested deeper than 4/);
  assert.match(refusal('{"__proto__": 1, "__proto__": 2}'), /stands twice/);
  assert.match(refusal('"\u0001"'), /expected a string/);
  assert.match(refusal("{} {}"), /something follows/);
});
