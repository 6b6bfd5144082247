import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import {
  type ApiFile,
  decodeApiFile,
  readApiFile,
  readApiToken,
  removeApiFile,
  writeApiFile,
} from "./api-file.ts";

const FILE: ApiFile = { origin: "http://127.0.0.1:4747", token: "a".repeat(64), pid: 42 };

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "waybill-api-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("the file is read as it was written, and is its owner's alone", async (t) => {
  const dir = await folder(t);
  assert.deepEqual(await readApiFile(dir), { ok: true, value: null });
  await writeFile(join(dir, "api.json.new"), "left by a crash", { mode: 0o644 });
  await writeApiFile(dir, FILE);
  assert.deepEqual(await readApiFile(dir), { ok: true, value: FILE });
  assert.equal((await stat(join(dir, "api.json"))).mode & 0o777, 0o600);
  await removeApiFile(dir, 41);
  assert.deepEqual(await readApiFile(dir), { ok: true, value: FILE }, "that of another process stays");
  await removeApiFile(dir, 42);
  assert.deepEqual(await readApiFile(dir), { ok: true, value: null });
});

test("the token stays the same from start to start, and a damaged one is replaced", async (t) => {
  const dir = await folder(t);
  let fill = 1;
  const random = { bytes: (count: number) => new Uint8Array(count).fill(fill++), below: () => 0 };
  const token = await readApiToken(dir, random);
  assert.equal(token, "01".repeat(32));
  assert.equal(await readApiToken(dir, random), token);
  assert.equal((await stat(join(dir, "api-token"))).mode & 0o777, 0o600);
  await writeFile(join(dir, "api-token"), "short");
  assert.equal(await readApiToken(dir, random), "02".repeat(32));
});

test("anything else is refused with a reason, never thrown", () => {
  const text = (change: object) => JSON.stringify({ version: 1, ...FILE, ...change });
  assert.ok(decodeApiFile(text({})).ok);
  const bad = [
    "",
    "[]",
    "null",
    text({ version: 2 }),
    text({ extra: 1 }),
    text({ origin: "http://evil.example:80" }),
    text({ origin: "http://127.0.0.1:99999" }),
    text({ origin: "http://127.0.0.1:1/path" }),
    text({ token: "short" }),
    text({ token: "a b".padEnd(40, "c") }),
    text({ pid: 0 }),
    text({ pid: "1" }),
  ];
  for (const one of bad) assert.equal(decodeApiFile(one).ok, false, one);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (one) => assert.equal(decodeApiFile(one).ok, false)),
  );
});
