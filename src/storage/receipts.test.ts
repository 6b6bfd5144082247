/** Runs the contract of receipts on both stores. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
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

test("batches of a folder from before proofs were kept are followed again", () => {
  const path = join(folder, "before.db");
  const [firstStep = ""] = receiptsSchema.steps;
  const before = new Database(path, [{ name: receiptsSchema.name, steps: [firstStep] }]);
  before.sql.exec(
    "INSERT INTO receipt_batches (root, own, tx_id, created_ms, settled) VALUES ('aa', 1, 'bb', 5, 1)",
  );
  before.close();
  const database = new Database(path, [receiptsSchema]);
  opened.push(database);
  const store = diskReceipts(database);
  assert.deepEqual(
    store.openBatches().map(({ root, settled }) => ({ root, settled })),
    [{ root: "aa", settled: false }],
  );
  assert.equal(store.keptProof("aa", "cc"), null);
});
