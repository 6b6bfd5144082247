import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import type { SnapshotStore } from "#chain/snapshots/snapshot-store.ts";
import { testSnapshotStore } from "#test/contract/snapshots.ts";
import { Database } from "./disk/database.ts";
import { diskSnapshots, snapshotSchema } from "./disk/snapshots.ts";
import { memorySnapshots } from "./memory/snapshots.ts";

testSnapshotStore("snapshots in memory", memorySnapshots);
testSnapshotStore("snapshots on disk", () => diskSnapshots(new Database(":memory:", [snapshotSchema])));

const AT = { id: "01".repeat(32) as BlockId, height: 1_000 };
const PLACE = { start: new Uint8Array(32), depth: 0, hash: new Uint8Array(32) };
const ENTRIES = [{ key: new Uint8Array(32).fill(7), value: new Uint8Array(9_000).fill(7) }];

function makeAll(store: SnapshotStore): void {
  assert.ok(store.begin(AT).ok);
  for (let at = 0; at < 3; at++) assert.ok(store.add(PLACE, ENTRIES).ok);
  assert.ok(store.finish().ok);
}

test("snapshots on disk: whichever page of the file is damaged, nothing throws, and snapshots can be made again", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-snapshots-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "snapshots.db");
  const database = new Database(path, [snapshotSchema]);
  makeAll(diskSnapshots(database));
  database.close();
  const sound = readFileSync(path);
  const pageBytes = sound.readUInt16BE(16);
  let noticed = 0;
  for (let at = pageBytes; at < sound.length; at += pageBytes) {
    writeFileSync(path, Buffer.from(sound).fill(0xa5, at, at + pageBytes));
    let damaged: Database;
    try {
      damaged = new Database(path, [snapshotSchema]);
    } catch {
      // Whoever opens it begins with an empty one.
      continue;
    }
    const store = diskSnapshots(damaged);
    const listed = store.finished().length;
    const places = store.places(AT.id).length;
    for (let index = 0; index < 3; index++) store.entries(AT.id, index);
    const isWhole = listed === 1 && places === 3 && store.finished().length === 1;
    noticed += isWhole ? 0 : 1;
    store.drop(AT.id);
    if (store.begin(AT).ok) {
      assert.equal(store.add(PLACE, ENTRIES).ok && store.finish().ok, true);
      assert.equal(store.places(AT.id).length, 1);
    } else makeAll(store);
    damaged.close();
  }
  assert.ok(noticed > 0, "a damaged page was read");
});
