/**
 * Owns the bytes of the block-parts protocol, `spec/chain.md` section "Compact blocks": one question, one answer, one
 * stream. Knows nothing of who asks whom.
 */
import type { BlockId } from "#base/brand.ts";
import { type ByteReader, ByteWriter, type DecodeFault, decodeWith, fromHex, toHex } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { BLOCK_BYTES_MAX, BLOCK_SIGNATURES_MAX, TRANSACTION_BYTES_MAX } from "#ledger/limits.ts";

export const BLOCK_PARTS_PROTOCOL = "/waybill/block-parts/1";
/** A whole block and its framing; so many single transactions take no more. */
export const BLOCK_PARTS_FRAME_BYTES_MAX = BLOCK_BYTES_MAX + 4 * BLOCK_SIGNATURES_MAX;

export type BlockPartsQuestion =
  /** Transactions of a block by their positions, ascending and at least one. */
  | { readonly type: "get-parts"; readonly id: BlockId; readonly positions: readonly number[] }
  | { readonly type: "get-whole"; readonly id: BlockId };

export type BlockPartsAnswer =
  /** In the order asked for, all of them. */
  | { readonly type: "parts"; readonly transactions: readonly Uint8Array[] }
  | { readonly type: "whole"; readonly block: Uint8Array }
  /** Neither kept here nor being put together, or without such positions. */
  | { readonly type: "not-here" };

/** Positions in a block: its coinbase and all signed ones. */
const POSITIONS_MAX = BLOCK_SIGNATURES_MAX + 1;

export function encodeBlockPartsQuestion(question: BlockPartsQuestion): Uint8Array {
  const writer = new ByteWriter().u8(question.type === "get-parts" ? 1 : 2).raw(bytesOf(question.id));
  if (question.type === "get-parts") {
    writer.u16(question.positions.length);
    for (const position of question.positions) writer.u16(position);
  }
  return writer.done();
}

export function decodeBlockPartsQuestion(bytes: Uint8Array): Result<BlockPartsQuestion, DecodeFault> {
  return decodeWith(bytes, (reader) => {
    const kind = reader.u8();
    const id = toHex(reader.raw(32)) as BlockId;
    if (kind === 2) return { type: "get-whole", id };
    if (kind !== 1) return reader.refuse(`question kind ${kind} is unknown`);
    return { type: "get-parts", id, positions: readPositions(reader) };
  });
}

function readPositions(reader: ByteReader): number[] {
  const count = reader.u16();
  if (count === 0 || count > POSITIONS_MAX) reader.refuse(`${count} positions`);
  const positions: number[] = [];
  for (let at = 0; at < count; at++) {
    const position = reader.u16();
    if (position <= (positions.at(-1) ?? -1)) reader.refuse("positions out of order");
    positions.push(position);
  }
  return positions;
}

export function encodeBlockPartsAnswer(answer: BlockPartsAnswer): Uint8Array {
  switch (answer.type) {
    case "parts": {
      const writer = new ByteWriter().u8(1).u16(answer.transactions.length);
      for (const transaction of answer.transactions) writer.short(transaction);
      return writer.done();
    }
    case "whole":
      return new ByteWriter().u8(2).raw(answer.block).done();
    case "not-here":
      return Uint8Array.of(3);
  }
}

export function decodeBlockPartsAnswer(bytes: Uint8Array): Result<BlockPartsAnswer, DecodeFault> {
  return decodeWith<BlockPartsAnswer>(bytes, (reader) => {
    const kind = reader.u8();
    if (kind === 3) return { type: "not-here" };
    if (kind === 2) {
      if (reader.left > BLOCK_BYTES_MAX) reader.refuse(`block of ${reader.left} bytes`);
      return { type: "whole", block: reader.raw(reader.left) };
    }
    if (kind !== 1) return reader.refuse(`answer kind ${kind} is unknown`);
    const count = reader.u16();
    if (count === 0 || count > POSITIONS_MAX) reader.refuse(`${count} transactions`);
    const transactions: Uint8Array[] = [];
    for (let at = 0; at < count; at++) transactions.push(reader.short(TRANSACTION_BYTES_MAX, "transaction"));
    return { type: "parts", transactions };
  });
}

function bytesOf(id: BlockId): Uint8Array {
  const bytes = fromHex(id);
  if (bytes?.length !== 32) throw new RangeError(`not an id of 32 bytes: ${id}`);
  return bytes;
}
