/** Keeps invites in SQLite. */
import type { PeerId } from "#base/brand.ts";
import type { InviteStore, StoredInvite } from "#invites/index.ts";
import type { Database, Schema } from "./database.ts";
import { bytesOf, integerOf, type Row, textOf, textOrNullOf } from "./rows.ts";

export const invitesSchema: Schema = {
  name: "invites",
  steps: [
    `CREATE TABLE invites (
       place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, secret BLOB NOT NULL, note TEXT,
       created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
       ended_how TEXT CHECK (ended_how IN ('used', 'revoked')), ended_ms INTEGER, used_by TEXT,
       failed_guesses INTEGER NOT NULL
     ) STRICT`,
  ],
};

function endedOf(row: Row): StoredInvite["ended"] {
  const how = textOrNullOf(row, "ended_how");
  if (how === null) return null;
  return { how: how === "used" ? "used" : "revoked", atMs: integerOf(row, "ended_ms") };
}

function inviteOf(row: Row): StoredInvite {
  return {
    id: textOf(row, "id"),
    secret: bytesOf(row, "secret"),
    note: textOrNullOf(row, "note"),
    createdMs: integerOf(row, "created_ms"),
    expiresMs: integerOf(row, "expires_ms"),
    ended: endedOf(row),
    usedBy: textOrNullOf(row, "used_by") as PeerId | null,
    failedGuesses: integerOf(row, "failed_guesses"),
  };
}

export function diskInvites(database: Database): InviteStore {
  const { sql } = database;
  const all = sql.prepare("SELECT * FROM invites ORDER BY place");
  const upsert = sql.prepare(
    `INSERT INTO invites
       (id, secret, note, created_ms, expires_ms, ended_how, ended_ms, used_by, failed_guesses)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET ended_how = excluded.ended_how, ended_ms = excluded.ended_ms,
       used_by = excluded.used_by, failed_guesses = excluded.failed_guesses`,
  );
  const remove = sql.prepare("DELETE FROM invites WHERE id = ?");
  const write = (invite: StoredInvite): void => {
    const { id, secret, note, createdMs, expiresMs, ended, usedBy, failedGuesses } = invite;
    upsert.run(
      ...[id, secret, note, createdMs, expiresMs],
      ...[ended?.how ?? null, ended?.atMs ?? null, usedBy, failedGuesses],
    );
  };
  return {
    list: () => all.all().map(inviteOf),
    put(invite, alongside) {
      database.transaction(() => {
        write(invite);
        alongside?.();
      });
    },
    putTogether(invites) {
      database.transaction(() => {
        for (const invite of invites) write(invite);
      });
    },
    remove(id) {
      remove.run(id);
    },
  };
}
