/**
 * Owns what is saved from a damaged ledger file: blocks and waiting transactions that can still be read, and whose
 * checksums say that they are what was written. Whatever cannot be read is passed over: peers have it, and whether a
 * block is valid is looked at anew when it is connected.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { BlockId } from "#base/brand.ts";
import { ok, type Result } from "#base/result.ts";
import type { BlockStore, NewHeader, PoolRow, StoreFault, Written } from "#chain/store.ts";
import { bytesSum, entryOf, poolRowOf, type Row } from "./block-rows.ts";

/** Rows that are read at once while all goes well. */
const BATCH = 64;
/** After so many rows in a row that cannot be read, or are not there, the rest is given up. */
const GIVEN_UP_AFTER = 4_096;

type Target = Pick<BlockStore, "keep" | "keepHeaders" | "changePool" | "entry">;
/** Carries out several steps of the target as one. */
type Together = (work: () => void) => Written;

/**
 * @param path of the file that was set aside; it is not changed.
 * @param into a store that stands on genesis.
 * @returns how many blocks are kept there now that were not before; a fault when it is the new file that cannot be written.
 */
export function salvageBlocks(path: string, into: Target, together: Together): Result<number, StoreFault> {
  let damaged: DatabaseSync;
  try {
    damaged = new DatabaseSync(path, { readOnly: true });
  } catch {
    return ok(0);
  }
  try {
    // First: nobody else may have what waits.
    const pool = salvagePool(damaged, into, together);
    return pool.ok ? salvageChain(damaged, into, together) : pool;
  } catch {
    // Not even its tables can be told apart.
    return ok(0);
  } finally {
    damaged.close();
  }
}

function salvageChain(damaged: DatabaseSync, into: Target, together: Together): Result<number, StoreFault> {
  const blocks = damaged.prepare(
    `SELECT b.row, b.arrival, b.id, b.height, b.previous, b.work, b.invalid, b.has_body, b.in_reach, b.header,
       b.history, b.byte_count, b.sum, (SELECT bytes FROM bodies WHERE row = b.row) AS body,
       (SELECT sum FROM bodies WHERE row = b.row) AS body_sum
     FROM blocks b WHERE b.row >= ? AND b.row < ?`,
  );
  let saved = 0;
  for (const rows of batchesOf(blocks)) {
    let added = 0;
    const written = together(() => {
      for (const row of rows) added += keepSound(row, into);
    });
    if (!written.ok) return written;
    saved += added;
  }
  return ok(saved);
}

/** @returns how many bodies were taken over: one or none. */
function keepSound(row: Row, into: Target): number {
  const block = blockOf(row);
  if (block === null || into.entry(block.header.id) !== null) return 0;
  // Without its parent it could not be checked; its own children then have no parent either.
  if (into.entry(block.header.previous) === null) return 0;
  if (block.bytes === null) into.keepHeaders([block.header]);
  else into.keep({ ...block.header, bytes: block.bytes }, false);
  return block.bytes === null ? 0 : 1;
}

/** A header, with its body when that is sound too; `null` when it is not what was written, or was found invalid. */
function blockOf(row: Row): { readonly header: NewHeader; readonly bytes: Uint8Array | null } | null {
  try {
    const { id, height, previous, work, header, history, invalid } = entryOf(row);
    // Whether it was rightly found invalid nobody can say any more: it may have been damage.
    if (invalid) return null;
    const body = row["body"];
    const isSound = body instanceof Uint8Array && bytesSum(body) === row["body_sum"];
    return {
      header: { id: id as BlockId, height, previous, work, header, history },
      bytes: isSound ? body : null,
    };
  } catch {
    return null;
  }
}

/** Rows by their number, in batches, and one by one where a batch cannot be read. */
function* batchesOf(statement: StatementSync): Iterable<readonly Row[]> {
  let missed = 0;
  for (let from = 0; missed < GIVEN_UP_AFTER; from += BATCH) {
    const rows = readRows(statement, from, from + BATCH) ?? oneByOne(statement, from, from + BATCH);
    missed = rows.length === 0 ? missed + BATCH : 0;
    if (rows.length > 0) yield rows;
  }
}

function oneByOne(statement: StatementSync, from: number, to: number): Row[] {
  const rows: Row[] = [];
  for (let at = from; at < to; at++) rows.push(...(readRows(statement, at, at + 1) ?? []));
  return rows;
}

function readRows(statement: StatementSync, from: number, to: number): Row[] | null {
  try {
    return statement.all(from, to);
  } catch {
    return null;
  }
}

function salvagePool(damaged: DatabaseSync, into: Target, together: Together): Written {
  let statement: StatementSync;
  try {
    statement = damaged.prepare("SELECT id, bytes, received_ms FROM pool WHERE arrival >= ? AND arrival < ?");
  } catch {
    return ok();
  }
  for (const rows of batchesOf(statement)) {
    const written = together(() => {
      into.changePool(
        rows.map(soundPoolRow).filter((row) => row !== null),
        [],
        [],
      );
    });
    if (!written.ok) return written;
  }
  return ok();
}

/** Whether its bytes are still that transaction is seen when it is read into the pool. */
function soundPoolRow(row: Row): PoolRow | null {
  try {
    return poolRowOf(row);
  } catch {
    return null;
  }
}
