/**
 * Owns the bytes of `/waybill/receipt/1` (`spec/anchoring.md`, "Handover"): how a sender tells a receiver in which
 * batch and transaction their receipt stands, and how the receiver answers.
 */
import type { DeliveryId, TxId } from "#base/brand.ts";
import { ByteWriter, type DecodeFault, decodeWith, fromHex, toHex } from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { type BatchProof, readBatchProof, writeBatchProof } from "#receipts/index.ts";

export const RECEIPT_PROTOCOL = "/waybill/receipt/1";

const VERSION = 1;
const HASH_BYTES = 32;

export interface HandoverMessage {
  readonly deliveryId: DeliveryId;
  /** 64 hex digits. */
  readonly root: string;
  readonly txId: TxId;
  readonly proof: BatchProof;
}

/**
 * kept: durable with the receiver. unknown: no receipt of this delivery from this sender; try later. refused: the
 * proof does not lead from the receipt to the root. own: the receiver has anchored it by itself already.
 */
export type HandoverAnswer = "kept" | "unknown" | "refused" | "own";

/** Position is the byte on the wire, less one: append, never reorder. */
const ANSWERS = ["kept", "unknown", "refused", "own"] as const satisfies readonly HandoverAnswer[];

function hashOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes?.length !== HASH_BYTES) throw new RangeError(`not 64 hex digits: ${hex}`);
  return bytes;
}

export function encodeHandover(message: HandoverMessage): Uint8Array {
  const writer = new ByteWriter()
    .u8(VERSION)
    .raw(hashOf(message.deliveryId))
    .raw(hashOf(message.root))
    .raw(hashOf(message.txId));
  writeBatchProof(writer, message.proof);
  return writer.done();
}

export function decodeHandover(bytes: Uint8Array): Result<HandoverMessage, DecodeFault> {
  return decodeWith(bytes, (reader) => {
    if (reader.u8() !== VERSION) reader.refuse("handover version is not 1");
    return {
      deliveryId: toHex(reader.raw(HASH_BYTES)) as DeliveryId,
      root: toHex(reader.raw(HASH_BYTES)),
      txId: toHex(reader.raw(HASH_BYTES)) as TxId,
      proof: readBatchProof(reader),
    };
  });
}

export function encodeHandoverAnswer(answer: HandoverAnswer): Uint8Array {
  return Uint8Array.of(ANSWERS.indexOf(answer) + 1);
}

export function decodeHandoverAnswer(bytes: Uint8Array): Result<HandoverAnswer, DecodeFault> {
  return decodeWith(bytes, (reader) => {
    const kind = reader.u8();
    return ANSWERS[kind - 1] ?? reader.refuse(`handover answer ${kind} is unknown`);
  });
}
