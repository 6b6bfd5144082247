/** Keeps people in SQLite. */
import type { PeerId } from "#base/brand.ts";
import type { PeopleStore, Person } from "#people/index.ts";
import type { Database, Schema } from "./database.ts";
import { integerOf, type Row, textOf, textOrNullOf } from "./rows.ts";

export const peopleSchema: Schema = {
  name: "people",
  steps: [
    `CREATE TABLE people (
       place INTEGER PRIMARY KEY, peer TEXT NOT NULL UNIQUE, petname TEXT, contact INTEGER NOT NULL,
       blocked INTEGER NOT NULL, claimed_name TEXT, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL
     ) STRICT`,
  ],
};

function personOf(row: Row): Person {
  return {
    peer: textOf(row, "peer") as PeerId,
    petname: textOrNullOf(row, "petname"),
    contact: integerOf(row, "contact") === 1,
    blocked: integerOf(row, "blocked") === 1,
    claimedName: textOrNullOf(row, "claimed_name"),
    firstSeenMs: integerOf(row, "first_seen_ms"),
    lastSeenMs: integerOf(row, "last_seen_ms"),
  };
}

export function diskPeople({ sql }: Database): PeopleStore {
  const all = sql.prepare("SELECT * FROM people ORDER BY place");
  const upsert = sql.prepare(
    `INSERT INTO people (peer, petname, contact, blocked, claimed_name, first_seen_ms, last_seen_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (peer) DO UPDATE SET petname = excluded.petname, contact = excluded.contact,
       blocked = excluded.blocked, claimed_name = excluded.claimed_name, last_seen_ms = excluded.last_seen_ms`,
  );
  const remove = sql.prepare("DELETE FROM people WHERE peer = ?");
  return {
    list: () => all.all().map(personOf),
    put(person) {
      upsert.run(
        person.peer,
        person.petname,
        Number(person.contact),
        Number(person.blocked),
        person.claimedName,
        person.firstSeenMs,
        person.lastSeenMs,
      );
    },
    remove(peer) {
      remove.run(peer);
    },
  };
}
