import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { testDisk } from "#test/contract/disk.ts";
import { MemoryDisk } from "#test/kit/memory-disk.ts";
import { nodeDisk } from "./node-disk.ts";
import { scan } from "./scan.ts";

const root = mkdtempSync(join(tmpdir(), "waybill-disk-"));
after(() => rmSync(root, { recursive: true }));
const folder = () => mkdtempSync(join(root, "d-"));

testDisk("node", () => ({ disk: nodeDisk, folder: folder() }));
testDisk("memory", () => {
  const disk = new MemoryDisk();
  disk.putFolder("/folder");
  return { disk, folder: "/folder" };
});

test("a symbolic link is neither read nor written through", {
  skip: process.platform === "win32",
}, async () => {
  const inside = folder();
  writeFileSync(join(inside, "target"), "secret");
  symlinkSync(join(inside, "target"), join(inside, "link"));
  symlinkSync(inside, join(inside, "loop"));
  await assert.rejects(nodeDisk.open(join(inside, "link"), "read"), { code: "ELOOP" });
  await assert.rejects(nodeDisk.open(join(inside, "link"), "write"), { code: "ELOOP" });
  const scanned = await scan(nodeDisk, [inside], () => false);
  assert.ok(scanned.ok);
  assert.equal(scanned.value.manifest.entries.length, 1);
  assert.deepEqual(
    scanned.value.skipped.map(({ why }) => why),
    ["symbolic-link", "symbolic-link"],
  );
});
