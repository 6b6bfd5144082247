/** Owns a header as the parent of the next: with its id, and the history tree that the next one commits to. */
import type { BlockId } from "#base/brand.ts";
import { ByteReader, ByteWriter, fromHex } from "#base/bytes.ts";
import { appendLeaf, type Peaks } from "#crypto/merkle.ts";
import { blockIdOfHeader, HEADER_BYTES, type Header } from "#ledger/index.ts";

export interface HeaderPoint {
  readonly id: BlockId;
  readonly header: Header;
  /** Over all headers up to this one, itself included. */
  readonly history: Peaks;
}

export function historyAfter(before: Peaks, id: BlockId): Peaks {
  const leaf = fromHex(id);
  if (leaf === null) throw new Error(`not a block id: ${id}`);
  return appendLeaf(before, leaf);
}

/** u32 count, then its peaks, 32 bytes each. */
export function encodeHistory(history: Peaks): Uint8Array {
  const writer = new ByteWriter().u32(history.count);
  for (const hash of history.hashes) writer.raw(hash);
  return writer.done();
}

/** Of our own store only. @throws when the bytes are not what {@link encodeHistory} writes: the store is damaged. */
export function decodeHistory(bytes: Uint8Array): Peaks {
  const reader = new ByteReader(bytes);
  const count = reader.u32();
  const hashes: Uint8Array[] = [];
  for (let rest = count; rest > 0; rest = Math.floor(rest / 2))
    if (rest % 2 === 1) hashes.push(reader.raw(32));
  if (reader.left > 0) reader.refuse("bytes follow the peaks");
  return { count, hashes };
}

/** The id in the first bytes of an encoded block; `null` when they are too few. */
export function blockIdOfBytes(bytes: Uint8Array): BlockId | null {
  return bytes.length < HEADER_BYTES ? null : blockIdOfHeader(bytes.subarray(0, HEADER_BYTES));
}
