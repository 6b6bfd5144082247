/**
 * Owns the tables of the block store and the statements over them (`spec/ledger-store.md`). Which of them make one step is
 * `blocks.ts`.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Database, Schema } from "./database.ts";

const STATE_TABLE = "(key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID";

export const blockSchema: Schema = {
  name: "blocks",
  steps: [
    `CREATE TABLE chain (one INTEGER PRIMARY KEY CHECK (one = 1), chain_id BLOB NOT NULL) STRICT;
     CREATE TABLE blocks (
       row INTEGER PRIMARY KEY AUTOINCREMENT,
       id BLOB NOT NULL UNIQUE, height INTEGER NOT NULL, previous BLOB NOT NULL, work BLOB NOT NULL,
       header BLOB NOT NULL, history BLOB NOT NULL, invalid INTEGER NOT NULL, byte_count INTEGER NOT NULL,
       sum INTEGER NOT NULL, arrival INTEGER UNIQUE, has_body INTEGER NOT NULL, in_reach INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX blocks_previous ON blocks (previous);
     CREATE INDEX blocks_heaviest ON blocks (work DESC, arrival) WHERE invalid = 0 AND in_reach = 1;
     CREATE INDEX blocks_headers ON blocks (work DESC) WHERE invalid = 0;
     CREATE INDEX blocks_bodies ON blocks (height) WHERE has_body = 1;
     CREATE INDEX blocks_bodyless ON blocks (height) WHERE has_body = 0;
     CREATE TABLE bodies (
       row INTEGER PRIMARY KEY REFERENCES blocks, bytes BLOB NOT NULL, sum INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE best (
       height INTEGER PRIMARY KEY, row INTEGER NOT NULL UNIQUE REFERENCES blocks,
       miner BLOB, reward INTEGER NOT NULL, fees INTEGER NOT NULL, transactions INTEGER NOT NULL,
       best_sum INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX best_miner ON best (miner, height);
     CREATE TABLE undo (height INTEGER PRIMARY KEY, bytes BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;
     CREATE TABLE undone (row INTEGER PRIMARY KEY REFERENCES blocks ON DELETE CASCADE) STRICT;
     CREATE TABLE state ${STATE_TABLE};
     CREATE TABLE snapshot ${STATE_TABLE};
     CREATE TABLE places (
       id BLOB PRIMARY KEY, height INTEGER NOT NULL, position INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX places_height ON places (height);
     CREATE TABLE account_places (
       account BLOB, height INTEGER, position INTEGER, PRIMARY KEY (account, height, position)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX account_places_height ON account_places (height);
     CREATE TABLE pool (
       arrival INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL,
       received_ms INTEGER NOT NULL
     ) STRICT`,
  ],
};

/** All that follows from the blocks of the best chain. */
export const DROP_DERIVED =
  "DELETE FROM best; DELETE FROM undo; DELETE FROM state; DELETE FROM places; DELETE FROM account_places";

/** What was put aside becomes the state without a row being copied. */
export const TAKE_SNAPSHOT = `DROP TABLE state; ALTER TABLE snapshot RENAME TO state; CREATE TABLE snapshot ${STATE_TABLE}`;

/** Which blocks can be reached, from those that always can: after the best chain was cut short. */
export const FIND_REACH = `
  UPDATE blocks SET in_reach = 0 WHERE in_reach = 1 AND row NOT IN (SELECT row FROM best);
  WITH RECURSIVE reach (row, id) AS (
    SELECT b.row, b.id FROM blocks b JOIN best ON best.row = b.row
    UNION SELECT b.row, b.id FROM reach JOIN blocks b ON b.previous = reach.id WHERE b.has_body = 1
  ) UPDATE blocks SET in_reach = 1 WHERE in_reach = 0 AND row IN (SELECT row FROM reach)`;

const ENTRY_COLUMNS = `b.row, b.arrival, b.id, b.height, b.previous, b.work, b.invalid, b.has_body, b.in_reach,
  b.header, b.history, b.byte_count, b.sum`;
const BEST_COLUMNS = `${ENTRY_COLUMNS}, best.miner, best.reward, best.fees, best.transactions, best.best_sum`;
const BEST_FROM = "FROM best JOIN blocks b ON b.row = best.row";

/** A new peer keeps all headers before the first body: what asks about the best chain must not walk over them. */
const NOT_ABOVE_TIP = "b.height <= (SELECT max(height) FROM best)";

/** A block and all kept blocks that stand on it. */
const WITH_BRANCH = `WITH RECURSIVE branch (id) AS (
  SELECT id FROM blocks WHERE id = ?
  UNION ALL SELECT blocks.id FROM blocks JOIN branch ON blocks.previous = branch.id
)`;

/** As digits: a blob costs twice as much to hand over, and memory outside of the heap, and a block reads thousands. */
const LEAF_COLUMNS = "lower(hex(key)) AS key, lower(hex(value)) AS value";
const leavesFrom = (table: string) => `SELECT ${LEAF_COLUMNS} FROM ${table} WHERE key >= ? ORDER BY key`;
const leavesWithin = (table: string) =>
  `SELECT ${LEAF_COLUMNS} FROM ${table} WHERE key >= ? AND key < ? ORDER BY key`;

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements({ sql }: Database) {
  return { ...prepareBlocks(sql), ...prepareBest(sql), ...prepareState(sql), ...prepareIndex(sql) };
}

/** Headers and bodies, on the best chain or not. */
function prepareBlocks(sql: DatabaseSync) {
  return {
    chainId: sql.prepare("SELECT chain_id FROM chain"),
    setChainId: sql.prepare("INSERT OR REPLACE INTO chain VALUES (1, ?)"),
    entry: sql.prepare(`SELECT ${ENTRY_COLUMNS} FROM blocks b WHERE b.id = ?`),
    branch: sql.prepare(
      `${WITH_BRANCH} SELECT ${ENTRY_COLUMNS} FROM blocks b WHERE b.id IN branch ORDER BY b.row`,
    ),
    addBlock: sql.prepare(
      `INSERT INTO blocks (id, height, previous, work, header, history, invalid, byte_count, sum, has_body, in_reach)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT (id) DO NOTHING`,
    ),
    setBlock: sql.prepare("UPDATE blocks SET invalid = ?, byte_count = ?, sum = ? WHERE row = ?"),
    body: sql.prepare(
      "SELECT bytes, bodies.sum FROM bodies JOIN blocks b ON b.row = bodies.row WHERE b.id = ?",
    ),
    addBody: sql.prepare("INSERT INTO bodies VALUES (?, ?, ?)"),
    bodyCame: sql.prepare(
      `UPDATE blocks SET has_body = 1, arrival = coalesce(arrival, (SELECT coalesce(max(arrival), 0) + 1 FROM blocks))
       WHERE row = ?`,
    ),
    dropBody: sql.prepare("DELETE FROM bodies WHERE row = ?"),
    bodyGone: sql.prepare("UPDATE blocks SET has_body = 0 WHERE row = ?"),
    setReach: sql.prepare("UPDATE blocks SET in_reach = ? WHERE row = ?"),
    isBest: sql.prepare("SELECT 1 FROM best WHERE row = ?"),
    childrenWithBody: sql.prepare("SELECT row, id FROM blocks WHERE previous = ? AND has_body = 1"),
    childrenInReach: sql.prepare("SELECT row, id FROM blocks WHERE previous = ? AND in_reach = 1"),
    oldBodies: sql.prepare(
      "SELECT row, id, height FROM blocks WHERE has_body = 1 AND height > 0 AND height < ? ORDER BY height LIMIT ?",
    ),
    oldUndo: sql.prepare(
      "DELETE FROM undo WHERE height IN (SELECT height FROM undo WHERE height < ? ORDER BY height LIMIT ?)",
    ),
    bodiesFrom: sql.prepare(
      `SELECT b.height FROM blocks b JOIN best ON best.row = b.row WHERE b.has_body = 0 AND ${NOT_ABOVE_TIP}
       ORDER BY b.height DESC LIMIT 1`,
    ),
    bodyless: sql.prepare(
      `SELECT b.id, b.height FROM blocks b JOIN best ON best.row = b.row
       WHERE b.has_body = 0 AND b.height >= ? AND ${NOT_ABOVE_TIP} ORDER BY b.height LIMIT ?`,
    ),
    forgetBodies: sql.prepare(
      `${WITH_BRANCH} DELETE FROM bodies WHERE row IN (SELECT row FROM blocks WHERE id IN branch)`,
    ),
    forget: sql.prepare(`${WITH_BRANCH} DELETE FROM blocks WHERE id IN branch`),
    heaviest: sql.prepare(
      `SELECT ${ENTRY_COLUMNS} FROM blocks b WHERE b.invalid = 0 AND b.in_reach = 1
       ORDER BY b.work DESC, b.arrival LIMIT 1`,
    ),
    heaviestHeader: sql.prepare(
      `SELECT ${ENTRY_COLUMNS} FROM blocks b
       WHERE b.invalid = 0 AND b.work = (SELECT work FROM blocks WHERE invalid = 0 ORDER BY work DESC LIMIT 1)
       ORDER BY b.in_reach DESC, b.arrival IS NULL, b.arrival, b.row LIMIT 1`,
    ),
    rival: sql.prepare(
      // Left to itself, SQLite takes the index that all the headers are in whose bodies are to come.
      `SELECT 1 FROM blocks INDEXED BY blocks_heaviest
       WHERE invalid = 0 AND in_reach = 1 AND work >= ? AND id != ? LIMIT 1`,
    ),
  };
}

/** The best chain, and what takes it back. */
function prepareBest(sql: DatabaseSync) {
  return {
    tip: sql.prepare(`SELECT b.id, b.height ${BEST_FROM} ORDER BY best.height DESC LIMIT 1`),
    bestAt: sql.prepare(`SELECT ${BEST_COLUMNS} ${BEST_FROM} WHERE best.height = ?`),
    best: sql.prepare(`SELECT ${BEST_COLUMNS} ${BEST_FROM} WHERE b.id = ?`),
    bestBefore: sql.prepare(
      `SELECT ${BEST_COLUMNS} ${BEST_FROM} WHERE best.height < ? ORDER BY best.height DESC LIMIT ?`,
    ),
    addBest: sql.prepare("INSERT INTO best VALUES (?, ?, ?, ?, ?, ?, ?)"),
    replaceBest: sql.prepare("INSERT OR REPLACE INTO best VALUES (?, ?, ?, ?, ?, ?, ?)"),
    fillBest: sql.prepare(
      "UPDATE best SET miner = ?, reward = ?, fees = ?, transactions = ?, best_sum = ? WHERE height = ? AND row = ?",
    ),
    removeBest: sql.prepare(
      "DELETE FROM best WHERE height = ? AND row = (SELECT row FROM blocks WHERE id = ?)",
    ),
    cutBest: sql.prepare("DELETE FROM best WHERE height > ?"),
    undo: sql.prepare(
      `SELECT undo.bytes, undo.sum ${BEST_FROM} JOIN undo ON undo.height = best.height WHERE b.id = ?`,
    ),
    undone: sql.prepare("SELECT b.id FROM undone JOIN blocks b ON b.row = undone.row ORDER BY b.height"),
    addUndone: sql.prepare("INSERT OR IGNORE INTO undone SELECT row FROM blocks WHERE id = ?"),
    dropUndone: sql.prepare("DELETE FROM undone WHERE row = (SELECT row FROM blocks WHERE id = ?)"),
    addUndo: sql.prepare("INSERT OR REPLACE INTO undo VALUES (?, ?, ?)"),
    dropUndo: sql.prepare("DELETE FROM undo WHERE height = ?"),
  };
}

function prepareState(sql: DatabaseSync) {
  return {
    putEntry: sql.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)"),
    dropEntry: sql.prepare("DELETE FROM state WHERE key = ?"),
    stateValue: sql.prepare("SELECT value FROM state WHERE key = ?"),
    stateFrom: sql.prepare(leavesFrom("state")),
    stateWithin: sql.prepare(leavesWithin("state")),
    putAside: sql.prepare("INSERT OR REPLACE INTO snapshot VALUES (?, ?)"),
    asideValue: sql.prepare("SELECT value FROM snapshot WHERE key = ?"),
    asideFrom: sql.prepare(leavesFrom("snapshot")),
    asideWithin: sql.prepare(leavesWithin("snapshot")),
  };
}

/** Where transactions stand, who mined, and what waits. */
function prepareIndex(sql: DatabaseSync) {
  return {
    addPlace: sql.prepare("INSERT OR REPLACE INTO places VALUES (?, ?, ?)"),
    addAccountPlace: sql.prepare("INSERT OR REPLACE INTO account_places VALUES (?, ?, ?)"),
    dropPlaces: sql.prepare("DELETE FROM places WHERE height = ?"),
    dropAccountPlaces: sql.prepare("DELETE FROM account_places WHERE height = ?"),
    dropPlacesAbove: sql.prepare("DELETE FROM places WHERE height > ?"),
    dropAccountPlacesAbove: sql.prepare("DELETE FROM account_places WHERE height > ?"),
    place: sql.prepare("SELECT height, position FROM places WHERE id = ?"),
    placesOf: sql.prepare(
      "SELECT height, position FROM account_places WHERE account = ? ORDER BY height DESC, position DESC LIMIT ?",
    ),
    placesAt: sql.prepare("SELECT id, position FROM places WHERE height = ? ORDER BY position"),
    accountPlacesAt: sql.prepare(
      "SELECT account, position FROM account_places WHERE height = ? ORDER BY account, position",
    ),
    minedSince: sql.prepare(
      `SELECT miner, count(*) AS blocks FROM best WHERE height >= ? AND miner IS NOT NULL
       GROUP BY miner ORDER BY blocks DESC, miner`,
    ),
    minedBy: sql.prepare("SELECT count(*) AS blocks FROM best WHERE miner = ?"),
    pool: sql.prepare("SELECT id, bytes, received_ms FROM pool ORDER BY arrival"),
    addPool: sql.prepare("INSERT OR IGNORE INTO pool (id, bytes, received_ms) VALUES (?, ?, ?)"),
    dropPool: sql.prepare("DELETE FROM pool WHERE id = ?"),
  };
}
