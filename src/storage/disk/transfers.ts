/** Keeps transfers in SQLite: history, manifests, what is unfinished, and receipts not yet taken. */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { NewTransfer, StoredTransfer, TransferStore } from "#transfer/index.ts";
import type { Database, Schema } from "./database.ts";
import {
  bytesOf,
  decoded,
  integerOf,
  problemOf,
  problemText,
  type ReceiptCodec,
  type Row,
  textOf,
} from "./rows.ts";
import { orderSeries, SLIP_ORDER_TABLE } from "./slip-order.ts";

const UNFINISHED = "(notice IS NOT NULL OR phase NOT IN ('receipted', 'declined', 'cancelled', 'failed'))";

/** Paths of sources and places stand as JSON in one column: they are read whole and never searched. */
export const transfersSchema: Schema = {
  name: "transfers",
  steps: [
    `${SLIP_ORDER_TABLE}
     CREATE TABLE transfers (
       place INTEGER PRIMARY KEY, delivery_id TEXT NOT NULL UNIQUE, peer TEXT NOT NULL,
       direction TEXT NOT NULL CHECK (direction IN ('in', 'out')), phase TEXT NOT NULL,
       title TEXT NOT NULL, file_count INTEGER NOT NULL, bytes INTEGER NOT NULL, created_ms INTEGER NOT NULL,
       dispatch BLOB NOT NULL, completion BLOB, reason TEXT, notice TEXT, resumed_from_bytes INTEGER NOT NULL,
       folder TEXT, paths TEXT NOT NULL, taken INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE INDEX transfers_peer ON transfers (peer, place);
     CREATE INDEX transfers_unfinished ON transfers (place) WHERE ${UNFINISHED};
     CREATE INDEX transfers_untaken ON transfers (place) WHERE phase = 'receipted' AND taken = 0;
     CREATE TABLE manifests (place INTEGER PRIMARY KEY REFERENCES transfers, bytes BLOB NOT NULL) STRICT`,
  ],
};

/** @param codec of `receipts`. */
export function diskTransfers(database: Database, codec: ReceiptCodec): TransferStore {
  const run = prepare(database);
  const nextOrder = orderSeries(database);
  const read = (row: Row) => transferOf(row, codec);

  const find = (id: DeliveryId): StoredTransfer | null => {
    const row = run.select.get(id);
    return row === undefined ? null : read(row);
  };

  return {
    add: (transfer, manifest) =>
      database.transaction(() => {
        const order = nextOrder();
        const { deliveryId, peer, direction, title, fileCount, bytes, createdMs, dispatch } = transfer;
        const fixed = [deliveryId, peer, direction, title, fileCount, bytes, createdMs] as const;
        run.insert.run(order, ...fixed, codec.encodeDispatch(dispatch), ...changeable(transfer, codec));
        run.insertManifest.run(order, manifest);
        return { ...transfer, order };
      }),
    change: (id, change) =>
      database.transaction(() => {
        const transfer = find(id);
        if (transfer === null) throw new Error(`no transfer ${id}`);
        // Phases of one side never meet a record of the other: each side changes only its own.
        const changed = { ...transfer, ...change } as StoredTransfer;
        run.update.run(...changeable(changed, codec), id);
        return changed;
      }),
    get: find,
    manifest(id) {
      const row = run.selectManifest.get(id);
      return row === undefined ? null : bytesOf(row, "bytes");
    },
    history({ peer, before = Number.MAX_SAFE_INTEGER, limit }) {
      const rows =
        peer === undefined ? run.historyOfAll.all(before, limit) : run.historyOfPeer.all(peer, before, limit);
      return rows.map(read);
    },
    unfinished: () => run.unfinished.all().map(read),
    peers: () => run.allPeers.all().map((row) => textOf(row, "peer") as PeerId),
    countIncoming: (peer, afterOrder) => integerOf(run.countIn.get(peer, afterOrder) ?? {}, "n"),
    untaken: (limit) => run.untaken.all(limit).map(read),
    markTaken: (id) => {
      run.markTaken.run(id);
    },
  };
}

function prepare({ sql }: Database) {
  return {
    insert: sql.prepare(
      `INSERT INTO transfers (place, delivery_id, peer, direction, title, file_count, bytes, created_ms, dispatch,
       phase, completion, reason, notice, resumed_from_bytes, folder, paths)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertManifest: sql.prepare("INSERT INTO manifests (place, bytes) VALUES (?, ?)"),
    update: sql.prepare(
      `UPDATE transfers SET phase = ?, completion = ?, reason = ?, notice = ?, resumed_from_bytes = ?, folder = ?,
       paths = ? WHERE delivery_id = ?`,
    ),
    select: sql.prepare("SELECT * FROM transfers WHERE delivery_id = ?"),
    selectManifest: sql.prepare(
      "SELECT manifests.bytes FROM manifests JOIN transfers USING (place) WHERE delivery_id = ?",
    ),
    historyOfAll: sql.prepare("SELECT * FROM transfers WHERE place < ? ORDER BY place DESC LIMIT ?"),
    historyOfPeer: sql.prepare(
      "SELECT * FROM transfers WHERE peer = ? AND place < ? ORDER BY place DESC LIMIT ?",
    ),
    unfinished: sql.prepare(`SELECT * FROM transfers WHERE ${UNFINISHED} ORDER BY place`),
    allPeers: sql.prepare("SELECT DISTINCT peer FROM transfers ORDER BY peer"),
    countIn: sql.prepare(
      "SELECT count(*) AS n FROM transfers WHERE peer = ? AND place > ? AND direction = 'in'",
    ),
    untaken: sql.prepare(
      "SELECT * FROM transfers WHERE phase = 'receipted' AND taken = 0 ORDER BY place LIMIT ?",
    ),
    markTaken: sql.prepare("UPDATE transfers SET taken = 1 WHERE delivery_id = ? AND phase = 'receipted'"),
  };
}

/** The columns that may change, in the order of both statements. */
function changeable(transfer: NewTransfer, codec: ReceiptCodec) {
  const { phase, completion, reason, notice, resumedFromBytes } = transfer;
  const incoming = transfer.direction === "in";
  const paths = incoming
    ? { placements: transfer.placements }
    : { sources: transfer.sources, skipped: transfer.skipped };
  return [
    phase,
    completion === null ? null : codec.encodeCompletion(completion),
    problemText(reason),
    notice,
    resumedFromBytes,
    incoming ? transfer.folder : null,
    JSON.stringify(paths),
  ] as const;
}

function transferOf(row: Row, codec: ReceiptCodec): StoredTransfer {
  const direction = textOf(row, "direction");
  const common = {
    deliveryId: textOf(row, "delivery_id"),
    peer: textOf(row, "peer"),
    direction,
    phase: textOf(row, "phase"),
    order: integerOf(row, "place"),
    title: textOf(row, "title"),
    fileCount: integerOf(row, "file_count"),
    bytes: integerOf(row, "bytes"),
    createdMs: integerOf(row, "created_ms"),
    dispatch: decoded(codec.decodeDispatch(bytesOf(row, "dispatch"))),
    completion:
      row["completion"] === null ? null : decoded(codec.decodeCompletion(bytesOf(row, "completion"))),
    reason: problemOf(row, "reason"),
    notice: row["notice"],
    resumedFromBytes: integerOf(row, "resumed_from_bytes"),
  };
  const folder = direction === "in" ? { folder: row["folder"] } : {};
  // Written by `changeable`, so that the columns together have the shape that they were taken from.
  return { ...common, ...folder, ...JSON.parse(textOf(row, "paths")) } as StoredTransfer;
}
