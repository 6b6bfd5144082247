/**
 * Owns what is saved from a damaged ledger file: blocks and waiting transactions that can still be read, and whose
 * checksums say that they are what was written. Whatever cannot be read is passed over: peers have it, and whether a
 * block is valid is looked at anew when it is connected.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { BlockId } from "#base/brand.ts";
import type { BlockStore, NewBlock, NewHeader } from "#chain/store.ts";
import { blob, bytesSum, entryOf, integer, poolRowOf, type Row } from "./block-rows.ts";

/** Rows that are read at once while all goes well. */
const BATCH = 64;
/** After so many rows in a row that cannot be read, or are not there, the rest is given up. */
const GIVEN_UP_AFTER = 4_096;

/**
 * @param path of the file that was set aside; it is not changed.
 * @param into a store that stands on genesis.
 * @returns how many blocks are kept there now that were not before.
 */
export function salvageBlocks(
  path: string,
  into: Pick<BlockStore, "keep" | "keepHeaders" | "changePool" | "entry">,
): number {
  let damaged: DatabaseSync;
  try {
    damaged = new DatabaseSync(path, { readOnly: true });
  } catch {
    return 0;
  }
  try {
    salvagePool(damaged, into);
    return salvageChain(damaged, into);
  } catch {
    // Not even its tables can be told apart.
    return 0;
  } finally {
    damaged.close();
  }
}

function salvageChain(
  damaged: DatabaseSync,
  into: Pick<BlockStore, "keep" | "keepHeaders" | "entry">,
): number {
  const blocks = damaged.prepare(
    `SELECT b.row, b.arrival, b.id, b.height, b.previous, b.work, b.invalid, b.has_body, b.in_reach, b.header,
       b.history, b.byte_count, b.sum, (SELECT bytes FROM bodies WHERE row = b.row) AS body,
       (SELECT sum FROM bodies WHERE row = b.row) AS body_sum
     FROM blocks b WHERE b.row >= ? AND b.row < ?`,
  );
  let saved = 0;
  for (const row of rowsOf(blocks)) {
    const block = blockOf(row);
    // Without its parent it could not be checked; its own children then have no parent either.
    if (block === null || into.entry(block.header.previous) === null || into.entry(block.header.id) !== null)
      continue;
    const written =
      block.bytes === null
        ? into.keepHeaders([block.header])
        : into.keep({ ...block.header, bytes: block.bytes } satisfies NewBlock, false);
    if (!written.ok) break;
    if (block.bytes !== null) saved += 1;
  }
  return saved;
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
function* rowsOf(statement: StatementSync): Iterable<Row> {
  let missed = 0;
  for (let from = 0; missed < GIVEN_UP_AFTER; from += BATCH) {
    const rows = readRows(statement, from, from + BATCH) ?? oneByOne(statement, from, from + BATCH);
    missed = rows.length === 0 ? missed + BATCH : 0;
    yield* rows;
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

function salvagePool(damaged: DatabaseSync, into: Pick<BlockStore, "changePool">): void {
  let statement: StatementSync;
  try {
    statement = damaged.prepare("SELECT id, bytes, received_ms FROM pool WHERE arrival >= ? AND arrival < ?");
  } catch {
    return;
  }
  for (const row of rowsOf(statement)) {
    try {
      blob(row, "bytes");
      integer(row, "received_ms");
      into.changePool([poolRowOf(row)], []);
    } catch {
      // One that cannot be read is passed over.
    }
  }
}
