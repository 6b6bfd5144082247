/** Runs the contract of receipts on both stores. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { testReceiptStore } from "#test/contract/receipts.ts";
import { Database } from "./disk/database.ts";
import { diskReceipts, receiptsSchema } from "./disk/receipts.ts";
import { memoryReceipts } from "./memory/receipts.ts";

testReceiptStore("memory", () => {
  const store = memoryReceipts();
  return { store, reopen: () => store };
});

const folder = mkdtempSync(join(tmpdir(), "waybill-receipts-"));
const opened: Database[] = [];
after(() => {
  for (const database of opened) database.close();
  rmSync(folder, { recursive: true });
});

testReceiptStore("disk", () => {
  const path = join(folder, `${opened.length}.db`);
  const open = () => {
    const database = new Database(path, [receiptsSchema]);
    opened.push(database);
    return diskReceipts(database);
  };
  return { store: open(), reopen: open };
});
