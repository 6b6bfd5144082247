/** Owns the snapshot store in SQLite: a file of its own, which may be lost without losing anything. */
import type { BlockId } from "#base/brand.ts";
import { ByteReader, ByteWriter, toHex } from "#base/bytes.ts";
import { fail, ok } from "#base/result.ts";
import type { ChunkPlace, SnapshotEntry } from "#chain/snapshots/snapshot-chunk.ts";
import type { SnapshotStore } from "#chain/snapshots/snapshot-store.ts";
import type { Written } from "#chain/store.ts";
import { idBytes } from "./block-rows.ts";
import { isDamage, isDiskFault } from "./blocks.ts";
import type { Database, Schema } from "./database.ts";
import { bytesOf, integerOf } from "./rows.ts";

export const snapshotSchema: Schema = {
  name: "snapshots",
  steps: [
    `CREATE TABLE snapshots (
       id BLOB PRIMARY KEY, height INTEGER NOT NULL, finished INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE chunks (
       id BLOB NOT NULL, position INTEGER NOT NULL, start BLOB NOT NULL, depth INTEGER NOT NULL,
       hash BLOB NOT NULL, entries BLOB NOT NULL, PRIMARY KEY (id, position)
     ) STRICT`,
  ],
};

function encodeEntries(entries: readonly SnapshotEntry[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { key, value } of entries) writer.raw(key).short(value);
  return writer.done();
}

function decodeEntries(bytes: Uint8Array): SnapshotEntry[] {
  const reader = new ByteReader(bytes);
  const entries: SnapshotEntry[] = [];
  while (reader.left > 0) entries.push({ key: reader.raw(32), value: reader.short(bytes.length, "value") });
  return entries;
}

type Statements = ReturnType<typeof prepare>;

function prepare({ sql }: Database) {
  return {
    finished: sql.prepare("SELECT id, height FROM snapshots WHERE finished = 1 ORDER BY height DESC"),
    begun: sql.prepare("SELECT id FROM snapshots WHERE finished = 0"),
    begin: sql.prepare("INSERT OR REPLACE INTO snapshots VALUES (?, ?, 0)"),
    add: sql.prepare(
      "INSERT INTO chunks SELECT ?1, (SELECT count(*) FROM chunks WHERE id = ?1), ?2, ?3, ?4, ?5",
    ),
    finish: sql.prepare("UPDATE snapshots SET finished = 1 WHERE finished = 0"),
    places: sql.prepare(
      `SELECT start, depth, hash FROM chunks JOIN snapshots USING (id)
       WHERE id = ? AND finished = 1 ORDER BY position`,
    ),
    entries: sql.prepare(
      `SELECT entries FROM chunks JOIN snapshots USING (id) WHERE id = ? AND finished = 1 AND position = ?`,
    ),
    drop: sql.prepare("DELETE FROM snapshots WHERE id = ?"),
    dropChunks: sql.prepare("DELETE FROM chunks WHERE id = ?"),
  };
}

/** What is damaged is forgotten: all of it can be made again, and whoever asks for it meanwhile is told that there is none. */
class Forgetful {
  readonly #database: Database;
  /** `null` once the file was found damaged: the next call begins an empty one. */
  #sound: Statements | null;

  constructor(database: Database) {
    this.#database = database;
    this.#sound = prepare(database);
  }

  read<Value>(work: (sql: Statements) => Value, none: Value): Value {
    try {
      return work(this.#statements());
    } catch {
      // Which way damage shows, nobody can list: nothing that is read from a sound file throws here.
      this.#sound = null;
      return none;
    }
  }

  write(work: (sql: Statements) => unknown): Written {
    try {
      const sql = this.#statements();
      this.#database.transaction(() => work(sql));
      return ok();
    } catch (error) {
      if (isDamage(error)) this.#sound = null;
      else if (this.#sound !== null && !isDiskFault(error)) throw error;
      return fail({
        code: "store-unavailable",
        cause: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #statements(): Statements {
    if (this.#sound !== null) return this.#sound;
    // Nothing in the damaged file is worth setting aside.
    this.#database.isStandIn = true;
    this.#database.replace();
    this.#sound = prepare(this.#database);
    return this.#sound;
  }
}

/** @param database opened with {@link snapshotSchema}. Belongs to the caller. */
export function diskSnapshots(database: Database): SnapshotStore {
  const file = new Forgetful(database);
  const begun = (): Uint8Array | null =>
    file.read((sql) => {
      const row = sql.begun.get();
      return row === undefined ? null : bytesOf(row, "id");
    }, null);
  const drop = (sql: Statements, id: Uint8Array): void => {
    sql.drop.run(id);
    sql.dropChunks.run(id);
  };
  return {
    finished: () =>
      file.read(
        (sql) =>
          sql.finished.all().map((row) => ({
            id: toHex(bytesOf(row, "id")) as BlockId,
            height: integerOf(row, "height"),
          })),
        [],
      ),
    begin: ({ id, height }) => {
      const other = begun();
      return file.write((sql) => {
        if (other !== null) drop(sql, other);
        sql.begin.run(idBytes(id), height);
      });
    },
    add: (place, entries) => {
      const id = begun();
      if (id === null) return NONE_BEGUN;
      return file.write((sql) =>
        sql.add.run(id, place.start, place.depth, place.hash, encodeEntries(entries)),
      );
    },
    finish: () => (begun() === null ? NONE_BEGUN : file.write((sql) => sql.finish.run())),
    places: (at): readonly ChunkPlace[] =>
      file.read(
        (sql) =>
          sql.places.all(idBytes(at)).map((row) => ({
            start: bytesOf(row, "start"),
            depth: integerOf(row, "depth"),
            hash: bytesOf(row, "hash"),
          })),
        [],
      ),
    entries: (at, index) =>
      file.read((sql) => {
        const row = sql.entries.get(idBytes(at), index);
        return row === undefined ? null : decodeEntries(bytesOf(row, "entries"));
      }, null),
    drop: (at) => file.write((sql) => drop(sql, idBytes(at))),
  };
}

const NONE_BEGUN = fail({ code: "store-unavailable", cause: "the snapshot that was begun is gone" } as const);
