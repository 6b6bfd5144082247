import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import { testBlockStore } from "#test/contract/blocks.ts";
import { prepareStatements } from "./disk/block-schema.ts";
import { blockSchema, diskBlocks } from "./disk/blocks.ts";
import { Database } from "./disk/database.ts";
import { memoryBlocks } from "./memory/blocks.ts";

testBlockStore("memory", () => ({ store: memoryBlocks(), reopen: null, close: () => undefined }));

testBlockStore("disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-blocks-"));
  const opened: Database[] = [];
  const open = () => {
    const database = new Database(join(folder, "ledger.db"), [blockSchema]);
    opened.push(database);
    return diskBlocks(database);
  };
  return {
    store: open(),
    reopen: open,
    close: () => {
      for (const database of opened) database.close();
      rmSync(folder, { recursive: true });
    },
  };
});

test("a full disk is a fault that changed nothing, and the store goes on when there is room again", () => {
  const folder = mkdtempSync(join(tmpdir(), "waybill-blocks-"));
  const database = new Database(join(folder, "ledger.db"), [blockSchema]);
  try {
    const store = diskBlocks(database);
    const pages = database.sql.prepare("PRAGMA page_count").get()?.["page_count"];
    assert.ok(typeof pages === "number");
    database.sql.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const block = {
      id: "11".repeat(32) as BlockId,
      height: 1,
      previous: "00".repeat(32) as BlockId,
      work: 1n,
      header: new Uint8Array(176),
      bytes: new Uint8Array(200_000),
      history: new Uint8Array(0),
    };
    const full = store.keep(block, false);
    assert.equal(full.ok ? null : full.fault.code, "store-unavailable");
    assert.equal(store.entry(block.id), null);
    database.sql.exec("PRAGMA max_page_count = 100000");
    assert.ok(store.keep(block, false).ok);
    assert.deepEqual(store.body(block.id), block.bytes);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
});

test("what is asked all the time does not walk over the headers whose bodies are to come", () => {
  const database = new Database(":memory:", [blockSchema]);
  const texts = { sql: { prepare: (text: string) => text } } as unknown as Database;
  const { rival, heaviest, bodiesFrom, bodyless } = prepareStatements(texts) as unknown as Record<
    string,
    string
  >;
  const plan = (text = ""): string => {
    const values = Array.from(text.matchAll(/\?/g), () => 1);
    const rows = database.sql.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...values);
    return rows.map((row) => String(row["detail"])).join("\n");
  };
  assert.match(plan(rival), /blocks_heaviest \(work>/);
  assert.match(plan(heaviest), /blocks_heaviest/);
  assert.match(plan(bodiesFrom), /blocks_bodyless \(height</);
  assert.match(plan(bodyless), /blocks_bodyless \(height>\? AND height</);
  database.close();
});
