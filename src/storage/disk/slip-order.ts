/** Keeps the one series from which messages and transfers take their place in the history. */
import type { Database } from "./database.ts";

/** Part of the first step of both schemas, because either may be the first to run. */
export const SLIP_ORDER_TABLE = `CREATE TABLE IF NOT EXISTS slip_order (
  one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL
) STRICT;`;

/** Draws the next number; to be called inside the transaction that uses it. */
export function orderSeries(database: Database): () => number {
  const next = database.sql.prepare(
    "INSERT INTO slip_order (one, last) VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET last = last + 1 RETURNING last",
  );
  return () => Number(next.get()?.["last"]);
}
