/**
 * Owns the bytes of dispatches, completions and receipts (`spec/receipt.md`). Every value has one encoding; the
 * decoders refuse all else. Does not check signatures: `sign.ts` does.
 */
import type { AccountId, DeliveryId } from "#base/brand.ts";
import {
  type ByteReader,
  ByteWriter,
  concat,
  type DecodeFault,
  decodeWith,
  fromHex,
  toHex,
} from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { MANIFEST_ENTRIES_MAX, MESSAGE_BYTES_MAX } from "./limits.ts";
import type { Completion, Dispatch, DispatchBody, Receipt } from "./types.ts";

const VERSION = 1;
const KIND_MESSAGE = 1;
const KIND_FILES = 2;
const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;

const DISPATCH_BODY_BYTES = 2 + 4 * HASH_BYTES + 8 + 4 + 8;
export const DISPATCH_BYTES = DISPATCH_BODY_BYTES + SIGNATURE_BYTES;
export const COMPLETION_BYTES = 1 + HASH_BYTES + 8 + SIGNATURE_BYTES;
export const RECEIPT_BYTES = DISPATCH_BYTES + COMPLETION_BYTES;

/** @param hex 64 lower-case digits; anything else is a fault of ours, because ids are checked where they enter. */
function hashOfHex(hex: string, what: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes?.length !== HASH_BYTES) throw new RangeError(`${what} is not 64 hex digits`);
  return bytes;
}

function fixed(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${what} of ${bytes.length} bytes`);
  return bytes;
}

/** The bytes which the sender signs, behind its domain. */
export function encodeDispatchBody(body: DispatchBody): Uint8Array {
  return new ByteWriter()
    .u8(VERSION)
    .u8(body.kind === "message" ? KIND_MESSAGE : KIND_FILES)
    .raw(hashOfHex(body.deliveryId, "delivery id"))
    .raw(hashOfHex(body.sender, "sender"))
    .raw(hashOfHex(body.receiver, "receiver"))
    .raw(fixed(body.contentDigest, HASH_BYTES, "content digest"))
    .u64(body.bytes)
    .u32(body.fileCount)
    .u64(body.dispatchedMs)
    .done();
}

function readDispatchBody(reader: ByteReader): DispatchBody {
  if (reader.u8() !== VERSION) reader.refuse("dispatch version is not 1");
  const kind = reader.u8();
  if (kind !== KIND_MESSAGE && kind !== KIND_FILES) reader.refuse(`delivery kind ${kind}`);
  const body: DispatchBody = {
    version: VERSION,
    kind: kind === KIND_MESSAGE ? "message" : "files",
    deliveryId: toHex(reader.raw(HASH_BYTES)) as DeliveryId,
    sender: toHex(reader.raw(HASH_BYTES)) as AccountId,
    receiver: toHex(reader.raw(HASH_BYTES)) as AccountId,
    contentDigest: reader.raw(HASH_BYTES),
    bytes: reader.safeU64("size"),
    fileCount: reader.u32(),
    dispatchedMs: reader.safeU64("dispatch time"),
  };
  if (body.kind === "message") {
    if (body.fileCount !== 0) reader.refuse("a message with files");
    if (body.bytes > MESSAGE_BYTES_MAX) reader.refuse(`a message of ${body.bytes} bytes`);
  } else if (body.fileCount < 1 || body.fileCount > MANIFEST_ENTRIES_MAX) {
    reader.refuse(`a delivery of ${body.fileCount} files`);
  }
  return body;
}

export function encodeDispatch(dispatch: Dispatch): Uint8Array {
  return concat(
    encodeDispatchBody(dispatch.body),
    fixed(dispatch.signature, SIGNATURE_BYTES, "dispatch signature"),
  );
}

function readDispatch(reader: ByteReader): Dispatch {
  return { body: readDispatchBody(reader), signature: reader.raw(SIGNATURE_BYTES) };
}

export function decodeDispatch(bytes: Uint8Array): Result<Dispatch, DecodeFault> {
  return decodeWith(bytes, readDispatch);
}

/** The bytes which the receiver signs, behind its domain. */
export function encodeCompletionBody(completion: Omit<Completion, "signature">): Uint8Array {
  return new ByteWriter()
    .u8(VERSION)
    .raw(fixed(completion.dispatchHash, HASH_BYTES, "dispatch hash"))
    .u64(completion.completedMs)
    .done();
}

export function encodeCompletion(completion: Completion): Uint8Array {
  return concat(
    encodeCompletionBody(completion),
    fixed(completion.signature, SIGNATURE_BYTES, "completion signature"),
  );
}

function readCompletion(reader: ByteReader): Completion {
  if (reader.u8() !== VERSION) reader.refuse("completion version is not 1");
  return {
    dispatchHash: reader.raw(HASH_BYTES),
    completedMs: reader.safeU64("completion time"),
    signature: reader.raw(SIGNATURE_BYTES),
  };
}

export function decodeCompletion(bytes: Uint8Array): Result<Completion, DecodeFault> {
  return decodeWith(bytes, readCompletion);
}

export function encodeReceipt(receipt: Receipt): Uint8Array {
  return concat(encodeDispatch(receipt.dispatch), encodeCompletion(receipt.completion));
}

/** Reads one receipt out of a larger format. */
export function readReceipt(reader: ByteReader): Receipt {
  return { dispatch: readDispatch(reader), completion: readCompletion(reader) };
}

export function decodeReceipt(bytes: Uint8Array): Result<Receipt, DecodeFault> {
  return decodeWith(bytes, readReceipt);
}
