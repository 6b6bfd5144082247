/**
 * Owns how a SQLite file is opened: durability, one writer, schema versions; and how a damaged one is set aside. Knows no
 * table; each store brings its own schema as numbered steps.
 */
import { closeSync, existsSync, openSync, renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** One step of a store's schema: SQL run once, in order, recorded by `name` and position. */
export interface Schema {
  readonly name: string;
  readonly steps: readonly string[];
}

const IN_MEMORY = ":memory:";

const LOG_SUFFIXES = ["-wal", "-shm"];

/** The file was written by a newer program: nothing is wrong with it, and it is not ours to change. */
export class NewerSchemaError extends Error {}

/**
 * Moves a database file, with SQLite's log beside it, to `PATH.damaged`, over what lay there; when the file itself is
 * there already, since a death came in between, its log follows.
 */
export function setAside(path: string): void {
  const aside = asideOf(path);
  // The log of what lay there before would be taken for one of this file.
  if (existsSync(path)) for (const suffix of LOG_SUFFIXES) rmSync(aside + suffix, { force: true });
  for (const suffix of ["", ...LOG_SUFFIXES]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
}

function asideOf(path: string): string {
  return `${path}.damaged`;
}

export class Database {
  readonly #path: string;
  readonly #schemas: readonly Schema[];
  #sql: DatabaseSync;
  /** Whether what was set aside still holds what this one has not: then it is this one that goes when it is replaced. */
  isStandIn = false;

  /**
   * @param path file, or `:memory:`.
   * @throws what `node:sqlite` throws when the file cannot be opened; the caller words it for the user.
   */
  constructor(path: string, schemas: readonly Schema[]) {
    this.#path = path;
    this.#schemas = schemas;
    this.#sql = this.#open();
  }

  get sql(): DatabaseSync {
    return this.#sql;
  }

  /** Where a damaged file lies that was set aside, be it long ago; `null` when there is none. */
  get aside(): string | null {
    const aside = asideOf(this.#path);
    return this.#path !== IN_MEMORY && existsSync(aside) ? aside : null;
  }

  /** Sets the file aside and goes on with an empty one; statements prepared before are of no use any more. */
  replace(): void {
    if (this.#sql.isOpen) this.#sql.close();
    if (this.#path !== IN_MEMORY) {
      if (!this.isStandIn) setAside(this.#path);
      else for (const suffix of ["", ...LOG_SUFFIXES]) rmSync(this.#path + suffix, { force: true });
      this.isStandIn = true;
    }
    this.#sql = this.#open();
  }

  #open(): DatabaseSync {
    // SQLite deletes a log that lies beside no file: it belongs to one that is being set aside.
    if (this.#path !== IN_MEMORY && !existsSync(this.#path)) setAside(this.#path);
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
      throw new NewerSchemaError(`${schema.name} was written by a newer Waybill (schema ${version})`);
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
