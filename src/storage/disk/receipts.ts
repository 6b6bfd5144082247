/** Keeps receipts, their batches and the outbox of proofs in SQLite. */
import type {
  BatchMember,
  BatchRecord,
  NewReceipt,
  ReceiptRecord,
  ReceiptRole,
  ReceiptStore,
} from "#anchoring/index.ts";
import type { DeliveryId, PeerId, TxId } from "#base/brand.ts";
import type { Database, Schema } from "./database.ts";
import { bytesOf, integerOf, type Row, textOf } from "./rows.ts";

export const receiptsSchema: Schema = {
  name: "receipts",
  steps: [
    `CREATE TABLE receipt_batches (
       place INTEGER PRIMARY KEY, root TEXT NOT NULL UNIQUE, own INTEGER NOT NULL, tx_id TEXT,
       created_ms INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE INDEX receipt_batches_open ON receipt_batches (place) WHERE settled = 0;
     CREATE TABLE receipts (
       place INTEGER PRIMARY KEY, delivery_id TEXT NOT NULL UNIQUE,
       role TEXT NOT NULL CHECK (role IN ('sender', 'receiver')), peer TEXT NOT NULL, receipt BLOB NOT NULL,
       added_ms INTEGER NOT NULL, root TEXT REFERENCES receipt_batches (root), proof BLOB,
       CHECK ((root IS NULL) = (proof IS NULL))
     ) STRICT;
     CREATE INDEX receipts_unbatched ON receipts (role, place) WHERE root IS NULL;
     CREATE INDEX receipts_root ON receipts (root, place);
     CREATE TABLE receipt_manifests (
       delivery_id TEXT PRIMARY KEY REFERENCES receipts (delivery_id), manifest BLOB NOT NULL
     ) STRICT;
     CREATE TABLE receipt_handovers (
       place INTEGER PRIMARY KEY, delivery_id TEXT NOT NULL UNIQUE REFERENCES receipts (delivery_id),
       peer TEXT NOT NULL
     ) STRICT;
     CREATE INDEX receipt_handovers_peer ON receipt_handovers (peer, place)`,
    // Batches from before are followed again until their proofs are kept as well.
    `CREATE TABLE receipt_kept_proofs (
       root TEXT NOT NULL REFERENCES receipt_batches (root), chain TEXT NOT NULL, proof BLOB NOT NULL,
       PRIMARY KEY (root, chain)
     ) STRICT, WITHOUT ROWID;
     UPDATE receipt_batches SET settled = 0 WHERE settled = 1`,
  ],
};

export function diskReceipts(database: Database): ReceiptStore {
  return {
    ...receiptTable(database),
    ...batchTable(database),
    ...keptProofTable(database),
    ...handoverTable(database),
  };
}

type ReceiptTable = Pick<ReceiptStore, "add" | "get" | "manifest" | "unbatched" | "deliveries">;

function receiptTable(database: Database): ReceiptTable {
  const { sql } = database;
  const insert = sql.prepare(
    `INSERT INTO receipts (delivery_id, role, peer, receipt, added_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (delivery_id) DO NOTHING`,
  );
  const insertManifest = sql.prepare("INSERT INTO receipt_manifests (delivery_id, manifest) VALUES (?, ?)");
  const select = sql.prepare("SELECT * FROM receipts WHERE delivery_id = ?");
  const selectManifest = sql.prepare("SELECT manifest FROM receipt_manifests WHERE delivery_id = ?");
  const unbatched = sql.prepare(
    "SELECT * FROM receipts WHERE root IS NULL AND role = ? AND added_ms <= ? ORDER BY place LIMIT ?",
  );
  const ofRoot = sql.prepare("SELECT delivery_id FROM receipts WHERE root = ? ORDER BY place");
  return {
    add: (receipt: NewReceipt) =>
      database.transaction(() => {
        const { deliveryId, role, peer, addedMs, manifest } = receipt;
        const { changes } = insert.run(deliveryId, role, peer, receipt.receipt, addedMs);
        if (changes === 0) return false;
        if (manifest !== null) insertManifest.run(deliveryId, manifest);
        return true;
      }),
    get(id) {
      const row = select.get(id);
      return row === undefined ? null : receiptOf(row);
    },
    manifest(id) {
      const row = selectManifest.get(id);
      return row === undefined ? null : bytesOf(row, "manifest");
    },
    unbatched: ({ role, addedMsMax, limit }) => unbatched.all(role, addedMsMax, limit).map(receiptOf),
    deliveries: (root) => ofRoot.all(root).map((row) => textOf(row, "delivery_id") as DeliveryId),
  };
}

type BatchTable = Pick<
  ReceiptStore,
  | "createBatch"
  | "batch"
  | "openBatches"
  | "settledBatches"
  | "setTransaction"
  | "setSettled"
  | "takeProof"
  | "dropBatch"
>;

function batchTable(database: Database): BatchTable {
  const { sql } = database;
  const insert = sql.prepare(
    "INSERT INTO receipt_batches (root, own, tx_id, created_ms) VALUES (?, ?, ?, ?)",
  );
  const select = sql.prepare("SELECT * FROM receipt_batches WHERE root = ?");
  const selectOpen = sql.prepare("SELECT * FROM receipt_batches WHERE settled = 0 ORDER BY place");
  const selectSettled = sql.prepare(
    "SELECT * FROM receipt_batches WHERE settled = 1 ORDER BY place DESC LIMIT ?",
  );
  const setTxId = sql.prepare("UPDATE receipt_batches SET tx_id = ?, settled = 0 WHERE root = ?");
  const setSettled = sql.prepare("UPDATE receipt_batches SET settled = ? WHERE root = ?");
  const setNamed = sql.prepare(
    "UPDATE receipt_batches SET tx_id = ?, created_ms = ?, settled = 0 WHERE root = ? AND own = 0",
  );
  const joinNew = sql.prepare(
    "UPDATE receipts SET root = ?, proof = ? WHERE delivery_id = ? AND root IS NULL",
  );
  const join = sql.prepare("UPDATE receipts SET root = ?, proof = ? WHERE delivery_id = ?");
  const queue = sql.prepare(
    `INSERT INTO receipt_handovers (delivery_id, peer)
     SELECT delivery_id, peer FROM receipts WHERE root = ? AND role = 'sender' ORDER BY place
     ON CONFLICT (delivery_id) DO NOTHING`,
  );
  const leave = sql.prepare("UPDATE receipts SET root = NULL, proof = NULL WHERE root = ?");
  const remove = sql.prepare("DELETE FROM receipt_batches WHERE root = ?");
  const removeProofs = sql.prepare("DELETE FROM receipt_kept_proofs WHERE root = ?");
  const batch = (root: string): BatchRecord | null => {
    const row = select.get(root);
    return row === undefined ? null : batchOf(row);
  };
  return {
    createBatch: (root: string, createdMs: number, members: readonly BatchMember[]) =>
      database.transaction(() => {
        insert.run(root, 1, null, createdMs);
        for (const { deliveryId, proof } of members) {
          const { changes } = joinNew.run(root, proof, deliveryId);
          if (changes !== 1) throw new Error(`receipt ${deliveryId} is not there, or in a batch already`);
        }
      }),
    batch,
    openBatches: () => selectOpen.all().map(batchOf),
    settledBatches: (limit) => selectSettled.all(limit).map(batchOf),
    setTransaction: (root, txId) =>
      database.transaction(() => {
        setTxId.run(txId, root);
        if (txId !== null && batch(root)?.own === true) queue.run(root);
      }),
    setSettled: (root, settled) => void setSettled.run(settled ? 1 : 0, root),
    takeProof: ({ deliveryId, root, txId, proof, nowMs }) =>
      database.transaction(() => {
        const known = batch(root);
        if (known === null) insert.run(root, 0, txId, nowMs);
        else if (known.txId !== txId) setNamed.run(txId, nowMs, root);
        join.run(root, proof, deliveryId);
      }),
    dropBatch: (root) =>
      database.transaction(() => {
        leave.run(root);
        removeProofs.run(root);
        remove.run(root);
      }),
  };
}

function keptProofTable({ sql }: Database): Pick<ReceiptStore, "keptProof" | "keepProof"> {
  const select = sql.prepare("SELECT proof FROM receipt_kept_proofs WHERE root = ? AND chain = ?");
  const put = sql.prepare("INSERT OR REPLACE INTO receipt_kept_proofs (root, chain, proof) VALUES (?, ?, ?)");
  return {
    keptProof(root, chain) {
      const row = select.get(root, chain);
      return row === undefined ? null : bytesOf(row, "proof");
    },
    keepProof: (root, chain, proof) => void put.run(root, chain, proof),
  };
}

type HandoverTable = Pick<ReceiptStore, "handovers" | "peersWithHandovers" | "handedOver">;

function handoverTable({ sql }: Database): HandoverTable {
  const ofPeer = sql.prepare(
    "SELECT delivery_id, peer FROM receipt_handovers WHERE peer = ? ORDER BY place LIMIT ?",
  );
  const peers = sql.prepare("SELECT DISTINCT peer FROM receipt_handovers ORDER BY peer");
  const done = sql.prepare(
    `DELETE FROM receipt_handovers WHERE delivery_id = ?1 AND EXISTS (
       SELECT 1 FROM receipts JOIN receipt_batches USING (root)
       WHERE delivery_id = ?1 AND receipt_batches.tx_id = ?2)`,
  );
  return {
    handovers: (peer, limit) =>
      ofPeer.all(peer, limit).map((row) => ({
        deliveryId: textOf(row, "delivery_id") as DeliveryId,
        peer: textOf(row, "peer") as PeerId,
      })),
    peersWithHandovers: () => peers.all().map((row) => textOf(row, "peer") as PeerId),
    handedOver: (id: DeliveryId, txId: TxId) => void done.run(id, txId),
  };
}

function receiptOf(row: Row): ReceiptRecord {
  return {
    deliveryId: textOf(row, "delivery_id") as DeliveryId,
    role: textOf(row, "role") as ReceiptRole,
    peer: textOf(row, "peer") as PeerId,
    receipt: bytesOf(row, "receipt"),
    addedMs: integerOf(row, "added_ms"),
    root: row["root"] === null ? null : textOf(row, "root"),
    proof: row["proof"] === null ? null : bytesOf(row, "proof"),
  };
}

function batchOf(row: Row): BatchRecord {
  return {
    root: textOf(row, "root"),
    own: integerOf(row, "own") === 1,
    txId: row["tx_id"] === null ? null : (textOf(row, "tx_id") as TxId),
    createdMs: integerOf(row, "created_ms"),
    settled: integerOf(row, "settled") === 1,
  };
}
