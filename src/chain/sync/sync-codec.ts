/**
 * Owns the bytes of the sync protocol, `spec/chain.md` section "Sync". One frame is one message: a kind byte, then
 * fixed fields. Knows nothing of when a message is allowed.
 */
import type { BlockId, TxId } from "#base/brand.ts";
import { type ByteReader, ByteWriter, type DecodeFault, decodeWith, fromHex, toHex } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import type { BlockRef } from "#ledger/index.ts";
import {
  BLOCK_BYTES_MAX,
  HEADER_BYTES,
  STATE_VALUE_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
} from "#ledger/limits.ts";
import {
  SNAPSHOT_ENTRIES_BYTES_MAX,
  SNAPSHOT_SIBLINGS_MAX,
  SNAPSHOTS_OFFERED_MAX,
  SYNC_BLOCKS_MAX,
  SYNC_HEADERS_MAX,
  SYNC_LOCATOR_MAX,
  SYNC_POOL_IDS_MAX,
  SYNC_TRANSACTIONS_MAX,
} from "../limits.ts";
import type { SnapshotChunk, SnapshotEntry } from "../snapshots/snapshot-chunk.ts";

/** Carries the version of the messages; the chain id in the hello tells networks apart (decision 0020). */
export const SYNC_PROTOCOL = "/waybill/sync/2";

const HASH_BYTES = 32;

export interface Hello {
  readonly type: "hello";
  readonly chainId: Uint8Array;
  readonly height: number;
  readonly tip: BlockId;
  /** Of the tip's whole chain. */
  readonly work: bigint;
  /** The lowest height from which on every body of the best chain can be had here. */
  readonly bodiesFrom: number;
  /** States that can be had in chunks, newest first. */
  readonly snapshots: readonly BlockRef[];
}

export type SyncMessage =
  | Hello
  /** Newest first; the answer starts after the first that the other side has on its best chain. */
  | { readonly type: "get-headers"; readonly locator: readonly BlockId[] }
  | { readonly type: "headers"; readonly headers: readonly Uint8Array[] }
  /** Answered with a `block` for each id, in order. */
  | { readonly type: "get-blocks"; readonly ids: readonly BlockId[] }
  /** `null`: not kept here. */
  | { readonly type: "block"; readonly bytes: Uint8Array | null }
  | { readonly type: "get-pool" }
  | { readonly type: "pool"; readonly ids: readonly TxId[] }
  | { readonly type: "get-transactions"; readonly ids: readonly TxId[] }
  | { readonly type: "transactions"; readonly transactions: readonly Uint8Array[] }
  /** The chunk in which `key` lies, of the snapshot after block `at`. */
  | { readonly type: "get-chunk"; readonly at: BlockId; readonly key: Uint8Array }
  /** `null`: no such snapshot here. */
  | { readonly type: "chunk"; readonly chunk: SnapshotChunk | null };

/** Position is the kind byte less one: append, never reorder. */
const KINDS = [
  "hello",
  "get-headers",
  "headers",
  "get-blocks",
  "block",
  "get-pool",
  "pool",
  "get-transactions",
  "transactions",
  "get-chunk",
  "chunk",
] as const satisfies readonly SyncMessage["type"][];

function hashOf(id: string): Uint8Array {
  const bytes = fromHex(id);
  if (bytes?.length !== HASH_BYTES) throw new RangeError(`not an id of 32 bytes: ${id}`);
  return bytes;
}

function writeIds(writer: ByteWriter, ids: readonly string[]): void {
  writer.u16(ids.length);
  for (const id of ids) writer.raw(hashOf(id));
}

function writeChunk(writer: ByteWriter, chunk: SnapshotChunk | null): void {
  writer.u8(chunk === null ? 0 : 1);
  if (chunk === null) return;
  writer.raw(chunk.start).u8(chunk.siblings.length);
  for (const sibling of chunk.siblings) writer.raw(sibling);
  writer.u32(chunk.entries.length);
  for (const { key, value } of chunk.entries) writer.raw(key).short(value);
}

/** @throws RangeError when an id is not 32 bytes of hex: a fault of ours. Counts are the caller's to bound. */
export function encodeSyncMessage(message: SyncMessage): Uint8Array {
  const writer = new ByteWriter().u8(KINDS.indexOf(message.type) + 1);
  switch (message.type) {
    case "hello":
      writer.raw(message.chainId).u32(message.height).raw(hashOf(message.tip)).u128(message.work);
      writer.u32(message.bodiesFrom).u8(message.snapshots.length);
      for (const { height, id } of message.snapshots) writer.u32(height).raw(hashOf(id));
      break;
    case "get-headers":
      writeIds(writer, message.locator);
      break;
    case "headers":
      writer.u16(message.headers.length);
      for (const header of message.headers) writer.raw(header);
      break;
    case "get-blocks":
    case "pool":
    case "get-transactions":
      writeIds(writer, message.ids);
      break;
    case "block":
      // No block is empty, so that nothing is the one encoding of "not kept".
      writer.long(message.bytes ?? new Uint8Array(0));
      break;
    case "transactions":
      writer.u16(message.transactions.length);
      for (const bytes of message.transactions) writer.long(bytes);
      break;
    case "get-chunk":
      writer.raw(hashOf(message.at)).raw(message.key);
      break;
    case "chunk":
      writeChunk(writer, message.chunk);
      break;
    case "get-pool":
      break;
  }
  return writer.done();
}

function readCount(reader: ByteReader, max: number, what: string): number {
  const count = reader.u16();
  return count > max ? reader.refuse(`${count} ${what} are above ${max}`) : count;
}

function readMany<Item>(reader: ByteReader, max: number, what: string, read: () => Item): Item[] {
  const count = readCount(reader, max, what);
  const items: Item[] = [];
  for (let at = 0; at < count; at++) items.push(read());
  return items;
}

function readIds<Id extends string>(reader: ByteReader, max: number): Id[] {
  return readMany(reader, max, "ids", () => toHex(reader.raw(HASH_BYTES)) as Id);
}

function readRefs(reader: ByteReader): BlockRef[] {
  const count = reader.u8();
  if (count > SNAPSHOTS_OFFERED_MAX) reader.refuse(`${count} snapshots are above ${SNAPSHOTS_OFFERED_MAX}`);
  const refs: BlockRef[] = [];
  for (let at = 0; at < count; at++) {
    refs.push({ height: reader.u32(), id: toHex(reader.raw(HASH_BYTES)) as BlockId });
  }
  return refs;
}

function readChunk(reader: ByteReader): SnapshotChunk | null {
  const isThere = reader.u8();
  if (isThere > 1) reader.refuse("a chunk is there or it is not");
  if (isThere === 0) return null;
  const start = reader.raw(HASH_BYTES);
  const depth = reader.u8();
  if (depth > SNAPSHOT_SIBLINGS_MAX) reader.refuse(`${depth} siblings are above ${SNAPSHOT_SIBLINGS_MAX}`);
  const siblings: Uint8Array[] = [];
  for (let at = 0; at < depth; at++) siblings.push(reader.raw(HASH_BYTES));
  const count = reader.u32();
  const entries: SnapshotEntry[] = [];
  let bytes = 0;
  for (let at = 0; at < count; at++) {
    const entry = { key: reader.raw(HASH_BYTES), value: reader.short(STATE_VALUE_BYTES_MAX, "value") };
    bytes += HASH_BYTES + 1 + entry.value.length;
    if (bytes > SNAPSHOT_ENTRIES_BYTES_MAX) reader.refuse("a chunk is too large");
    entries.push(entry);
  }
  return { start, siblings, entries };
}

function readMessage(reader: ByteReader): SyncMessage {
  const kind = reader.u8();
  const type = KINDS[kind - 1] ?? reader.refuse(`message kind ${kind} is unknown`);
  switch (type) {
    case "hello":
      return {
        type,
        chainId: reader.raw(HASH_BYTES),
        height: reader.u32(),
        tip: toHex(reader.raw(HASH_BYTES)) as BlockId,
        work: reader.u128(),
        bodiesFrom: reader.u32(),
        snapshots: readRefs(reader),
      };
    case "get-headers":
      return { type, locator: readIds<BlockId>(reader, SYNC_LOCATOR_MAX) };
    case "headers":
      return { type, headers: readMany(reader, SYNC_HEADERS_MAX, "headers", () => reader.raw(HEADER_BYTES)) };
    case "get-blocks":
      return { type, ids: readIds<BlockId>(reader, SYNC_BLOCKS_MAX) };
    case "block": {
      const bytes = reader.long(BLOCK_BYTES_MAX, "block");
      return { type, bytes: bytes.length === 0 ? null : bytes };
    }
    case "get-pool":
      return { type };
    case "pool":
      return { type, ids: readIds<TxId>(reader, SYNC_POOL_IDS_MAX) };
    case "get-transactions":
      return { type, ids: readIds<TxId>(reader, SYNC_TRANSACTIONS_MAX) };
    case "transactions":
      return {
        type,
        transactions: readMany(reader, SYNC_TRANSACTIONS_MAX, "transactions", () =>
          reader.long(TRANSACTION_BYTES_MAX, "transaction"),
        ),
      };
    case "get-chunk":
      return { type, at: toHex(reader.raw(HASH_BYTES)) as BlockId, key: reader.raw(HASH_BYTES) };
    case "chunk":
      return { type, chunk: readChunk(reader) };
  }
}

export function decodeSyncMessage(bytes: Uint8Array): Result<SyncMessage, DecodeFault> {
  return decodeWith(bytes, readMessage);
}
