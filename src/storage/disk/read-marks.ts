/** Keeps read marks in SQLite. */
import type { PeerId } from "#base/brand.ts";
import type { ReadMarkStore } from "#people/read-marks.ts";
import type { Database, Schema } from "./database.ts";

export const readMarkSchema: Schema = {
  name: "read-marks",
  steps: [`CREATE TABLE read_marks (peer TEXT PRIMARY KEY, "order" INTEGER NOT NULL) STRICT`],
};

export function diskReadMarks(database: Database): ReadMarkStore {
  const select = database.sql.prepare(`SELECT "order" FROM read_marks WHERE peer = ?`);
  const upsert = database.sql.prepare(
    `INSERT INTO read_marks (peer, "order") VALUES (?, ?)
     ON CONFLICT (peer) DO UPDATE SET "order" = max("order", excluded."order")`,
  );
  return {
    get(peer: PeerId): number {
      const order = select.get(peer)?.["order"];
      return typeof order === "number" ? order : 0;
    },
    advance(peer: PeerId, order: number): void {
      upsert.run(peer, order);
    },
  };
}
