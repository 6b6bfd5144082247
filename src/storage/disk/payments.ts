/** Keeps payments that are followed in SQLite. */
import type { TxId } from "#base/brand.ts";
import type { PaymentStore } from "#chain/index.ts";
import type { Database, Schema } from "./database.ts";
import { durably } from "./durably.ts";
import { bytesOf, textOf } from "./rows.ts";

export const paymentsSchema: Schema = {
  name: "payments",
  steps: [
    `CREATE TABLE own_payments (
       place INTEGER PRIMARY KEY, chain TEXT NOT NULL, id TEXT NOT NULL, bytes BLOB NOT NULL, UNIQUE (chain, id)
     ) STRICT`,
  ],
};

/** @param chain id of the network, hex. */
export function diskPayments(database: Database, chain: string): PaymentStore {
  const { sql } = database;
  const all = sql.prepare("SELECT id, bytes FROM own_payments WHERE chain = ? ORDER BY place");
  const put = sql.prepare("INSERT OR IGNORE INTO own_payments (chain, id, bytes) VALUES (?, ?, ?)");
  const remove = sql.prepare("DELETE FROM own_payments WHERE chain = ? AND id = ?");
  return {
    list: () =>
      all
        .all(chain)
        .map((row) => ({ id: textOf(row, "id") as TxId, bytes: Uint8Array.from(bytesOf(row, "bytes")) })),
    put: ({ id, bytes }) => durably(() => put.run(chain, id, bytes)),
    remove: (id) => durably(() => remove.run(chain, id)),
  };
}
