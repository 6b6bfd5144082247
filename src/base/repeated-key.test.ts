import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { repeatedKey } from "./repeated-key.ts";

test("a field named twice is found, at any depth and however it is spelled", () => {
  for (const [json, key] of [
    ['{"amount":1,"amount":100}', "amount"],
    ['{"a":{"b":1,"c":[{"d":1},{"d":2,"e":"}","d":3}]}}', "d"],
    ['{"a":"x","\\u0061":"y"}', "a"],
    ['{"":0,"":1}', ""],
    ['[{"a":1},{"a":[2,3],"b":"a","a":4}]', "a"],
  ] as const)
    assert.equal(repeatedKey(json), key, json);
});

test("what JSON.stringify writes names nothing twice, whatever stands in it", () => {
  for (const json of ['{"a":{"a":{"a":1}},"b":["a","a"],"c":"\\"a\\":1,"}', '["a","a"]', '"a"', "7", "null"])
    assert.equal(repeatedKey(json), null, json);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(repeatedKey(JSON.stringify(value, null, 1)), null);
    }),
  );
});
