/**
 * Owns the block store in SQLite. One transaction for each step of the best chain, with the tip inside it, so that every
 * moment at which power may fail is a valid place to resume. The tip is the highest row of `best`. It is long, because every
 * question and step of the store's interface has its place here; tables and rows have files of their own.
 *
 * What is read back is compared with a checksum, but for the state, which the tree over it checks, and for where
 * transactions stand, which `waybill chain check` does. A body or an undo record that is damaged counts as not there;
 * anything else means that the file cannot be trusted, and is told to whoever watches for it.
 */
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import { compareBytes, toHex } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import type {
  BestBlock,
  BlockEntry,
  BlockStore,
  Connection,
  Disconnection,
  Filling,
  IndexedHeight,
  KeepFrom,
  NewBlock,
  NewHeader,
  Place,
  PoolRow,
  StoreFault,
  Written,
} from "#chain/store.ts";
import type { BlockRef, LeafSource, TreeChange } from "#ledger/index.ts";
import {
  bestOf,
  bestSum,
  blob,
  blockSum,
  bytesOfDigits,
  bytesSum,
  entryOf,
  idBytes,
  idOf,
  inOrderOfIds,
  integer,
  placeOf,
  poolRowOf,
  type Row,
  RowDamagedError,
  workBytes,
} from "./block-rows.ts";
import {
  DROP_DERIVED,
  FIND_REACH,
  prepareStatements,
  type Statements,
  TAKE_SNAPSHOT,
} from "./block-schema.ts";
import type { Database } from "./database.ts";
import { salvageBlocks } from "./salvage.ts";

export { blockSchema } from "./block-schema.ts";

/** Result codes of SQLite that speak of the disk and not of us: FULL, IOERR, READONLY, CANTOPEN, BUSY, LOCKED. */
const DISK_CODES = new Set([13, 10, 8, 14, 5, 6]);
/** Result codes that say the file is no sound database: CORRUPT, NOTADB. */
const DAMAGE_CODES = new Set([11, 26]);
/**
 * A full block touches thousands of pages all over the file, many of them the same ones as the block before: they stay in
 * memory (16 MiB), and go from SQLite's log to their places once in a while (every 32 MiB) instead of with each block.
 */
const MANY_PAGES = "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 8192";
/** Old bodies dropped with one step: when pruning is turned on late, the rest follows with the next blocks. */
const PRUNED_AT_ONCE = 64;

/** @param database opened with {@link blockSchema}. Belongs to the caller, who closes it after the chain. */
export function diskBlocks(database: Database): BlockStore {
  return new DiskBlockStore(database);
}

class DiskBlockStore implements BlockStore {
  readonly #database: Database;
  #sql: Statements;
  #isDamaged = false;
  #isTogether = false;
  #onDamage: (cause: string) => void = () => undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = this.#prepare();
  }

  #prepare(): Statements {
    this.#database.sql.exec(MANY_PAGES);
    return prepareStatements(this.#database);
  }

  readonly state: LeafSource = {
    get: (key) => this.#read(() => leafValue(this.#sql.stateValue.get(key))),
    range: (from, to) => this.#read(() => this.#leaves(this.#sql.stateFrom, this.#sql.stateWithin, from, to)),
    damaged: (cause) => this.#sawDamage(cause),
  };

  readonly snapshot: LeafSource = {
    get: (key) => this.#read(() => leafValue(this.#sql.asideValue.get(key))),
    range: (from, to) => this.#read(() => this.#leaves(this.#sql.asideFrom, this.#sql.asideWithin, from, to)),
  };

  chainId(): Uint8Array | null {
    const row = this.#read(() => this.#sql.chainId.get());
    return row === undefined ? null : blob(row, "chain_id");
  }

  tip(): BlockRef | null {
    return this.#read(() => refOf(this.#sql.tip.get()));
  }

  begin(chainId: Uint8Array, genesis: Connection): Written {
    const begun = this.#begin(chainId, genesis);
    return begun.ok ? ok() : begun;
  }

  /**
   * The id of the network comes last: what has none is begun once more after a death, and what was set aside is looked
   * through once more. @returns how many blocks were saved.
   */
  #begin(chainId: Uint8Array, genesis: Connection): Result<number, StoreFault> {
    if (this.chainId() === null) this.#database.isStandIn = true;
    const cleared = this.#write(() => {
      this.#database.sql.exec(
        `${DROP_DERIVED}; DELETE FROM bodies; DELETE FROM blocks; DELETE FROM snapshot; DELETE FROM chain`,
      );
      this.#connect(genesis);
    });
    if (!cleared.ok) return cleared;
    const { aside } = this.#database;
    const saved = aside === null ? ok(0) : salvageBlocks(aside, this, (work) => this.#together(work));
    if (!saved.ok) return saved;
    const begun = this.#write(() => this.#sql.setChainId.run(chainId));
    if (!begun.ok) return begun;
    this.#database.isStandIn = false;
    return saved;
  }

  rewind(genesis: Connection, undone: readonly BlockId[]): Written {
    return this.#write(() => {
      for (const id of undone) this.#sql.addUndone.run(idBytes(id));
      this.#database.sql.exec(DROP_DERIVED);
      this.#connect(genesis);
      this.#database.sql.exec(FIND_REACH);
    });
  }

  entry(id: BlockId): BlockEntry | null {
    return this.#read(() => this.#entry(id));
  }

  body(id: BlockId): Uint8Array | null {
    const row = this.#read(() => this.#sql.body.get(idBytes(id)));
    if (row === undefined) return null;
    const bytes = row["bytes"];
    if (bytes instanceof Uint8Array && bytesSum(bytes) === row["sum"]) return bytes;
    this.dropBody(id);
    return null;
  }

  keepHeaders(headers: readonly NewHeader[]): Written {
    return this.#write(() => {
      for (const header of headers) this.#keepHeader(header, false);
    });
  }

  keep(block: NewBlock, invalid: boolean): Written {
    return this.#write(() => this.#keep(block, invalid));
  }

  markInvalid(id: BlockId): Written {
    return this.#write(() => {
      for (const row of this.#sql.branch.all(idBytes(id))) {
        const { byteCount, ...header } = entryOf(row);
        const sum = blockSum(header, true, byteCount);
        this.#sql.setBlock.run(1, byteCount, sum, integer(row, "row"));
      }
    });
  }

  forget(id: BlockId): Written {
    return this.#write(() => {
      this.#sql.forgetBodies.run(idBytes(id));
      this.#sql.forget.run(idBytes(id));
    });
  }

  dropBody(id: BlockId): Written {
    return this.#write(() => {
      const row = this.#sql.entry.get(idBytes(id));
      if (row !== undefined) this.#dropBody(row);
    });
  }

  heaviest(): BlockEntry | null {
    return this.#read(() => this.#one(this.#sql.heaviest.get(), entryOf));
  }

  heaviestHeader(): BlockEntry | null {
    return this.#read(() => this.#one(this.#sql.heaviestHeader.get(), entryOf));
  }

  hasRival(id: BlockId, work: bigint): boolean {
    return this.#read(() => this.#sql.rival.get(workBytes(work), idBytes(id)) !== undefined);
  }

  bodiesFrom(): number {
    const row = this.#read(() => this.#sql.bodiesFrom.get());
    return row === undefined ? 0 : integer(row, "height") + 1;
  }

  bodyless(from: number, limit: number): readonly BlockRef[] {
    const rows = this.#read(() => this.#sql.bodyless.all(from, limit));
    return rows.map((row) => ({ id: idOf(row) as BlockId, height: integer(row, "height") }));
  }

  bestAt(height: number): BestBlock | null {
    return this.#read(() => this.#one(this.#sql.bestAt.get(height), bestOf));
  }

  best(id: BlockId): BestBlock | null {
    return this.#read(() => this.#one(this.#sql.best.get(idBytes(id)), bestOf));
  }

  bestBefore(before: number, limit: number): readonly BestBlock[] {
    return this.#read(() => this.#sql.bestBefore.all(before, limit).map(bestOf));
  }

  undo(id: BlockId): Uint8Array | null {
    const row = this.#read(() => this.#sql.undo.get(idBytes(id)));
    const bytes = row?.["bytes"];
    return bytes instanceof Uint8Array && bytesSum(bytes) === row?.["sum"] ? bytes : null;
  }

  connect(step: Connection): Written {
    return this.#write(() => {
      if (refOf(this.#sql.tip.get())?.id !== step.block.previous) {
        throw new Error("a block is connected to what is not the tip");
      }
      this.#connect(step);
      this.#prune(step.keepFrom);
    });
  }

  disconnect({ tip, changes }: Disconnection): Written {
    return this.#write(() => {
      const removed = this.#sql.removeBest.run(tip.height, idBytes(tip.id));
      const left = refOf(this.#sql.tip.get());
      if (removed.changes !== 1 || left?.height !== tip.height - 1) {
        throw new Error("a block is disconnected that is not the tip");
      }
      this.#sql.dropUndo.run(tip.height);
      this.#sql.dropPlaces.run(tip.height);
      this.#sql.dropAccountPlaces.run(tip.height);
      this.#change(changes);
      this.#sql.addUndone.run(idBytes(tip.id));
      const row = this.#sql.entry.get(idBytes(tip.id));
      if (row?.["has_body"] === 0) this.#loseReach(integer(row, "row"), idBytes(tip.id));
    });
  }

  undone(): readonly BlockId[] {
    return this.#read(() => this.#sql.undone.all().map((row) => idOf(row) as BlockId));
  }

  beginSnapshot(): Written {
    return this.#write(() => this.#database.sql.exec("DELETE FROM snapshot"));
  }

  putSnapshot(entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): Written {
    return this.#write(() => {
      for (const { key, value } of entries) this.#sql.putAside.run(key, value);
    });
  }

  finishSnapshot(at: BlockRef, undone: readonly BlockId[]): Written {
    const written = this.#write(() => {
      const shared = this.#branchOff(at);
      this.#sql.cutBest.run(at.height);
      for (const id of undone) this.#sql.addUndone.run(idBytes(id));
      this.#sql.dropPlacesAbove.run(shared);
      this.#sql.dropAccountPlacesAbove.run(shared);
      this.#database.sql.exec(`DELETE FROM undo; ${FIND_REACH}; ${TAKE_SNAPSHOT}`);
    });
    // The tables are other ones now.
    if (written.ok) this.#sql = this.#prepare();
    return written;
  }

  fillIn(step: Filling): Written {
    return this.#write(() => {
      const row = this.#sql.entry.get(idBytes(step.block.id));
      if (row === undefined || this.#sql.isBest.get(integer(row, "row")) === undefined) {
        throw new Error("a block is filled in that is not on the best chain");
      }
      this.#keep(step.block, false);
      this.#sql.dropPlaces.run(step.block.height);
      this.#sql.dropAccountPlaces.run(step.block.height);
      const miner = step.miner === null ? null : idBytes(step.miner);
      const count = step.transactions.length;
      const { id, height } = step.block;
      const sum = bestSum(id, height, step.miner, step.reward, step.fees, count);
      this.#sql.fillBest.run(miner, step.reward, step.fees, count, sum, height, integer(row, "row"));
      this.#addPlaces(step);
    });
  }

  place(id: TxId): Place | null {
    return this.#read(() => this.#one(this.#sql.place.get(idBytes(id)), placeOf));
  }

  placesOf(account: AccountId, limit: number): readonly Place[] {
    return this.#read(() => this.#sql.placesOf.all(idBytes(account), limit).map(placeOf));
  }

  minedSince(from: number) {
    return this.#read(() =>
      this.#sql.minedSince.all(from).map((row) => ({
        miner: idOf(row, "miner") as AccountId,
        blocks: integer(row, "blocks"),
      })),
    );
  }

  minedBy(account: AccountId): number {
    const row = this.#read(() => this.#sql.minedBy.get(idBytes(account)));
    return row === undefined ? 0 : integer(row, "blocks");
  }

  indexedAt(height: number): IndexedHeight {
    return this.#read(() => ({
      transactions: this.#sql.placesAt
        .all(height)
        .map((row) => ({ id: idOf(row) as TxId, index: integer(row, "position") })),
      accounts: this.#sql.accountPlacesAt
        .all(height)
        .map((row) => ({ account: idOf(row, "account") as AccountId, index: integer(row, "position") })),
    }));
  }

  pool(): readonly PoolRow[] {
    return this.#read(() => this.#sql.pool.all().map(poolRowOf));
  }

  changePool(added: readonly PoolRow[], removed: readonly TxId[], settled: readonly BlockId[]): Written {
    return this.#write(() => {
      for (const id of removed) this.#sql.dropPool.run(idBytes(id));
      for (const { id, bytes, receivedMs } of added) this.#sql.addPool.run(idBytes(id), bytes, receivedMs);
      for (const id of settled) this.#sql.dropUndone.run(idBytes(id));
    });
  }

  watchDamage(listener: (cause: string) => void): void {
    this.#onDamage = listener;
  }

  renew(chainId: Uint8Array, genesis: Connection): Result<number, StoreFault> {
    try {
      this.#database.replace();
    } catch (error) {
      // Also what the file system says when the file cannot be moved.
      return fail({
        code: "store-unavailable",
        cause: error instanceof Error ? error.message : String(error),
      });
    }
    this.#sql = this.#prepare();
    this.#isDamaged = false;
    return this.#begin(chainId, genesis);
  }

  // Faults -----------------------------------------------------------------------------------------------------

  #read<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) this.#sawDamage(error.message);
      throw error;
    }
  }

  /** Several steps in one transaction. */
  #together(work: () => void): Written {
    return this.#write(() => {
      this.#isTogether = true;
      try {
        work();
      } finally {
        this.#isTogether = false;
      }
    });
  }

  #write(work: () => unknown): Written {
    if (this.#isTogether) {
      work();
      return ok();
    }
    try {
      this.#database.transaction(work);
      return ok();
    } catch (error) {
      if (isDamage(error)) {
        this.#sawDamage(error.message);
        return fail({ code: "store-unavailable", cause: `the ledger's file is damaged (${error.message})` });
      }
      if (!isDiskFault(error)) throw error;
      return fail({ code: "store-unavailable", cause: error.message });
    }
  }

  #sawDamage(cause: string): void {
    if (this.#isDamaged) return;
    this.#isDamaged = true;
    this.#onDamage(cause);
  }

  // Rows -------------------------------------------------------------------------------------------------------

  #one<Value>(row: Row | undefined, read: (row: Row) => Value): Value | null {
    return row === undefined ? null : read(row);
  }

  #entry(id: BlockId): BlockEntry | null {
    return this.#one(this.#sql.entry.get(idBytes(id)), entryOf);
  }

  *#leaves(
    all: Statements["stateFrom"],
    within: Statements["stateWithin"],
    from: Uint8Array,
    to: Uint8Array | null,
  ): Iterable<readonly [Uint8Array, Uint8Array]> {
    try {
      // What has an end is short, and read at once.
      for (const row of to === null ? all.iterate(from) : within.all(from, to)) {
        yield [bytesOfDigits(row, "key"), bytesOfDigits(row, "value")];
      }
    } catch (error) {
      if (isDamage(error)) this.#sawDamage(error.message);
      throw error;
    }
  }

  /** The row of the block, and what is known of it. */
  #keepHeader(header: NewHeader, invalid: boolean): Row {
    const id = idBytes(header.id);
    this.#sql.addBlock.run(
      id,
      header.height,
      idBytes(header.previous),
      workBytes(header.work),
      header.header,
      header.history,
      invalid ? 1 : 0,
      0,
      blockSum(header, invalid, 0),
    );
    const row = this.#sql.entry.get(id);
    if (row === undefined) throw new Error("a row that was just written is not there");
    return row;
  }

  #keep(block: NewBlock, invalid: boolean): number {
    const kept = this.#keepHeader(block, invalid);
    const row = integer(kept, "row");
    if (integer(kept, "has_body") !== 0) return row;
    const { bytes, ...header } = block;
    const isInvalid = invalid || entryOf(kept).invalid;
    this.#sql.setBlock.run(isInvalid ? 1 : 0, bytes.length, blockSum(header, isInvalid, bytes.length), row);
    this.#sql.addBody.run(row, bytes, bytesSum(bytes));
    this.#sql.bodyCame.run(row);
    const parent = this.#sql.entry.get(idBytes(block.previous));
    if (parent?.["in_reach"] === 1 && integer(kept, "in_reach") === 0)
      this.#gainReach(row, idBytes(block.id));
    return row;
  }

  #gainReach(row: number, id: Uint8Array): void {
    const waiting = [{ row, id }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      this.#sql.setReach.run(1, next.row);
      for (const child of this.#sql.childrenWithBody.all(next.id)) {
        waiting.push({ row: integer(child, "row"), id: blob(child, "id") });
      }
    }
  }

  #loseReach(row: number, id: Uint8Array): void {
    const waiting = [{ row, id }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      this.#sql.setReach.run(0, next.row);
      for (const child of this.#sql.childrenInReach.all(next.id)) {
        waiting.push({ row: integer(child, "row"), id: blob(child, "id") });
      }
    }
  }

  /** @param of with `row` and `id` of the block. */
  #dropBody(of: Row): void {
    const row = integer(of, "row");
    this.#sql.dropBody.run(row);
    this.#sql.bodyGone.run(row);
    if (this.#sql.isBest.get(row) === undefined) this.#loseReach(row, blob(of, "id"));
  }

  #prune({ bodies, undo }: KeepFrom): void {
    this.#sql.oldUndo.run(undo, PRUNED_AT_ONCE);
    for (const row of this.#sql.oldBodies.all(bodies, PRUNED_AT_ONCE)) {
      this.#dropBody(row);
      this.#sql.dropAccountPlaces.run(integer(row, "height"));
    }
  }

  #connect(step: Connection): void {
    const { block } = step;
    const row = this.#keep(block, false);
    if (this.#entry(block.id)?.invalid !== false)
      throw new Error("a block is connected that is marked invalid");
    const miner = step.miner === null ? null : idBytes(step.miner);
    const count = step.transactions.length;
    const sum = bestSum(block.id, block.height, step.miner, step.reward, step.fees, count);
    this.#sql.addBest.run(block.height, row, miner, step.reward, step.fees, count, sum);
    this.#sql.setReach.run(1, row);
    this.#sql.dropUndone.run(idBytes(block.id));
    this.#sql.addUndo.run(block.height, step.undo, bytesSum(step.undo));
    this.#addPlaces(step);
    this.#change(step.changes);
  }

  #addPlaces({ block, transactions }: Filling): void {
    const places = transactions.map(({ id }, index) => ({ id, index }));
    for (const { id, index } of inOrderOfIds(places))
      this.#sql.addPlace.run(idBytes(id), block.height, index);
    const ofAccounts = transactions.flatMap(({ accounts }, index) => accounts.map((id) => ({ id, index })));
    for (const { id, index } of inOrderOfIds(ofAccounts)) {
      this.#sql.addAccountPlace.run(idBytes(id), block.height, index);
    }
  }

  #change(changes: readonly TreeChange[]): void {
    // In order too: half the processor time of a full block's write.
    const inOrder = changes.toSorted((a, b) => compareBytes(a.key, b.key));
    for (const { key, value } of inOrder) {
      if (value === null) this.#sql.dropEntry.run(key);
      else this.#sql.putEntry.run(key, value);
    }
  }

  /** Puts a header, and those that it stands on, into the best chain. @returns the height of what was there already. */
  #branchOff(at: BlockRef): number {
    let id = idBytes(at.id);
    for (;;) {
      const row = this.#sql.entry.get(id);
      if (row === undefined) throw new Error("a snapshot is of a block whose header is not kept");
      const { id: name, height, previous } = entryOf(row);
      if (this.#sql.isBest.get(integer(row, "row")) !== undefined) return height;
      this.#sql.replaceBest.run(
        height,
        integer(row, "row"),
        null,
        0,
        0,
        0,
        bestSum(name, height, null, 0, 0, 0),
      );
      id = idBytes(previous);
    }
  }
}

function leafValue(row: Row | undefined): Uint8Array | null {
  return row === undefined ? null : blob(row, "value");
}

function refOf(row: Row | undefined): BlockRef | null {
  return row === undefined ? null : { id: toHex(blob(row, "id")) as BlockId, height: integer(row, "height") };
}

/** Whether SQLite speaks of the disk and not of us. */
export function isDiskFault(error: unknown): error is Error {
  return isSqliteError(error) && DISK_CODES.has(error.errcode & 0xff);
}

function isSqliteError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

/** Whether the file is no sound one. Extended result codes carry the primary one in their low byte. */
export function isDamage(error: unknown): error is Error {
  if (error instanceof RowDamagedError) return true;
  return isSqliteError(error) && DAMAGE_CODES.has(error.errcode & 0xff);
}
