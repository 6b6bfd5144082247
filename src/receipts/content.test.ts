import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toHex, utf8 } from "#base/bytes.ts";
import { blake3 } from "#crypto/blake3.ts";
import {
  decodeManifest,
  encodeManifest,
  MANIFEST_BYTES_MAX,
  MANIFEST_PATH_BYTES_MAX,
  type Manifest,
  type ManifestEntry,
  manifestBytes,
  manifestDigest,
  manifestFault,
  messageDigest,
  sortedManifest,
} from "./index.ts";

function entry(path: string, bytes = 3): ManifestEntry {
  return { path, bytes, modifiedMs: 1_790_000_000_000, digest: blake3(new Uint8Array(bytes)) };
}

const part = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map((text) => `x${text.replaceAll(/[/\0]/g, "_")}`);
const manifests = fc
  .uniqueArray(
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
    {
      minLength: 1,
      maxLength: 20,
    },
  )
  .map((paths) => sortedManifest(paths.map((path, at) => entry(path, at))))
  .filter((manifest) => manifestFault(manifest) === null);

test("a manifest is read back as written, and its digest covers every field", () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      assert.deepEqual(decodeManifest(encodeManifest(manifest)), { ok: true, value: manifest });
      const [first, ...rest] = manifest.entries;
      assert.ok(first);
      const digest = toHex(manifestDigest(manifest));
      for (const changed of [
        { ...first, path: `${first.path}+` },
        { ...first, bytes: first.bytes + 1 },
        { ...first, modifiedMs: 0 },
        { ...first, digest: blake3(new Uint8Array(99)) },
      ]) {
        assert.notEqual(toHex(manifestDigest({ entries: [changed, ...rest] })), digest);
      }
      assert.notEqual(toHex(manifestDigest({ entries: [first, ...manifest.entries] })), digest);
    }),
    { numRuns: 60 },
  );
});

test("bytes that decode as a manifest encode to themselves, and none make the decoder throw", () => {
  const sample = encodeManifest(sortedManifest([entry("a/b"), entry("a/c"), entry("d")]));
  const edits = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { maxLength: 2 });
  fc.assert(
    fc.property(fc.oneof(edits, fc.uint8Array({ maxLength: 200 })), (input) => {
      const bytes = input instanceof Uint8Array ? input : sample.slice();
      if (!(input instanceof Uint8Array)) for (const [at, value] of input) bytes[at] = value;
      const decoded = decodeManifest(bytes);
      if (decoded.ok) assert.deepEqual(encodeManifest(decoded.value), bytes);
    }),
  );
});

test("entries that make no manifest are named", () => {
  const cases: readonly (readonly [string, readonly ManifestEntry[], RegExp])[] = [
    ["none", [], /0 files/],
    ["empty path", [entry("")], /path is empty/],
    ["absolute", [entry("/etc/passwd")], /empty, \. or \.\. part/],
    ["parent", [entry("a/../../x")], /empty, \. or \.\. part/],
    ["here", [entry("./a")], /empty, \. or \.\. part/],
    ["trailing slash", [entry("a/")], /empty, \. or \.\. part/],
    ["zero byte", [entry("a\0b")], /zero byte/],
    ["half a surrogate pair", [entry("a\ud800")], /not well-formed/],
    ["too long", [entry("a".repeat(1025))], /above 1024 bytes/],
    ["twice", [entry("a"), entry("a")], /not in order/],
    ["out of order", [entry("b"), entry("a")], /not in order/],
    ["UTF-16 order where UTF-8 order differs", [entry("\u{1F600}"), entry("\uff5e")], /not in order/],
    ["file and folder", [entry("a"), entry("a-b"), entry("a/b")], /both a file and a folder/],
    ["too much", [entry("a", 0), entry("b", 1)].map((e) => ({ ...e, bytes: 2 ** 53 - 2 })), /sum of sizes/],
  ];
  for (const [name, entries, reason] of cases) {
    assert.match(manifestFault({ entries }) ?? "accepted", reason, name);
    assert.throws(() => encodeManifest({ entries }), RangeError, name);
  }
});

/** The rule on order and folders, as it reads. */
function isInOrder(paths: readonly string[]): boolean {
  const isSorted = paths.every(
    (path, at) => at === 0 || Buffer.compare(utf8(paths[at - 1] ?? ""), utf8(path)) < 0,
  );
  return isSorted && !paths.some((file) => paths.some((path) => path.startsWith(`${file}/`)));
}

test("order, doubles and files that are folders are found wherever they stand", () => {
  const names = fc.string({ unit: fc.constantFrom("a", "b", "-", "0", "é"), minLength: 1, maxLength: 2 });
  const path = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  let good = 0;
  const judged = (paths: readonly string[]): void => {
    const isGood = isInOrder(paths);
    if (isGood) good += 1;
    assert.equal(
      manifestFault({ entries: paths.map((each) => entry(each)) }) === null,
      isGood,
      paths.join(" "),
    );
  };
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 7 }), (paths) => {
      judged(paths);
      judged(sortedManifest(paths.map((each) => entry(each))).entries.map((each) => each.path));
    }),
    { numRuns: 500 },
  );
  assert.ok(good > 100, `${good} were good`);
});

test("the deepest folders cost a manifest no more than its bytes", () => {
  const count = Math.floor((MANIFEST_BYTES_MAX - 5) / (50 + MANIFEST_PATH_BYTES_MAX));
  const entries = (folders: string) =>
    Array.from({ length: count }, (_, at) => entry(`${at}`.padStart(6, "0") + folders, 0));
  const timeOf = (folders: string): number => {
    const manifest: Manifest = { entries: entries(folders) };
    const before = process.cpuUsage();
    assert.equal(manifestFault(manifest), null);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const flat = timeOf("aa".repeat(509));
  const deep = timeOf("/a".repeat(509));
  // Looking at each folder of each path made it a hundred times as much.
  assert.ok(deep < 10 * Math.max(flat, 20), `${deep} ms against ${flat} ms`);
});

test("a manifest above its size in bytes is no manifest", () => {
  const entries = Array.from({ length: 16_000 }, (_, at) => entry(String(at).padStart(1020, "0"), 0));
  assert.match(manifestFault({ entries }) ?? "accepted", /above 16777216 bytes/);
});

test("a manifest of 0 entries, of version 2, and one that announces more than it holds are refused", () => {
  const sample = encodeManifest({ entries: [entry("a")] });
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [Uint8Array.of(1, 0, 0, 0, 0), /manifest of 0 files/],
    [Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff), /manifest of 4294967295 files/],
    [Uint8Array.of(2, ...sample.slice(1)), /version is not 1/],
    [Uint8Array.of(1, 2, ...sample.slice(2)), /needs 2 bytes/],
  ];
  for (const [bytes, reason] of cases) {
    const decoded = decodeManifest(bytes);
    assert.ok(!decoded.ok);
    assert.match(decoded.fault.what, reason);
  }
});

test("a manifest's bytes are the sum of its files, and a message's digest is plain BLAKE3", () => {
  assert.equal(manifestBytes({ entries: [entry("a", 7), entry("b", 0), entry("c", 5)] }), 12);
  assert.deepEqual(messageDigest("añ"), blake3(Uint8Array.of(0x61, 0xc3, 0xb1)));
});
