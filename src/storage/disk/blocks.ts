/**
 * Owns the block store in SQLite; long, because statements and their use stand in one place. One transaction for each step of the best chain, with the tip inside it, so that every
 * moment at which power may fail is a valid place to resume. The tip is the highest row of `best`.
 */
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import { fromHex, toHex } from "#base/bytes.ts";
import { fail, ok } from "#base/result.ts";
import type {
  BestBlock,
  BlockEntry,
  BlockStore,
  Connection,
  Disconnection,
  NewBlock,
  Place,
  PoolRow,
  Written,
} from "#chain/store.ts";
import type { LeafSource, TreeChange } from "#ledger/index.ts";
import type { Database, Schema } from "./database.ts";

export const blockSchema: Schema = {
  name: "blocks",
  steps: [
    `CREATE TABLE chain (one INTEGER PRIMARY KEY CHECK (one = 1), chain_id BLOB NOT NULL) STRICT;
     CREATE TABLE blocks (
       arrival INTEGER PRIMARY KEY AUTOINCREMENT,
       id BLOB NOT NULL UNIQUE, height INTEGER NOT NULL, previous BLOB NOT NULL, work BLOB NOT NULL,
       invalid INTEGER NOT NULL, header BLOB NOT NULL, history BLOB NOT NULL, byte_count INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX blocks_previous ON blocks (previous);
     CREATE INDEX blocks_heaviest ON blocks (work DESC, arrival) WHERE invalid = 0;
     CREATE TABLE bodies (arrival INTEGER PRIMARY KEY REFERENCES blocks, bytes BLOB NOT NULL) STRICT;
     CREATE TABLE best (
       height INTEGER PRIMARY KEY, arrival INTEGER NOT NULL UNIQUE REFERENCES blocks,
       miner BLOB, reward INTEGER NOT NULL, fees INTEGER NOT NULL, transactions INTEGER NOT NULL,
       undo BLOB NOT NULL
     ) STRICT;
     CREATE INDEX best_miner ON best (miner, height);
     CREATE TABLE state (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
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

type Row = Record<string, unknown>;

const ENTRY_COLUMNS =
  "b.arrival, b.id, b.height, b.previous, b.work, b.invalid, b.header, b.history, b.byte_count";
const BEST_COLUMNS = `${ENTRY_COLUMNS}, best.miner, best.reward, best.fees, best.transactions`;
const BEST_FROM = "FROM best JOIN blocks b ON b.arrival = best.arrival";

/** A block and all kept blocks that stand on it. */
const WITH_BRANCH = `WITH RECURSIVE branch (id) AS (
  SELECT id FROM blocks WHERE id = ?
  UNION ALL SELECT blocks.id FROM blocks JOIN branch ON blocks.previous = branch.id
)`;

/** Result codes of SQLite that speak of the disk and not of us: FULL, IOERR, READONLY, CANTOPEN, BUSY, LOCKED. */
const DISK_CODES = new Set([13, 10, 8, 14, 5, 6]);

function idBytes(id: string): Uint8Array {
  const bytes = fromHex(id);
  if (bytes?.length !== 32) throw new RangeError(`not an id of 32 bytes: ${id}`);
  return bytes;
}

/** Big-endian, so that SQLite's order of blobs is the order of numbers. */
function workBytes(work: bigint): Uint8Array {
  const hex = work.toString(16).padStart(32, "0");
  if (hex.length !== 32) throw new RangeError(`chain work above 2^128: ${hex}`);
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function blob(row: Row, name: string): Uint8Array {
  const value = row[name];
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${name} is not a blob`);
  return value;
}

function integer(row: Row, name: string): number {
  const value = row[name];
  if (typeof value !== "number") throw new TypeError(`column ${name} is not an integer`);
  return value;
}

function entryOf(row: Row): BlockEntry {
  return {
    arrival: integer(row, "arrival"),
    id: toHex(blob(row, "id")) as BlockId,
    height: integer(row, "height"),
    previous: toHex(blob(row, "previous")) as BlockId,
    work: BigInt(`0x${toHex(blob(row, "work"))}`),
    invalid: integer(row, "invalid") !== 0,
    header: blob(row, "header"),
    history: blob(row, "history"),
    byteCount: integer(row, "byte_count"),
  };
}

function bestOf(row: Row): BestBlock {
  return {
    ...entryOf(row),
    miner: row["miner"] === null ? null : (toHex(blob(row, "miner")) as AccountId),
    reward: integer(row, "reward"),
    fees: integer(row, "fees"),
    transactionCount: integer(row, "transactions"),
  };
}

function placeOf(row: Row): Place {
  return { height: integer(row, "height"), index: integer(row, "position") };
}

function prepare(database: Database) {
  const { sql } = database;
  return {
    chainId: sql.prepare("SELECT chain_id FROM chain"),
    setChainId: sql.prepare("INSERT OR REPLACE INTO chain VALUES (1, ?)"),
    tip: sql.prepare(`SELECT b.id, b.height ${BEST_FROM} ORDER BY best.height DESC LIMIT 1`),
    entry: sql.prepare(`SELECT ${ENTRY_COLUMNS} FROM blocks b WHERE b.id = ?`),
    body: sql.prepare("SELECT bytes FROM bodies WHERE arrival = (SELECT arrival FROM blocks WHERE id = ?)"),
    addBlock: sql.prepare(
      `INSERT INTO blocks (id, height, previous, work, invalid, header, history, byte_count)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    ),
    addBody: sql.prepare("INSERT OR IGNORE INTO bodies SELECT arrival, ? FROM blocks WHERE id = ?"),
    markInvalid: sql.prepare(`${WITH_BRANCH} UPDATE blocks SET invalid = 1 WHERE id IN branch`),
    forgetBodies: sql.prepare(
      `${WITH_BRANCH} DELETE FROM bodies WHERE arrival IN (SELECT arrival FROM blocks WHERE id IN branch)`,
    ),
    forget: sql.prepare(`${WITH_BRANCH} DELETE FROM blocks WHERE id IN branch`),
    heaviest: sql.prepare(
      `SELECT ${ENTRY_COLUMNS} FROM blocks b WHERE b.invalid = 0 ORDER BY b.work DESC, b.arrival LIMIT 1`,
    ),
    rival: sql.prepare("SELECT 1 FROM blocks WHERE invalid = 0 AND work >= ? AND id != ? LIMIT 1"),
    bestAt: sql.prepare(`SELECT ${BEST_COLUMNS} ${BEST_FROM} WHERE best.height = ?`),
    best: sql.prepare(`SELECT ${BEST_COLUMNS} ${BEST_FROM} WHERE b.id = ?`),
    bestBefore: sql.prepare(
      `SELECT ${BEST_COLUMNS} ${BEST_FROM} WHERE best.height < ? ORDER BY best.height DESC LIMIT ?`,
    ),
    undo: sql.prepare(`SELECT best.undo ${BEST_FROM} WHERE b.id = ?`),
    addBest: sql.prepare(
      "INSERT INTO best SELECT ?, arrival, ?, ?, ?, ?, ? FROM blocks WHERE id = ? AND invalid = 0",
    ),
    removeBest: sql.prepare(
      "DELETE FROM best WHERE height = ? AND arrival = (SELECT arrival FROM blocks WHERE id = ?)",
    ),
    putEntry: sql.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)"),
    dropEntry: sql.prepare("DELETE FROM state WHERE key = ?"),
    stateValue: sql.prepare("SELECT value FROM state WHERE key = ?"),
    stateFrom: sql.prepare("SELECT key, value FROM state WHERE key >= ? ORDER BY key"),
    stateWithin: sql.prepare("SELECT key, value FROM state WHERE key >= ? AND key < ? ORDER BY key"),
    addPlace: sql.prepare("INSERT INTO places VALUES (?, ?, ?)"),
    addAccountPlace: sql.prepare("INSERT INTO account_places VALUES (?, ?, ?)"),
    dropPlaces: sql.prepare("DELETE FROM places WHERE height = ?"),
    dropAccountPlaces: sql.prepare("DELETE FROM account_places WHERE height = ?"),
    place: sql.prepare("SELECT height, position FROM places WHERE id = ?"),
    placesOf: sql.prepare(
      "SELECT height, position FROM account_places WHERE account = ? ORDER BY height DESC, position DESC LIMIT ?",
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

/** @param database opened with {@link blockSchema}. Belongs to the caller, who closes it after the chain. */
export function diskBlocks(database: Database): BlockStore {
  return new DiskBlockStore(database);
}

class DiskBlockStore implements BlockStore {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  readonly state: LeafSource = {
    get: (key) => this.#stateValue(key),
    range: (from, to) => this.#range(from, to),
  };

  chainId(): Uint8Array | null {
    const row = this.#sql.chainId.get();
    return row === undefined ? null : blob(row, "chain_id");
  }

  tip() {
    const row = this.#sql.tip.get();
    return row === undefined
      ? null
      : { id: toHex(blob(row, "id")) as BlockId, height: integer(row, "height") };
  }

  begin(chainId: Uint8Array, genesis: Connection): Written {
    return this.#write(() => {
      this.#dropDerived();
      this.#database.sql.exec("DELETE FROM bodies; DELETE FROM blocks");
      this.#sql.setChainId.run(chainId);
      this.#connect(genesis);
    });
  }

  rewind(genesis: Connection): Written {
    return this.#write(() => {
      this.#dropDerived();
      this.#connect(genesis);
    });
  }

  entry(id: BlockId): BlockEntry | null {
    const row = this.#sql.entry.get(idBytes(id));
    return row === undefined ? null : entryOf(row);
  }

  body(id: BlockId): Uint8Array | null {
    const row = this.#sql.body.get(idBytes(id));
    return row === undefined ? null : blob(row, "bytes");
  }

  keep(block: NewBlock, invalid: boolean): Written {
    return this.#write(() => this.#keep(block, invalid));
  }

  markInvalid(id: BlockId): Written {
    return this.#write(() => this.#sql.markInvalid.run(idBytes(id)));
  }

  forget(id: BlockId): Written {
    return this.#write(() => {
      this.#sql.forgetBodies.run(idBytes(id));
      this.#sql.forget.run(idBytes(id));
    });
  }

  heaviest(): BlockEntry | null {
    const row = this.#sql.heaviest.get();
    return row === undefined ? null : entryOf(row);
  }

  hasRival(id: BlockId, work: bigint): boolean {
    return this.#sql.rival.get(workBytes(work), idBytes(id)) !== undefined;
  }

  bestAt(height: number): BestBlock | null {
    const row = this.#sql.bestAt.get(height);
    return row === undefined ? null : bestOf(row);
  }

  best(id: BlockId): BestBlock | null {
    const row = this.#sql.best.get(idBytes(id));
    return row === undefined ? null : bestOf(row);
  }

  bestBefore(before: number, limit: number): readonly BestBlock[] {
    return this.#sql.bestBefore.all(before, limit).map(bestOf);
  }

  undo(id: BlockId): Uint8Array | null {
    const row = this.#sql.undo.get(idBytes(id));
    return row === undefined ? null : blob(row, "undo");
  }

  connect(step: Connection): Written {
    return this.#write(() => {
      const tip = this.tip();
      if (tip?.id !== step.block.previous) throw new Error("a block is connected to what is not the tip");
      this.#connect(step);
    });
  }

  disconnect({ tip, changes, returned }: Disconnection): Written {
    return this.#write(() => {
      const removed = this.#sql.removeBest.run(tip.height, idBytes(tip.id));
      const left = this.tip();
      if (removed.changes !== 1 || left?.height !== tip.height - 1) {
        throw new Error("a block is disconnected that is not the tip");
      }
      this.#sql.dropPlaces.run(tip.height);
      this.#sql.dropAccountPlaces.run(tip.height);
      this.#change(changes);
      this.#addPool(returned);
    });
  }

  place(id: TxId): Place | null {
    const row = this.#sql.place.get(idBytes(id));
    return row === undefined ? null : placeOf(row);
  }

  placesOf(account: AccountId, limit: number): readonly Place[] {
    return this.#sql.placesOf.all(idBytes(account), limit).map(placeOf);
  }

  minedSince(from: number) {
    return this.#sql.minedSince.all(from).map((row) => ({
      miner: toHex(blob(row, "miner")) as AccountId,
      blocks: integer(row, "blocks"),
    }));
  }

  minedBy(account: AccountId): number {
    const row = this.#sql.minedBy.get(idBytes(account));
    return row === undefined ? 0 : integer(row, "blocks");
  }

  pool() {
    return this.#sql.pool.all().map((row) => ({
      id: toHex(blob(row, "id")) as TxId,
      bytes: blob(row, "bytes"),
      receivedMs: integer(row, "received_ms"),
    }));
  }

  changePool(added: readonly PoolRow[], removed: readonly TxId[]): Written {
    return this.#write(() => {
      for (const id of removed) this.#sql.dropPool.run(idBytes(id));
      this.#addPool(added);
    });
  }

  #addPool(rows: readonly PoolRow[]): void {
    for (const row of rows) this.#sql.addPool.run(idBytes(row.id), row.bytes, row.receivedMs);
  }

  #write(work: () => unknown): Written {
    try {
      this.#database.transaction(work);
      return ok();
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      return fail({ code: "store-unavailable", cause: error.message });
    }
  }

  #dropDerived(): void {
    this.#database.sql.exec(
      "DELETE FROM best; DELETE FROM state; DELETE FROM places; DELETE FROM account_places",
    );
  }

  #keep(block: NewBlock, invalid: boolean): void {
    const id = idBytes(block.id);
    const added = this.#sql.addBlock.run(
      id,
      block.height,
      idBytes(block.previous),
      workBytes(block.work),
      invalid ? 1 : 0,
      block.header,
      block.history,
      block.bytes.length,
    );
    if (added.changes === 1) this.#sql.addBody.run(block.bytes, id);
  }

  #connect(step: Connection): void {
    const { block } = step;
    const id = idBytes(block.id);
    this.#keep(block, false);
    const miner = step.miner === null ? null : idBytes(step.miner);
    const count = step.transactions.length;
    const added = this.#sql.addBest.run(block.height, miner, step.reward, step.fees, count, step.undo, id);
    if (added.changes !== 1) throw new Error("a block is connected that is marked invalid");
    step.transactions.forEach((transaction, index) => {
      this.#sql.addPlace.run(idBytes(transaction.id), block.height, index);
      for (const account of transaction.accounts) {
        this.#sql.addAccountPlace.run(idBytes(account), block.height, index);
      }
    });
    this.#change(step.changes);
  }

  #change(changes: readonly TreeChange[]): void {
    for (const { key, value } of changes) {
      if (value === null) this.#sql.dropEntry.run(key);
      else this.#sql.putEntry.run(key, value);
    }
  }

  #stateValue(key: Uint8Array): Uint8Array | null {
    const row = this.#sql.stateValue.get(key);
    return row === undefined ? null : blob(row, "value");
  }

  *#range(from: Uint8Array, to: Uint8Array | null): Iterable<readonly [Uint8Array, Uint8Array]> {
    const rows = to === null ? this.#sql.stateFrom.iterate(from) : this.#sql.stateWithin.iterate(from, to);
    for (const row of rows) yield [blob(row, "key"), blob(row, "value")];
  }
}

function isDiskFault(error: unknown): error is Error & { errcode: number } {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  // Extended result codes carry the primary one in their low byte.
  return typeof error.errcode === "number" && DISK_CODES.has(error.errcode & 0xff);
}
