/**
 * Owns how a SQLite file is opened: durability, one writer, schema versions; and how a damaged one is set aside. Knows no
 * table; each store brings its own schema as numbered steps.
 */
import { closeSync, existsSync, openSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** One step of a store's schema: SQL run once, in order, recorded by `name` and position. */
export interface Schema {
  readonly name: string;
  readonly steps: readonly string[];
}

const IN_MEMORY = ":memory:";

/** Moves a database file, with SQLite's log beside it, to `PATH.damaged`, over what lay there. @returns that path. */
export function setAside(path: string): string {
  const aside = `${path}.damaged`;
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

export class Database {
  readonly #path: string;
  readonly #schemas: readonly Schema[];
  #sql: DatabaseSync;
  #aside: string | null;

  /**
   * @param path file, or `:memory:`.
   * @param aside where a damaged file lies in whose place this one is; its owner may save what is in it.
   * @throws what `node:sqlite` throws when the file cannot be opened; the caller words it for the user.
   */
  constructor(path: string, schemas: readonly Schema[], aside: string | null = null) {
    this.#path = path;
    this.#aside = aside;
    this.#schemas = schemas;
    this.#sql = this.#open();
  }

  get sql(): DatabaseSync {
    return this.#sql;
  }

  /** Where the damaged file lies in whose place this one is; `null` when there is none. */
  get aside(): string | null {
    return this.#aside;
  }

  /** Sets the file aside and goes on with an empty one; statements prepared before are of no use any more. */
  replace(): void {
    if (this.#sql.isOpen) this.#sql.close();
    if (this.#path !== IN_MEMORY) this.#aside = setAside(this.#path);
    this.#sql = this.#open();
  }

  #open(): DatabaseSync {
    // For its owner alone, also in a folder that others may read; the files beside it take over its mode.
    if (this.#path !== IN_MEMORY) closeSync(openSync(this.#path, "a", 0o600));
    const sql = new DatabaseSync(this.#path, { enableForeignKeyConstraints: true });
    this.#sql = sql;
    try {
      // FULL, because with NORMAL a commit that we have acknowledged to a peer may be undone by a power cut.
      sql.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
      sql.exec(
        "CREATE TABLE IF NOT EXISTS schema_versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT",
      );
      for (const schema of this.#schemas) this.#migrate(schema);
      return sql;
    } catch (error) {
      // Or the file stays held, and cannot be set aside everywhere.
      sql.close();
      throw error;
    }
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
    this.#sql.close();
  }
}
