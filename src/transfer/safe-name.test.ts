import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "#base/bytes.ts";
import { MANIFEST_BYTES_MAX, MANIFEST_ENTRIES_MAX, MANIFEST_PATH_BYTES_MAX } from "#receipts/index.ts";
import { NAME_BYTES_MAX } from "./limits.ts";
import { collisionKey, localPaths, numberedName, safeName } from "./safe-name.ts";

test("unsafe names get a safe form, each for its reason", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["report.pdf", "report.pdf", "safe already"],
    ["Füße – 写真.jpg", "Füße – 写真.jpg", "letters of any script"],
    ["..", "__", "way out"],
    [".", "_", "the folder itself"],
    [".bashrc", ".bashrc", "a leading dot hides, and harms nothing here"],
    ["a/b", "a_b", "separator"],
    ["a\\b", "a_b", "separator of Windows"],
    ["C:", "C_", "drive"],
    ["file:stream", "file_stream", "alternate data stream"],
    ["CON", "_CON", "device"],
    ["con.txt", "_con.txt", "device with an ending"],
    ["NUL .txt", "_NUL .txt", "device with a space"],
    ["COM¹", "_COM¹", "device with a superscript digit"],
    ["console", "console", "no device"],
    ["name.", "name_", "trailing dot"],
    ["name ", "name_", "trailing space"],
    ["a\u0000b", "a_b", "zero byte"],
    ["a\u001b[31mb", "a_[31mb", "escape sequence of terminals"],
    ["a\nb", "a_b", "line break"],
    ["gpj\u202eexe.txt", "gpj_exe.txt", "right-to-left override"],
    ["a\u200bb", "a_b", "zero-width space"],
    ["e\u0301", "é", "NFC"],
    ["a\ud800b", "a\ufffdb", "half of a character"],
    ['what?*<>|"', "what______", "wildcards and quotes"],
    ["", "_", "nothing"],
    ["   ", "___", "nothing to the eye"],
  ];
  for (const [given, safe, why] of cases) assert.equal(safeName(given), safe, why);
});

test("long names keep their ending and stay within the limit", () => {
  assert.equal(safeName(`${"x".repeat(300)}.jpeg`), `${"x".repeat(NAME_BYTES_MAX - 5)}.jpeg`);
  assert.ok(utf8(safeName("写".repeat(200))).length <= NAME_BYTES_MAX);
});

const anyPart = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.constantFrom("CON", "con ", "aux.tar.gz", "..", ". .", "a.", "\u202e", "é", "e\u0301"),
);

test("every text has a safe form, and a safe form is its own", () => {
  fc.assert(
    fc.property(anyPart, (part) => {
      const name = safeName(part);
      assert.ok(name !== "" && name !== "." && name !== "..");
      assert.ok(utf8(name).length <= NAME_BYTES_MAX);
      assert.ok(!/[<>:"|?*\\/\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name));
      assert.ok(!/[. ]$/u.test(name));
      assert.ok(!/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name));
      assert.equal(name, name.normalize("NFC"));
      assert.equal(safeName(name), name);
    }),
    { numRuns: 500 },
  );
});

test("a numbered name is safe too", () => {
  fc.assert(
    fc.property(anyPart, fc.integer({ min: 2, max: 9_999 }), (part, number) => {
      const name = numberedName(safeName(part), number);
      assert.ok(utf8(name).length <= NAME_BYTES_MAX);
      assert.ok(name.includes(`(${number})`));
    }),
  );
  assert.equal(numberedName("a.tar.gz", 2), "a.tar (2).gz");
  assert.equal(numberedName(".profile", 3), ".profile (3)");
});

test("names that some system takes for one get numbers, also as folders", () => {
  assert.deepEqual(localPaths(["A.txt", "a.txt", "dir/x", "DIR/x", "é", "e\u0301"]), [
    "A.txt",
    "a (2).txt",
    "dir/x",
    "DIR (2)/x",
    "é",
    "é (2)",
  ]);
  assert.deepEqual(localPaths(["CON/NUL", "a:b/c", "a_b"]), ["_CON/_NUL", "a_b/c", "a_b (2)"]);
});

test("a manifest of nothing but folders, or of one name in many spellings, is refused before it costs much", () => {
  const count = Math.floor(MANIFEST_BYTES_MAX / (50 + MANIFEST_PATH_BYTES_MAX));
  const deep = Array.from({ length: count }, (_, at) => `${at}`.padStart(6, "0") + "/a".repeat(508));
  const bits = Array.from({ length: 17 }, (_, at) => at);
  const spellings = Array.from({ length: 2 ** 16 }, (_, at) =>
    bits.map((bit) => ((at >> bit) & 1 ? "A" : "a")).join(""),
  );
  for (const paths of [deep, spellings]) assert.equal(localPaths(paths), null);
  // What people send: as many files as there may be, each in a folder of its own, some of one name.
  const many = Array.from({ length: MANIFEST_ENTRIES_MAX }, (_, at) => `${at}/${at % 2 ? "x" : "X"}`);
  assert.deepEqual(localPaths(many), many);
  assert.ok(localPaths(spellings.slice(0, 500)) !== null);
  // Deep folders that all files share are made once.
  const shared = Array.from({ length: count }, (_, at) => "a/".repeat(508) + `${at}`.padStart(6, "0"));
  assert.deepEqual(localPaths(shared), shared);
});

test("local paths never collide, never leave the folder, and keep folders together", () => {
  const part = anyPart.filter((text) => text !== "" && text !== "." && text !== ".." && !text.includes("/"));
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 12 }), (paths) => {
      const local = localPaths(paths);
      assert.ok(local !== null);
      assert.equal(local.length, paths.length);
      assert.equal(
        new Set(local.map((one) => one.split("/").map(collisionKey).join("/"))).size,
        paths.length,
      );
      for (const one of local) assert.ok(one.split("/").every((name) => safeName(name) === name));
    }),
    { numRuns: 300 },
  );
});
