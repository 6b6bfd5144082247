/**
 * Keeps checkpoints in SQLite. They lie with what nobody else has, and not with the ledger, which is fetched anew
 * when it is damaged: a signer that forgot how far it had signed might sign twice.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import { fail, ok } from "#base/result.ts";
import type { CheckpointChange, CheckpointStore, SigningMark } from "#chain/index.ts";
import type { Database, Schema } from "./database.ts";
import { integerOf, textOf } from "./rows.ts";

export const checkpointsSchema: Schema = {
  name: "checkpoints",
  steps: [
    `CREATE TABLE checkpoint_mark (chain TEXT PRIMARY KEY, height INTEGER NOT NULL, block TEXT NOT NULL) STRICT;
     CREATE TABLE checkpoint_notes (
       chain TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('final', 'sought')), note TEXT NOT NULL,
       PRIMARY KEY (chain, kind)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE checkpoint_cosignatures (
       chain TEXT NOT NULL, height INTEGER NOT NULL, signer TEXT NOT NULL, note TEXT NOT NULL,
       PRIMARY KEY (chain, height, signer)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE checkpoint_evidence (
       chain TEXT NOT NULL, signer TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (chain, signer)
     ) STRICT, WITHOUT ROWID`,
  ],
};

/** @param chain id of the network, hex: a folder that changed its network must not mix them. */
export function diskCheckpoints(database: Database, chain: string): CheckpointStore {
  const { sql } = database;
  const readMark = sql.prepare("SELECT height, block FROM checkpoint_mark WHERE chain = ?");
  const writeMark = sql.prepare(
    "INSERT OR REPLACE INTO checkpoint_mark (chain, height, block) VALUES (?, ?, ?)",
  );
  const readNote = sql.prepare("SELECT note FROM checkpoint_notes WHERE chain = ? AND kind = ?");
  const writeNote = sql.prepare(
    "INSERT OR REPLACE INTO checkpoint_notes (chain, kind, note) VALUES (?, ?, ?)",
  );
  const dropNote = sql.prepare("DELETE FROM checkpoint_notes WHERE chain = ? AND kind = ?");
  const readRows = sql.prepare(
    "SELECT * FROM checkpoint_cosignatures WHERE chain = ? ORDER BY height, signer",
  );
  const writeRow = sql.prepare(
    "INSERT OR REPLACE INTO checkpoint_cosignatures (chain, height, signer, note) VALUES (?, ?, ?, ?)",
  );
  const dropRow = sql.prepare(
    "DELETE FROM checkpoint_cosignatures WHERE chain = ? AND height = ? AND signer = ?",
  );
  const readEvidence = sql.prepare("SELECT * FROM checkpoint_evidence WHERE chain = ? ORDER BY signer");
  const writeEvidence = sql.prepare(
    "INSERT INTO checkpoint_evidence (chain, signer, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const noteOf = (kind: string): string | null => {
    const row = readNote.get(chain, kind);
    return row === undefined ? null : textOf(row, "note");
  };
  const mark = (): SigningMark | null => {
    const row = readMark.get(chain);
    if (row === undefined) return null;
    return { height: integerOf(row, "height"), blockId: textOf(row, "block") as BlockId };
  };
  const durably = (work: () => void): ReturnType<CheckpointStore["write"]> => {
    try {
      database.transaction(work);
      return ok();
    } catch (error) {
      return fail({
        code: "store-unavailable",
        cause: error instanceof Error ? error.message : String(error),
      });
    }
  };
  const apply = (change: CheckpointChange): void => {
    if (change.final !== undefined) writeNote.run(chain, "final", change.final);
    if (change.sought === null) dropNote.run(chain, "sought");
    else if (change.sought !== undefined) writeNote.run(chain, "sought", change.sought);
    for (const { height, signer } of change.remove ?? []) dropRow.run(chain, height, signer);
    for (const { height, signer, note } of change.put ?? []) writeRow.run(chain, height, signer, note);
    for (const { signer, text } of change.evidence ?? []) writeEvidence.run(chain, signer, text);
  };
  return {
    read: () => ({
      mark: mark(),
      final: noteOf("final"),
      sought: noteOf("sought"),
      cosignatures: readRows.all(chain).map((row) => ({
        signer: textOf(row, "signer") as AccountId,
        height: integerOf(row, "height"),
        note: textOf(row, "note"),
      })),
      evidence: readEvidence.all(chain).map((row) => ({
        signer: textOf(row, "signer") as AccountId,
        text: textOf(row, "text"),
      })),
    }),
    setMark(next) {
      const before = mark();
      if (before !== null && next.height <= before.height) {
        throw new Error(`mark lowered from ${before.height} to ${next.height}`);
      }
      return durably(() => writeMark.run(chain, next.height, next.blockId));
    },
    write: (change) => durably(() => apply(change)),
  };
}
