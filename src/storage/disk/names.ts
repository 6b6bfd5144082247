/** Keeps our names in SQLite, with what nobody else has: a lost salt is a lost claim. */
import type { AccountId } from "#base/brand.ts";
import type { NameStore, OwnName } from "#chain/index.ts";
import type { Database, Schema } from "./database.ts";
import { durably } from "./durably.ts";
import { bytesOf, integerOf, type Row, textOf } from "./rows.ts";

export const namesSchema: Schema = {
  name: "names",
  steps: [
    `CREATE TABLE own_names (
       place INTEGER PRIMARY KEY, chain TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, salt BLOB,
       since_ms INTEGER NOT NULL, UNIQUE (chain, name)
     ) STRICT`,
  ],
};

function nameOf(row: Row): OwnName {
  const salt = row["salt"] === null ? null : Uint8Array.from(bytesOf(row, "salt"));
  return {
    name: textOf(row, "name"),
    key: textOf(row, "key") as AccountId,
    salt,
    sinceMs: integerOf(row, "since_ms"),
  };
}

/** @param chain id of the network, hex. */
export function diskNames(database: Database, chain: string): NameStore {
  const { sql } = database;
  const all = sql.prepare("SELECT * FROM own_names WHERE chain = ? ORDER BY place");
  const put = sql.prepare(
    "INSERT OR REPLACE INTO own_names (chain, name, key, salt, since_ms) VALUES (?, ?, ?, ?, ?)",
  );
  const remove = sql.prepare("DELETE FROM own_names WHERE chain = ? AND name = ?");
  return {
    list: () => all.all(chain).map(nameOf),
    put: ({ name, key, salt, sinceMs }) => durably(() => put.run(chain, name, key, salt, sinceMs)),
    remove: (name) => durably(() => remove.run(chain, name)),
  };
}
