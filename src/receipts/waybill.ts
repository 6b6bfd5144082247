/**
 * Owns the bytes of a `.waybill` file, version 1 (`spec/waybill-file.md`), and the leaf under which a receipt stands
 * in a batch. Reading says whether bytes are well formed; what they show is `verify-waybill.ts`.
 */
import {
  type ByteReader,
  ByteWriter,
  concat,
  type DecodeFault,
  decodeWith,
  equalBytes,
  utf8,
} from "#base/bytes.ts";
import { fail, type Result } from "#base/result.ts";
import { sha256 } from "#crypto/sha256.ts";
import { encodeReceipt, readReceipt } from "./codec.ts";
import { decodeManifest, encodeManifest } from "./content.ts";
import {
  MANIFEST_BYTES_MAX,
  WAYBILL_BYTES_MAX,
  WAYBILL_PATH_MAX,
  WAYBILL_TRANSACTION_BYTES_MAX,
} from "./limits.ts";
import type { Manifest, Receipt } from "./types.ts";

const MAGIC = utf8("WAYBILL\0");
const VERSION = 1;
const FORM_SIGNED = 1;
const FORM_ANCHORED = 2;
const HASH_BYTES = 32;
const HEADER_BYTES = 176;
const HEAD_BYTES = MAGIC.length + 2;

/** Place of one leaf in a tree of `crypto/merkle.ts`: siblings from the leaf upwards. */
export interface TreePlace {
  readonly index: number;
  readonly count: number;
  readonly path: readonly Uint8Array[];
}

/** How a receipt leads to the root that a transaction records. */
export interface BatchProof {
  /** 32 random bytes of this receipt alone: without them nobody can tell which receipt a leaf stands for. */
  readonly salt: Uint8Array;
  readonly place: TreePlace;
}

/** How a receipt leads to a block: through its batch, its transaction and the block's transaction root. */
export interface AnchorProof {
  readonly chainId: Uint8Array;
  readonly batch: BatchProof;
  /** The whole encoded transaction that records the batch's root. */
  readonly transaction: Uint8Array;
  readonly inBlock: TreePlace;
  /** The 176 bytes. */
  readonly header: Uint8Array;
}

export interface Waybill {
  readonly receipt: Receipt;
  /** `null` exactly for a message. */
  readonly manifest: Manifest | null;
  /** `null` while the delivery is receipted and not yet anchored. */
  readonly anchor: AnchorProof | null;
}

export type WaybillFault =
  | { readonly code: "too-large"; readonly bytes: number }
  | { readonly code: "not-a-waybill" }
  | { readonly code: "version-unknown"; readonly version: number }
  /** The sum at the end does not fit: bytes were changed, lost or added. */
  | { readonly code: "damaged" }
  | DecodeFault;

/** What is hashed as one leaf of a batch: 64 bytes that tell nothing without the salt. */
export function batchLeaf(salt: Uint8Array, receipt: Receipt): Uint8Array {
  if (salt.length !== HASH_BYTES) throw new RangeError(`salt of ${salt.length} bytes`);
  return concat(salt, sha256(encodeReceipt(receipt)));
}

/** Writes a place into a larger format. */
export function writePlace(writer: ByteWriter, place: TreePlace): void {
  if (place.path.length > WAYBILL_PATH_MAX) throw new RangeError(`path of ${place.path.length} levels`);
  writer.u32(place.index).u32(place.count).u8(place.path.length);
  for (const sibling of place.path) {
    if (sibling.length !== HASH_BYTES) throw new RangeError(`sibling of ${sibling.length} bytes`);
    writer.raw(sibling);
  }
}

/** Reads a place out of a larger format. */
export function readPlace(reader: ByteReader): TreePlace {
  const index = reader.u32();
  const count = reader.u32();
  const levels = reader.u8();
  if (levels > WAYBILL_PATH_MAX) reader.refuse(`a path of ${levels} levels`);
  const path: Uint8Array[] = [];
  for (let level = 0; level < levels; level++) path.push(reader.raw(HASH_BYTES));
  return { index, count, path };
}

/** Writes a batch proof into a larger format: salt, then place. */
export function writeBatchProof(writer: ByteWriter, proof: BatchProof): void {
  if (proof.salt.length !== HASH_BYTES) throw new RangeError(`salt of ${proof.salt.length} bytes`);
  writer.raw(proof.salt);
  writePlace(writer, proof.place);
}

export function readBatchProof(reader: ByteReader): BatchProof {
  return { salt: reader.raw(HASH_BYTES), place: readPlace(reader) };
}

/** A batch proof by itself, for a store or a message. */
export function encodeBatchProof(proof: BatchProof): Uint8Array {
  const writer = new ByteWriter();
  writeBatchProof(writer, proof);
  return writer.done();
}

export function decodeBatchProof(bytes: Uint8Array): Result<BatchProof, DecodeFault> {
  return decodeWith(bytes, readBatchProof);
}

function writeAnchor(writer: ByteWriter, anchor: AnchorProof): void {
  if (anchor.header.length !== HEADER_BYTES) throw new RangeError(`header of ${anchor.header.length} bytes`);
  if (anchor.chainId.length !== HASH_BYTES)
    throw new RangeError(`chain id of ${anchor.chainId.length} bytes`);
  if (anchor.transaction.length > WAYBILL_TRANSACTION_BYTES_MAX) {
    throw new RangeError(`transaction of ${anchor.transaction.length} bytes`);
  }
  writer.raw(anchor.chainId);
  writeBatchProof(writer, anchor.batch);
  writer.short(anchor.transaction);
  writePlace(writer, anchor.inBlock);
  writer.raw(anchor.header);
}

function readAnchor(reader: ByteReader): AnchorProof {
  return {
    chainId: reader.raw(HASH_BYTES),
    batch: readBatchProof(reader),
    transaction: reader.short(WAYBILL_TRANSACTION_BYTES_MAX, "transaction"),
    inBlock: readPlace(reader),
    header: reader.raw(HEADER_BYTES),
  };
}

/** @throws when manifest and kind do not fit together, which is a fault of ours. */
export function encodeWaybill(waybill: Waybill): Uint8Array {
  const { receipt, manifest, anchor } = waybill;
  if ((receipt.dispatch.body.kind === "files") !== (manifest !== null)) {
    throw new RangeError("a manifest belongs to a delivery of files, and only there");
  }
  const writer = new ByteWriter()
    .raw(MAGIC)
    .u8(VERSION)
    .u8(anchor === null ? FORM_SIGNED : FORM_ANCHORED)
    .raw(encodeReceipt(receipt));
  if (manifest !== null) writer.long(encodeManifest(manifest));
  if (anchor !== null) writeAnchor(writer, anchor);
  const content = writer.done();
  return concat(content, sha256(content));
}

function readManifestField(reader: ByteReader): Manifest {
  const bytes = reader.long(MANIFEST_BYTES_MAX, "manifest");
  const manifest = decodeManifest(bytes);
  return manifest.ok ? manifest.value : reader.refuse(manifest.fault.what);
}

function readWaybill(reader: ByteReader): Waybill {
  reader.raw(HEAD_BYTES - 1);
  const form = reader.u8();
  if (form !== FORM_SIGNED && form !== FORM_ANCHORED) reader.refuse(`form ${form}`);
  const receipt = readReceipt(reader);
  const manifest = receipt.dispatch.body.kind === "files" ? readManifestField(reader) : null;
  return { receipt, manifest, anchor: form === FORM_ANCHORED ? readAnchor(reader) : null };
}

/** Well-formed or not, in bounded time; the sum at the end is checked before anything is read. */
export function decodeWaybill(bytes: Uint8Array): Result<Waybill, WaybillFault> {
  if (bytes.length > WAYBILL_BYTES_MAX) return fail({ code: "too-large", bytes: bytes.length });
  if (bytes.length < HEAD_BYTES || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    return fail({ code: "not-a-waybill" });
  }
  const version = bytes[MAGIC.length] ?? 0;
  if (version !== VERSION) return fail({ code: "version-unknown", version });
  const content = bytes.subarray(0, Math.max(HEAD_BYTES, bytes.length - HASH_BYTES));
  if (!equalBytes(sha256(content), bytes.subarray(content.length))) return fail({ code: "damaged" });
  return decodeWith(content, readWaybill);
}
