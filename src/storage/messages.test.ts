/** Runs the contract of messages on both stores. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import * as receipts from "#receipts/index.ts";
import { testMessageStore } from "#test/contract/messages.ts";
import { Database } from "./disk/database.ts";
import { diskMessages, messagesSchema } from "./disk/messages.ts";
import { memoryMessages } from "./memory/messages.ts";
import { orderSeries } from "./memory/slip-order.ts";

testMessageStore("memory", () => {
  const store = memoryMessages(orderSeries());
  return { store, reopen: () => store };
});

const folder = mkdtempSync(join(tmpdir(), "waybill-messages-"));
const opened: Database[] = [];
after(() => {
  for (const database of opened) database.close();
  rmSync(folder, { recursive: true });
});

testMessageStore("disk", () => {
  const path = join(folder, `${opened.length}.db`);
  const open = () => {
    const database = new Database(path, [messagesSchema]);
    opened.push(database);
    return diskMessages(database, receipts);
  };
  return { store: open(), reopen: open };
});
