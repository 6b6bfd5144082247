/**
 * Owns the bytes of the sync protocol, `spec/chain.md` section "Sync". One frame is one message: a kind byte, then
 * fixed fields. Knows nothing of when a message is allowed.
 */
import type { BlockId, TxId } from "#base/brand.ts";
import { type ByteReader, ByteWriter, type DecodeFault, decodeWith, fromHex, toHex } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { BLOCK_BYTES_MAX, HEADER_BYTES, TRANSACTION_BYTES_MAX } from "#ledger/limits.ts";
import {
  SYNC_BLOCKS_MAX,
  SYNC_HEADERS_MAX,
  SYNC_LOCATOR_MAX,
  SYNC_POOL_IDS_MAX,
  SYNC_TRANSACTIONS_MAX,
} from "./limits.ts";

/** Carries the version of the messages; the chain id in the hello tells networks apart (decision 0020). */
export const SYNC_PROTOCOL = "/waybill/sync/1";

const HASH_BYTES = 32;

export interface Hello {
  readonly type: "hello";
  readonly chainId: Uint8Array;
  readonly height: number;
  readonly tip: BlockId;
  /** Of the tip's whole chain. */
  readonly work: bigint;
}

export type SyncMessage =
  | Hello
  /** Newest first; the answer starts after the first that the other side has on its best chain. */
  | { readonly type: "get-headers"; readonly locator: readonly BlockId[] }
  | { readonly type: "headers"; readonly headers: readonly Uint8Array[] }
  | { readonly type: "get-blocks"; readonly ids: readonly BlockId[] }
  /** The first blocks of those asked for, in order; fewer when the frame is full or one is not there. */
  | { readonly type: "blocks"; readonly blocks: readonly Uint8Array[] }
  | { readonly type: "get-pool" }
  | { readonly type: "pool"; readonly ids: readonly TxId[] }
  | { readonly type: "get-transactions"; readonly ids: readonly TxId[] }
  | { readonly type: "transactions"; readonly transactions: readonly Uint8Array[] };

/** Position is the kind byte less one: append, never reorder. */
const KINDS = [
  "hello",
  "get-headers",
  "headers",
  "get-blocks",
  "blocks",
  "get-pool",
  "pool",
  "get-transactions",
  "transactions",
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

function writeLongs(writer: ByteWriter, items: readonly Uint8Array[]): void {
  writer.u16(items.length);
  for (const item of items) writer.long(item);
}

/** @throws RangeError when an id is not 32 bytes of hex: a fault of ours. Counts are the caller's to bound. */
export function encodeSyncMessage(message: SyncMessage): Uint8Array {
  const writer = new ByteWriter().u8(KINDS.indexOf(message.type) + 1);
  switch (message.type) {
    case "hello":
      writer.raw(message.chainId).u32(message.height).raw(hashOf(message.tip)).u128(message.work);
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
    case "blocks":
      writeLongs(writer, message.blocks);
      break;
    case "transactions":
      writeLongs(writer, message.transactions);
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
      };
    case "get-headers":
      return { type, locator: readIds<BlockId>(reader, SYNC_LOCATOR_MAX) };
    case "headers":
      return { type, headers: readMany(reader, SYNC_HEADERS_MAX, "headers", () => reader.raw(HEADER_BYTES)) };
    case "get-blocks":
      return { type, ids: readIds<BlockId>(reader, SYNC_BLOCKS_MAX) };
    case "blocks":
      return {
        type,
        blocks: readMany(reader, SYNC_BLOCKS_MAX, "blocks", () => reader.long(BLOCK_BYTES_MAX, "block")),
      };
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
  }
}

export function decodeSyncMessage(bytes: Uint8Array): Result<SyncMessage, DecodeFault> {
  return decodeWith(bytes, readMessage);
}
