import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { attachment, rangeOf } from "./answers.ts";

test("a range never leaves the file", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^bytes=\d{0,6}-\d{0,6}$/), fc.nat(100_000), (header, bytes) => {
      const range = rangeOf(header, bytes);
      if (range === null || range === "unsatisfiable") return;
      assert.ok(range.first >= 0 && range.first <= range.last && range.last < bytes);
    }),
  );
});

test("ranges mean what RFC 9110 says", () => {
  const cases: readonly [string | null, ReturnType<typeof rangeOf>][] = [
    [null, null],
    ["bytes=0-0", { first: 0, last: 0 }],
    ["bytes=5-", { first: 5, last: 9 }],
    ["bytes=-3", { first: 7, last: 9 }],
    ["bytes=-30", { first: 0, last: 9 }],
    ["bytes=5-100", { first: 5, last: 9 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=5-4", null],
    ["bytes=-", null],
    ["bytes=0-1,3-4", null],
    ["lines=0-1", null],
  ];
  for (const [header, expected] of cases) assert.deepEqual(rangeOf(header, 10), expected, String(header));
});

test("no file name breaks out of its header", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const header = attachment(name);
      assert.match(header, /^attachment; filename="[^"\\\r\n]*"; filename\*=UTF-8''[A-Za-z0-9%._~-]*$/);
      assert.doesNotThrow(() => new Headers({ "Content-Disposition": header }));
      const encoded = header.slice(header.indexOf("UTF-8''") + 7);
      assert.equal(decodeURIComponent(encoded), name.toWellFormed());
    }),
  );
});
