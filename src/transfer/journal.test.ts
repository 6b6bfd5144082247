import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryDisk } from "#test/kit/memory-disk.ts";
import { Journal } from "./journal.ts";

const digest = (at: number) => new Uint8Array(32).fill(at);

async function journalOf(disk: MemoryDisk, count: number): Promise<void> {
  disk.putFolder("/p");
  const journal = await Journal.open(disk, "/p/journal", 100);
  for (let at = 0; at < count; at++) await journal.append(digest(at));
  await journal.close();
}

test("what was recorded is there after opening anew", async () => {
  const disk = new MemoryDisk();
  await journalOf(disk, 3);
  const journal = await Journal.open(disk, "/p/journal", 100);
  assert.equal(journal.length, 3);
  assert.deepEqual(
    [0, 1, 2].map((at) => journal.digest(at)),
    [0, 1, 2].map(digest),
  );
  await journal.cut(1);
  await journal.append(digest(9));
  await journal.close();
  const again = await Journal.open(disk, "/p/journal", 100);
  assert.deepEqual(
    [0, 1].map((at) => again.digest(at)),
    [digest(0), digest(9)],
  );
  assert.equal(again.length, 2);
});

test("torn at any byte: whole records are kept, the torn one is written again", async () => {
  const disk = new MemoryDisk();
  await journalOf(disk, 2);
  const whole = disk.get("/p/journal") ?? new Uint8Array(0);
  const head = whole.length - 64;
  for (let length = 0; length <= whole.length; length++) {
    disk.put("/p/journal", whole.slice(0, length));
    const journal = await Journal.open(disk, "/p/journal", 100);
    assert.equal(journal.length, Math.max(0, Math.floor((length - head) / 32)), `${length} bytes`);
    for (let at = journal.length; at < 2; at++) await journal.append(digest(at));
    await journal.close();
    assert.deepEqual(disk.get("/p/journal"), whole, `${length} bytes`);
  }
});

test("arbitrary bytes are begun anew or bounded by the number of pieces, never an exception", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, headed) => {
      const disk = new MemoryDisk();
      await journalOf(disk, 0);
      const head = disk.get("/p/journal") ?? new Uint8Array(0);
      disk.put("/p/journal", headed ? Buffer.concat([head, bytes]) : bytes);
      const journal = await Journal.open(disk, "/p/journal", 4);
      assert.ok(journal.length <= 4);
      await journal.close();
    }),
    { numRuns: 100 },
  );
});
