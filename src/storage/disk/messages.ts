/** Keeps messages in SQLite: history, outbox, numbers of each conversation, and receipts not yet taken. */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Message, MessageState, MessageStore, NewMessage } from "#messaging/index.ts";
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

export const messagesSchema: Schema = {
  name: "messages",
  steps: [
    `${SLIP_ORDER_TABLE}
     CREATE TABLE messages (
       place INTEGER PRIMARY KEY, delivery_id TEXT NOT NULL UNIQUE, peer TEXT NOT NULL,
       direction TEXT NOT NULL CHECK (direction IN ('in', 'out')), text TEXT NOT NULL,
       state TEXT NOT NULL CHECK (state IN ('queued', 'receipted', 'failed')), reason TEXT,
       created_ms INTEGER NOT NULL, dispatch BLOB NOT NULL, completion BLOB, taken INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE INDEX messages_peer ON messages (peer, place);
     CREATE INDEX messages_queued ON messages (peer, place) WHERE state = 'queued';
     CREATE INDEX messages_untaken ON messages (place) WHERE state = 'receipted' AND taken = 0;
     CREATE TABLE message_numbers (
       peer TEXT PRIMARY KEY, next_out INTEGER NOT NULL DEFAULT 1, next_in INTEGER NOT NULL DEFAULT 1
     ) STRICT, WITHOUT ROWID`,
  ],
};

/** @param codec of `receipts`. */
export function diskMessages(database: Database, codec: ReceiptCodec): MessageStore {
  const run = prepare(database);
  const nextOrder = orderSeries(database);
  const read = (row: Row) => messageOf(row, codec);

  const existing = (id: DeliveryId): Message => {
    const row = run.select.get(id);
    if (row === undefined) throw new Error(`no message ${id}`);
    return read(row);
  };
  const add = (message: NewMessage): Message => {
    const order = nextOrder();
    const { deliveryId, peer, direction, text, state, reason, createdMs, dispatch, completion } = message;
    const signed = completion === null ? null : codec.encodeCompletion(completion);
    const fields = [deliveryId, peer, direction, text, state, problemText(reason), createdMs] as const;
    run.insert.run(order, ...fields, codec.encodeDispatch(dispatch), signed);
    return { ...message, order };
  };

  return {
    numbers(peer) {
      const row = run.selectNumbers.get(peer);
      if (row === undefined) return { nextOut: 1, nextIn: 1 };
      return { nextOut: integerOf(row, "next_out"), nextIn: integerOf(row, "next_in") };
    },
    addOutgoing: (message) => database.transaction(() => add(message)),
    addIncoming: (message, nextIn) =>
      database.transaction(() => {
        run.setNextIn.run(message.peer, nextIn);
        return add(message);
      }),
    complete: (id, completion, nextOut) =>
      database.transaction(() => {
        const changes = run.complete.run(codec.encodeCompletion(completion), id).changes;
        if (changes !== 1) throw new Error(`message ${id} is not queued`);
        const message = existing(id);
        run.setNextOut.run(message.peer, nextOut);
        return message;
      }),
    fail: (id, reason) =>
      database.transaction(() => {
        if (run.setFailed.run(problemText(reason), id).changes !== 1)
          throw new Error(`message ${id} is not queued`);
        return existing(id);
      }),
    setNextOut: (peer, nextOut) => {
      run.setNextOut.run(peer, nextOut);
    },
    get(id) {
      const row = run.select.get(id);
      return row === undefined ? null : read(row);
    },
    history({ peer, before = Number.MAX_SAFE_INTEGER, limit }) {
      const rows =
        peer === undefined ? run.historyOfAll.all(before, limit) : run.historyOfPeer.all(peer, before, limit);
      return rows.map(read);
    },
    outbox: (peer, limit) => run.outbox.all(peer, limit).map(read),
    outboxLength: (peer) => integerOf(run.countQueued.get(peer) ?? {}, "n"),
    outboxPeers: () => run.queuedPeers.all().map(peerOf),
    peers: () => run.allPeers.all().map(peerOf),
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
      `INSERT INTO messages
       (place, delivery_id, peer, direction, text, state, reason, created_ms, dispatch, completion)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    select: sql.prepare("SELECT * FROM messages WHERE delivery_id = ?"),
    selectNumbers: sql.prepare("SELECT next_out, next_in FROM message_numbers WHERE peer = ?"),
    setNextIn: sql.prepare(
      `INSERT INTO message_numbers (peer, next_in) VALUES (?, ?)
     ON CONFLICT (peer) DO UPDATE SET next_in = excluded.next_in`,
    ),
    setNextOut: sql.prepare(
      `INSERT INTO message_numbers (peer, next_out) VALUES (?, ?)
     ON CONFLICT (peer) DO UPDATE SET next_out = excluded.next_out`,
    ),
    complete: sql.prepare(
      `UPDATE messages SET state = 'receipted', completion = ?
     WHERE delivery_id = ? AND direction = 'out' AND state = 'queued'`,
    ),
    setFailed: sql.prepare(
      `UPDATE messages SET state = 'failed', reason = ?
     WHERE delivery_id = ? AND direction = 'out' AND state = 'queued'`,
    ),
    historyOfAll: sql.prepare("SELECT * FROM messages WHERE place < ? ORDER BY place DESC LIMIT ?"),
    historyOfPeer: sql.prepare(
      "SELECT * FROM messages WHERE peer = ? AND place < ? ORDER BY place DESC LIMIT ?",
    ),
    outbox: sql.prepare("SELECT * FROM messages WHERE peer = ? AND state = 'queued' ORDER BY place LIMIT ?"),
    countQueued: sql.prepare("SELECT count(*) AS n FROM messages WHERE peer = ? AND state = 'queued'"),
    queuedPeers: sql.prepare("SELECT DISTINCT peer FROM messages WHERE state = 'queued' ORDER BY peer"),
    allPeers: sql.prepare("SELECT DISTINCT peer FROM messages ORDER BY peer"),
    countIn: sql.prepare(
      "SELECT count(*) AS n FROM messages WHERE peer = ? AND place > ? AND direction = 'in'",
    ),
    untaken: sql.prepare(
      "SELECT * FROM messages WHERE state = 'receipted' AND taken = 0 ORDER BY place LIMIT ?",
    ),
    markTaken: sql.prepare("UPDATE messages SET taken = 1 WHERE delivery_id = ? AND state = 'receipted'"),
  };
}

function peerOf(row: Row): PeerId {
  return textOf(row, "peer") as PeerId;
}

function messageOf(row: Row, codec: ReceiptCodec): Message {
  return {
    deliveryId: textOf(row, "delivery_id") as DeliveryId,
    peer: peerOf(row),
    direction: textOf(row, "direction") as "in" | "out",
    order: integerOf(row, "place"),
    text: textOf(row, "text"),
    state: textOf(row, "state") as MessageState,
    reason: problemOf(row, "reason"),
    createdMs: integerOf(row, "created_ms"),
    dispatch: decoded(codec.decodeDispatch(bytesOf(row, "dispatch"))),
    completion:
      row["completion"] === null ? null : decoded(codec.decodeCompletion(bytesOf(row, "completion"))),
  };
}
