/** Runs the contract of transfers on both stores. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import * as receipts from "#receipts/index.ts";
import { testTransferStore } from "#test/contract/transfers.ts";
import { Database } from "./disk/database.ts";
import { diskTransfers, transfersSchema } from "./disk/transfers.ts";
import { orderSeries } from "./memory/slip-order.ts";
import { memoryTransfers } from "./memory/transfers.ts";

testTransferStore("memory", () => {
  const store = memoryTransfers(orderSeries());
  return { store, reopen: () => store };
});

const folder = mkdtempSync(join(tmpdir(), "waybill-transfers-"));
const opened: Database[] = [];
after(() => {
  for (const database of opened) database.close();
  rmSync(folder, { recursive: true });
});

testTransferStore("disk", () => {
  const path = join(folder, `${opened.length}.db`);
  const open = () => {
    const database = new Database(path, [transfersSchema]);
    opened.push(database);
    return diskTransfers(database, receipts);
  };
  return { store: open(), reopen: open };
});
