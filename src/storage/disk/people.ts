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
    `ALTER TABLE people ADD COLUMN verified_how TEXT CHECK (verified_how IN ('invite', 'phrase'));
     ALTER TABLE people ADD COLUMN verified_ms INTEGER;
     ALTER TABLE people ADD COLUMN stands_in_for TEXT;
     ALTER TABLE people ADD COLUMN stands_in_how TEXT CHECK (stands_in_how IN ('name', 'address'));
     ALTER TABLE people ADD COLUMN stands_in_ms INTEGER;
     ALTER TABLE people ADD COLUMN apart_from TEXT NOT NULL DEFAULT ''`,
  ],
};

function verifiedOf(row: Row): Person["verified"] {
  const how = textOrNullOf(row, "verified_how");
  if (how === null) return null;
  return { how: how === "invite" ? "invite" : "phrase", atMs: integerOf(row, "verified_ms") };
}

function standInOf(row: Row): Person["standIn"] {
  const of = textOrNullOf(row, "stands_in_for");
  if (of === null) return null;
  const how = textOf(row, "stands_in_how") === "name" ? "name" : "address";
  return { of: of as PeerId, how, sinceMs: integerOf(row, "stands_in_ms") };
}

function personOf(row: Row): Person {
  return {
    peer: textOf(row, "peer") as PeerId,
    petname: textOrNullOf(row, "petname"),
    contact: integerOf(row, "contact") === 1,
    blocked: integerOf(row, "blocked") === 1,
    claimedName: textOrNullOf(row, "claimed_name"),
    verified: verifiedOf(row),
    standIn: standInOf(row),
    apartFrom: textOf(row, "apart_from")
      .split(" ")
      .filter((peer) => peer !== "") as PeerId[],
    firstSeenMs: integerOf(row, "first_seen_ms"),
    lastSeenMs: integerOf(row, "last_seen_ms"),
  };
}

export function diskPeople(database: Database): PeopleStore {
  const { sql } = database;
  const all = sql.prepare("SELECT * FROM people ORDER BY place");
  const upsert = sql.prepare(
    `INSERT INTO people (peer, petname, contact, blocked, claimed_name, verified_how, verified_ms,
       stands_in_for, stands_in_how, stands_in_ms, apart_from, first_seen_ms, last_seen_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (peer) DO UPDATE SET petname = excluded.petname, contact = excluded.contact,
       blocked = excluded.blocked, claimed_name = excluded.claimed_name, verified_how = excluded.verified_how,
       verified_ms = excluded.verified_ms, stands_in_for = excluded.stands_in_for,
       stands_in_how = excluded.stands_in_how, stands_in_ms = excluded.stands_in_ms,
       apart_from = excluded.apart_from, last_seen_ms = excluded.last_seen_ms`,
  );
  const remove = sql.prepare("DELETE FROM people WHERE peer = ?");
  const put = (person: Person): void => {
    const { verified, standIn } = person;
    upsert.run(
      ...[person.peer, person.petname, Number(person.contact), Number(person.blocked), person.claimedName],
      ...[verified?.how ?? null, verified?.atMs ?? null],
      ...[standIn?.of ?? null, standIn?.how ?? null, standIn?.sinceMs ?? null],
      ...[person.apartFrom.join(" "), person.firstSeenMs, person.lastSeenMs],
    );
  };
  return {
    list: () => all.all().map(personOf),
    put,
    putTogether(people) {
      database.transaction(() => {
        for (const person of people) put(person);
      });
    },
    remove(peer) {
      remove.run(peer);
    },
  };
}
