/**
 * Keeps checkpoints in SQLite. They lie with what nobody else has, and not with the ledger, which is fetched anew
 * when it is damaged: a signer that forgot how far it had signed might sign twice.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import type { CheckpointChange, CheckpointStore, SigningMark } from "#chain/index.ts";
import type { Database, Schema } from "./database.ts";
import { durably } from "./durably.ts";
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

function statementsOf({ sql }: Database) {
  return {
    readMark: sql.prepare("SELECT height, block FROM checkpoint_mark WHERE chain = ?"),
    writeMark: sql.prepare("INSERT OR REPLACE INTO checkpoint_mark (chain, height, block) VALUES (?, ?, ?)"),
    readNote: sql.prepare("SELECT note FROM checkpoint_notes WHERE chain = ? AND kind = ?"),
    writeNote: sql.prepare("INSERT OR REPLACE INTO checkpoint_notes (chain, kind, note) VALUES (?, ?, ?)"),
    dropNote: sql.prepare("DELETE FROM checkpoint_notes WHERE chain = ? AND kind = ?"),
    readRows: sql.prepare("SELECT * FROM checkpoint_cosignatures WHERE chain = ? ORDER BY height, signer"),
    writeRow: sql.prepare(
      "INSERT OR REPLACE INTO checkpoint_cosignatures (chain, height, signer, note) VALUES (?, ?, ?, ?)",
    ),
    dropRow: sql.prepare("DELETE FROM checkpoint_cosignatures WHERE chain = ? AND height = ? AND signer = ?"),
    readEvidence: sql.prepare("SELECT * FROM checkpoint_evidence WHERE chain = ? ORDER BY signer"),
    writeEvidence: sql.prepare(
      "INSERT INTO checkpoint_evidence (chain, signer, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    ),
  };
}

/** @param chain id of the network, hex: a folder that changed its network must not mix them. */
export function diskCheckpoints(database: Database, chain: string): CheckpointStore {
  const statements = statementsOf(database);
  const noteOf = (kind: string): string | null => {
    const row = statements.readNote.get(chain, kind);
    return row === undefined ? null : textOf(row, "note");
  };
  const mark = (): SigningMark | null => {
    const row = statements.readMark.get(chain);
    if (row === undefined) return null;
    return { height: integerOf(row, "height"), blockId: textOf(row, "block") as BlockId };
  };
  const written = (work: () => unknown) => durably(() => database.transaction(work));
  const apply = (change: CheckpointChange): void => {
    if (change.final !== undefined) statements.writeNote.run(chain, "final", change.final);
    if (change.sought === null) statements.dropNote.run(chain, "sought");
    else if (change.sought !== undefined) statements.writeNote.run(chain, "sought", change.sought);
    for (const { height, signer } of change.remove ?? []) statements.dropRow.run(chain, height, signer);
    for (const { height, signer, note } of change.put ?? [])
      statements.writeRow.run(chain, height, signer, note);
    for (const { signer, text } of change.evidence ?? []) statements.writeEvidence.run(chain, signer, text);
  };
  return {
    read: () => ({
      mark: mark(),
      final: noteOf("final"),
      sought: noteOf("sought"),
      cosignatures: statements.readRows.all(chain).map((row) => ({
        signer: textOf(row, "signer") as AccountId,
        height: integerOf(row, "height"),
        note: textOf(row, "note"),
      })),
      evidence: statements.readEvidence.all(chain).map((row) => ({
        signer: textOf(row, "signer") as AccountId,
        text: textOf(row, "text"),
      })),
    }),
    setMark(next) {
      const before = mark();
      if (before !== null && next.height <= before.height) {
        throw new Error(`mark lowered from ${before.height} to ${next.height}`);
      }
      return written(() => statements.writeMark.run(chain, next.height, next.blockId));
    },
    write: (change) => written(() => apply(change)),
  };
}
