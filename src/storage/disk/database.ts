/**
 * Owns how a SQLite file is opened: durability, one writer, schema versions. Knows no table; each store brings
 * its own schema as numbered steps.
 */
import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** One step of a store's schema: SQL run once, in order, recorded by `name` and position. */
export interface Schema {
  readonly name: string;
  readonly steps: readonly string[];
}

export class Database {
  readonly sql: DatabaseSync;

  /**
   * @param path file, or `:memory:`.
   * @throws what `node:sqlite` throws when the file cannot be opened; the caller words it for the user.
   */
  constructor(path: string, schemas: readonly Schema[]) {
    // For its owner alone, also in a folder that others may read; the files beside it take over its mode.
    if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
    this.sql = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    // FULL, because with NORMAL a commit that we have acknowledged to a peer may be undone by a power cut.
    this.sql.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
    this.sql.exec(
      "CREATE TABLE IF NOT EXISTS schema_versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT",
    );
    for (const schema of schemas) this.#migrate(schema);
  }

  #migrate(schema: Schema): void {
    const row = this.sql.prepare("SELECT version FROM schema_versions WHERE name = ?").get(schema.name);
    const version = typeof row?.["version"] === "number" ? row["version"] : 0;
    if (version > schema.steps.length) {
      throw new Error(`${schema.name} was written by a newer Waybill (schema ${version})`);
    }
    for (let at = version; at < schema.steps.length; at++) {
      this.transaction(() => {
        this.sql.exec(schema.steps[at] ?? "");
        this.sql
          .prepare("INSERT OR REPLACE INTO schema_versions (name, version) VALUES (?, ?)")
          .run(schema.name, at + 1);
      });
    }
  }

  /** Runs `work` in one transaction: durable when this returns, undone when `work` throws. Must not be nested. */
  transaction<Value>(work: () => Value): Value {
    this.sql.exec("BEGIN IMMEDIATE");
    try {
      const value = work();
      this.sql.exec("COMMIT");
      return value;
    } catch (error) {
      if (this.sql.isTransaction) this.sql.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.sql.close();
  }
}
