/**
 * Owns how rows of the block store are written and read back: columns, byte orders, and a checksum over each row that
 * nothing else would show to be damaged. SQLite has none of its own: a flipped bit in a blob reads as any other.
 */
import { crc32 } from "node:zlib";
import type { AccountId, BlockId, TxId } from "#base/brand.ts";
import { fromHex, toHex } from "#base/bytes.ts";
import type { BestBlock, BlockEntry, NewHeader, Place, PoolRow } from "#chain/store.ts";

export type Row = Record<string, unknown>;

/** A row is not the one that was written. */
export class RowDamagedError extends Error {
  constructor(table: string) {
    super(`a row of ${table} is not what was written`);
    this.name = "RowDamagedError";
  }
}

/** Thousands a block: a piece of Node's pool costs a third of an array of its own. */
export function idBytes(id: string): Uint8Array {
  const bytes = Buffer.from(id, "hex");
  if (bytes.length !== 32 || id.length !== 64) throw new RangeError(`not an id of 32 bytes: ${id}`);
  return bytes;
}

/** Rows in the order of their keys, which are ids: each page of a table is then gone to once. */
export function inOrderOfIds<Item extends { readonly id: string }>(items: readonly Item[]): readonly Item[] {
  return items.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** Big-endian, so that SQLite's order of blobs is the order of numbers. */
export function workBytes(work: bigint): Uint8Array {
  const hex = work.toString(16).padStart(32, "0");
  if (hex.length !== 32) throw new RangeError(`chain work above 2^128: ${hex}`);
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

export function blob(row: Row, name: string): Uint8Array {
  const value = row[name];
  if (!(value instanceof Uint8Array)) throw new RowDamagedError(`column ${name}`);
  return value;
}

/** Of a column read as lower-case hex digits. */
export function bytesOfDigits(row: Row, name: string): Uint8Array {
  const value = row[name];
  const bytes = typeof value === "string" ? fromHex(value) : null;
  if (bytes === null) throw new RowDamagedError(`column ${name}`);
  return bytes;
}

export function integer(row: Row, name: string): number {
  const value = row[name];
  if (typeof value !== "number") throw new RowDamagedError(`column ${name}`);
  return value;
}

export function idOf(row: Row, name = "id"): string {
  return toHex(blob(row, name));
}

/** CRC-32 (ISO 3309, as in zlib): the damage is chance, not malice. */
export function bytesSum(bytes: Uint8Array): number {
  return crc32(bytes);
}

export function blockSum(header: NewHeader, invalid: boolean, byteCount: number): number {
  const { id, height, previous, work } = header;
  const words = crc32(`${id} ${height} ${previous} ${work} ${invalid} ${byteCount}`);
  return crc32(header.history, crc32(header.header, words));
}

export function bestSum(
  id: string,
  height: number,
  miner: string | null,
  reward: number,
  fees: number,
  count: number,
): number {
  return crc32(`${id} ${height} ${miner} ${reward} ${fees} ${count}`);
}

/** @throws RowDamagedError */
export function entryOf(row: Row): BlockEntry {
  const entry = {
    arrival: row["arrival"] === null ? null : integer(row, "arrival"),
    id: idOf(row) as BlockId,
    height: integer(row, "height"),
    previous: idOf(row, "previous") as BlockId,
    work: BigInt(`0x${idOf(row, "work")}`),
    invalid: integer(row, "invalid") !== 0,
    hasBody: integer(row, "has_body") !== 0,
    isWithinReach: integer(row, "in_reach") !== 0,
    header: blob(row, "header"),
    history: blob(row, "history"),
    byteCount: integer(row, "byte_count"),
  };
  if (blockSum(entry, entry.invalid, entry.byteCount) !== integer(row, "sum")) {
    throw new RowDamagedError("blocks");
  }
  return entry;
}

/** @throws RowDamagedError */
export function bestOf(row: Row): BestBlock {
  const entry = entryOf(row);
  const best = {
    ...entry,
    miner: row["miner"] === null ? null : (idOf(row, "miner") as AccountId),
    reward: integer(row, "reward"),
    fees: integer(row, "fees"),
    transactionCount: integer(row, "transactions"),
  };
  const { miner, reward, fees, transactionCount } = best;
  // The height of the row in `best` is not read, so that a wrong one shows as a sum that differs.
  const sum = bestSum(entry.id, entry.height, miner, reward, fees, transactionCount);
  if (sum !== integer(row, "best_sum")) throw new RowDamagedError("best");
  return best;
}

export function placeOf(row: Row): Place {
  return { height: integer(row, "height"), index: integer(row, "position") };
}

/** @throws RowDamagedError */
export function poolRowOf(row: Row): PoolRow {
  const id = idOf(row);
  // All that is done about it is done by this name.
  if (id.length !== 64) throw new RowDamagedError("pool");
  return { id: id as TxId, bytes: blob(row, "bytes"), receivedMs: integer(row, "received_ms") };
}
