/**
 * Owns the bytes in which the place of a transaction in its block is kept aside from the ledger, which may drop the
 * block (`spec/anchoring.md`, "Kept proofs"), and the check that such a place proves a batch. Pure.
 */
import type { BlockId, TxId } from "#base/brand.ts";
import { ByteWriter, type DecodeFault, decodeWith, toHex } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { verifyInclusion } from "#crypto/merkle.ts";
import { blockIdOfHeader, decodeHeader, decodeTransaction, HEADER_BYTES, txIdOf } from "#ledger/index.ts";
import { readPlace, WAYBILL_TRANSACTION_BYTES_MAX, writePlace } from "#receipts/index.ts";
import type { LedgerInclusion } from "./types.ts";

const VERSION = 1;

/** An inclusion that was checked: its transaction records the root, and its header commits to the transaction. */
export interface ProvenAnchor {
  readonly inclusion: LedgerInclusion;
  readonly txId: TxId;
  readonly blockId: BlockId;
  readonly height: number;
  /** Seconds since the Unix epoch. */
  readonly blockTime: number;
}

/** @throws RangeError when a field does not have its size, which is a fault of ours. */
export function encodeInclusion(inclusion: LedgerInclusion): Uint8Array {
  const { transactionBytes, headerBytes } = inclusion;
  if (transactionBytes.length > WAYBILL_TRANSACTION_BYTES_MAX || headerBytes.length !== HEADER_BYTES) {
    throw new RangeError("transaction or header of an impossible size");
  }
  const writer = new ByteWriter().u8(VERSION).short(transactionBytes);
  writePlace(writer, inclusion);
  return writer.raw(headerBytes).done();
}

export function decodeInclusion(bytes: Uint8Array): Result<LedgerInclusion, DecodeFault> {
  return decodeWith(bytes, (reader) => {
    if (reader.u8() !== VERSION) reader.refuse("version of a kept proof is not 1");
    const transactionBytes = reader.short(WAYBILL_TRANSACTION_BYTES_MAX, "transaction");
    return { transactionBytes, ...readPlace(reader), headerBytes: reader.raw(HEADER_BYTES) };
  });
}

/** `null` when it does not prove that its block records the root. @param root 64 hex digits. */
export function provenAnchor(inclusion: LedgerInclusion, root: string): ProvenAnchor | null {
  const { transactionBytes, headerBytes, index, count, path } = inclusion;
  const transaction = decodeTransaction(transactionBytes);
  const header = decodeHeader(headerBytes);
  if (!transaction.ok || !header.ok) return null;
  const { type } = transaction.value;
  if ((type !== "anchor" && type !== "stamped-anchor") || toHex(transaction.value.root) !== root) return null;
  const { txRoot, height, time } = header.value;
  if (!verifyInclusion({ leaf: transactionBytes, index, count, path }, txRoot)) return null;
  return {
    inclusion,
    txId: txIdOf(transaction.value),
    blockId: blockIdOfHeader(headerBytes),
    height,
    blockTime: time,
  };
}
