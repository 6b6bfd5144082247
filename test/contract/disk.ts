/** What every disk behind transfer must do. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Disk } from "#transfer/index.ts";

/** @param open a disk and an empty folder on it. */
export function testDisk(name: string, open: () => { readonly disk: Disk; readonly folder: string }): void {
  const bytes = (text: string) => new TextEncoder().encode(text);

  async function write(disk: Disk, path: string, text: string): Promise<void> {
    const file = await disk.open(path, "write");
    await file.write(bytes(text), 0);
    await file.sync();
    await file.close();
  }

  async function read(disk: Disk, path: string): Promise<string> {
    const file = await disk.open(path, "read");
    const target = new Uint8Array(100);
    const length = await file.read(target, 0);
    await file.close();
    return new TextDecoder().decode(target.subarray(0, length));
  }

  describe(`disk: ${name}`, () => {
    test("writes at positions, reads short only at the end, keeps content when opened again", async () => {
      const { disk, folder } = open();
      const path = join(folder, "a");
      const file = await disk.open(path, "write");
      await file.write(bytes("world"), 6);
      await file.write(bytes("hello "), 0);
      const target = new Uint8Array(8);
      assert.equal(await file.read(target, 6), 5);
      await file.truncate(7);
      await file.setModified(1_600_000_000_000);
      assert.deepEqual(
        { ...(await file.entry()), identity: "" },
        { kind: "file", bytes: 7, modifiedMs: 1_600_000_000_000, identity: "" },
      );
      await file.close();
      const again = await disk.open(path, "write");
      await again.close();
      assert.equal(await read(disk, path), "hello w");
    });

    test("makes folders with their parents, lists names sorted, tells what is where", async () => {
      const { disk, folder } = open();
      await disk.makeFolder(join(folder, "x", "y"));
      await disk.makeFolder(join(folder, "x", "y"));
      await write(disk, join(folder, "x", "b"), "1");
      await write(disk, join(folder, "x", "a"), "1");
      assert.deepEqual(await disk.list(join(folder, "x")), ["a", "b", "y"]);
      assert.equal((await disk.entry(join(folder, "x")))?.kind, "folder");
      assert.equal(await disk.entry(join(folder, "none")), null);
      assert.equal(await disk.entry(join(folder, "none", "deeper")), null);
      await disk.syncFolder(join(folder, "x"));
      assert.ok((await disk.freeBytes(folder)) > 0);
    });

    test("a missing file, or a folder, is not opened for reading", async () => {
      const { disk, folder } = open();
      await assert.rejects(disk.open(join(folder, "none"), "read"), { code: "ENOENT" });
      await assert.rejects(disk.open(folder, "read"), { code: "EISDIR" });
    });

    test("placing moves a file and replaces nothing", async () => {
      const { disk, folder } = open();
      const [from, to] = [join(folder, "from"), join(folder, "to")];
      await write(disk, from, "new");
      await write(disk, to, "old");
      assert.equal(await disk.place(from, to), false);
      assert.equal(await read(disk, to), "old");
      const before = await disk.entry(from);
      assert.equal(await disk.place(from, join(folder, "free")), true);
      assert.equal(await disk.entry(from), null);
      assert.equal((await disk.entry(join(folder, "free")))?.identity, before?.identity);
      assert.equal(await read(disk, join(folder, "free")), "new");
    });

    test("placing moves a folder with all in it and replaces nothing", async () => {
      const { disk, folder } = open();
      const from = join(folder, "from");
      await disk.makeFolder(join(from, "deep"));
      await write(disk, join(from, "deep", "file"), "new");
      await write(disk, join(folder, "taken"), "old");
      assert.equal(await disk.place(from, join(folder, "taken")), false);
      assert.equal(await disk.place(from, join(folder, "to")), true);
      assert.equal(await read(disk, join(folder, "to", "deep", "file")), "new");
      assert.equal(await disk.entry(from), null);
    });

    test("removes with all below, and what is missing is fine", async () => {
      const { disk, folder } = open();
      await disk.makeFolder(join(folder, "x", "y"));
      await write(disk, join(folder, "x", "y", "z"), "1");
      await disk.remove(join(folder, "x"));
      await disk.remove(join(folder, "x"));
      assert.equal(await disk.entry(join(folder, "x")), null);
    });
  });
}
