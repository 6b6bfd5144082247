/** Keeps the addresses of the address book in SQLite. */
import type { PeerId } from "#base/brand.ts";
import type { AddressSource, AddressStore, KnownAddress } from "#net/index.ts";
import type { Database, Schema } from "./database.ts";
import { integerOf, type Row, textOf, textOrNullOf } from "./rows.ts";

export const addressesSchema: Schema = {
  name: "addresses",
  steps: [
    `CREATE TABLE addresses (
       place INTEGER PRIMARY KEY, address TEXT NOT NULL,
       source TEXT NOT NULL CHECK (source IN ('typed', 'learned')),
       peer TEXT, added_ms INTEGER NOT NULL, reached_ms INTEGER, UNIQUE (address, source)
     ) STRICT`,
  ],
};

function addressOf(row: Row): KnownAddress {
  return {
    address: textOf(row, "address"),
    source: textOf(row, "source") as AddressSource,
    peer: textOrNullOf(row, "peer") as PeerId | null,
    addedMs: integerOf(row, "added_ms"),
    reachedMs: row["reached_ms"] === null ? null : integerOf(row, "reached_ms"),
  };
}

export function diskAddresses({ sql }: Database): AddressStore {
  const all = sql.prepare("SELECT * FROM addresses ORDER BY place");
  const upsert = sql.prepare(
    `INSERT INTO addresses (address, source, peer, added_ms, reached_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (address, source) DO UPDATE SET peer = excluded.peer, added_ms = excluded.added_ms,
       reached_ms = excluded.reached_ms`,
  );
  const remove = sql.prepare("DELETE FROM addresses WHERE address = ? AND source = ?");
  return {
    list: () => all.all().map(addressOf),
    put(entry) {
      upsert.run(entry.address, entry.source, entry.peer, entry.addedMs, entry.reachedMs);
    },
    remove(address, source) {
      remove.run(address, source);
    },
  };
}
