import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeDurably, writeNewDurably } from "./durable-file.ts";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "waybill-durable-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a file is written whole, with its mode, and nothing else stays beside it", (t) => {
  const folder = folderOf(t);
  const path = join(folder, "file");
  writeNewDurably(path, "first", 0o600);
  assert.throws(() => writeNewDurably(path, "second", 0o600), { code: "EEXIST" });
  assert.equal(readFileSync(path, "utf8"), "first");
  writeDurably(path, Uint8Array.of(0xc3, 0xa9), 0o600);
  assert.equal(readFileSync(path, "utf8"), "\u00e9");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ["file"]);
});

test("what cannot be put in its place leaves nothing beside it", (t) => {
  const folder = folderOf(t);
  assert.throws(() => writeDurably(folder, "text", 0o600));
  assert.throws(() => statSync(`${folder}.new`), { code: "ENOENT" });
});

/** Calls a function of this module in a process whose files may not grow beyond one kilobyte or less. */
function inNarrowProcess(call: string): void {
  const module = JSON.stringify(new URL("durable-file.ts", import.meta.url).href);
  const script = `import * as files from ${module};
try { files.${call}; process.exitCode = 9; } catch (error) { process.exitCode = error.code === "EFBIG" ? 3 : 4; }`;
  const argv = [process.execPath, "--no-warnings", "--input-type=module", "-e", script];
  const { status, stderr } = spawnSync("sh", ["-c", 'ulimit -f 1; exec "$@"', "sh", ...argv], {
    encoding: "utf8",
  });
  assert.equal(status, 3, stderr);
}

test("where there is room for a part only, the old file stays, and a new one is not there", {
  skip: process.platform === "win32" && "no limit can be put on the size of a file",
}, (t) => {
  const folder = folderOf(t);
  const old = join(folder, "old");
  writeNewDurably(old, "old", 0o600);
  inNarrowProcess(`writeDurably(${JSON.stringify(old)}, "x".repeat(5000), 0o600)`);
  inNarrowProcess(`writeNewDurably(${JSON.stringify(join(folder, "new"))}, "x".repeat(5000), 0o600)`);
  assert.equal(readFileSync(old, "utf8"), "old");
  assert.deepEqual(readdirSync(folder), ["old"]);
});
