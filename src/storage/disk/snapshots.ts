/** Owns the snapshot store in SQLite: a file of its own, which may be lost without losing anything. */
import type { BlockId } from "#base/brand.ts";
import { ByteReader, ByteWriter, toHex } from "#base/bytes.ts";
import { fail, ok } from "#base/result.ts";
import type { ChunkPlace, SnapshotEntry } from "#chain/snapshots/snapshot-chunk.ts";
import type { SnapshotStore } from "#chain/snapshots/snapshot-store.ts";
import type { Written } from "#chain/store.ts";
import { idBytes } from "./block-rows.ts";
import { isDiskFault } from "./blocks.ts";
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

/** @param database opened with {@link snapshotSchema}. Belongs to the caller. */
export function diskSnapshots(database: Database): SnapshotStore {
  const statements = prepare(database);
  const begun = (): Uint8Array | null => {
    const row = statements.begun.get();
    return row === undefined ? null : bytesOf(row, "id");
  };
  const write = (work: () => unknown): Written => {
    try {
      database.transaction(work);
      return ok();
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      return fail({ code: "store-unavailable", cause: error.message });
    }
  };
  const drop = (id: Uint8Array): void => {
    statements.drop.run(id);
    statements.dropChunks.run(id);
  };
  return {
    finished: () =>
      statements.finished.all().map((row) => ({
        id: toHex(bytesOf(row, "id")) as BlockId,
        height: integerOf(row, "height"),
      })),
    begin: ({ id, height }) =>
      write(() => {
        const other = begun();
        if (other !== null) drop(other);
        statements.begin.run(idBytes(id), height);
      }),
    add: (place, entries) =>
      write(() => {
        const id = begun();
        if (id === null) throw new Error("no snapshot was begun");
        statements.add.run(id, place.start, place.depth, place.hash, encodeEntries(entries));
      }),
    finish: () =>
      write(() => {
        if (statements.finish.run().changes !== 1) throw new Error("no snapshot was begun");
      }),
    places: (at): ChunkPlace[] =>
      statements.places.all(idBytes(at)).map((row) => ({
        start: bytesOf(row, "start"),
        depth: integerOf(row, "depth"),
        hash: bytesOf(row, "hash"),
      })),
    entries: (at, index) => {
      const row = statements.entries.get(idBytes(at), index);
      return row === undefined ? null : decodeEntries(bytesOf(row, "entries"));
    },
    drop: (at) => write(() => drop(idBytes(at))),
  };
}
