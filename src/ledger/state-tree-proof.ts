/**
 * Owns proofs over the state tree: what a tree of a given root holds, or does not hold, under one key. For whoever
 * has nothing but a header. How trees are kept is not its business.
 */
import {
  type ByteReader,
  ByteWriter,
  concat,
  type DecodeFault,
  decodeWith,
  equalBytes,
} from "#base/bytes.ts";
import { fail, type Result } from "#base/result.ts";
import { sha256 } from "#crypto/sha256.ts";
import { STATE_PATH_MAX, STATE_PROOF_BYTES_MAX } from "./limits.ts";
import { HASH_BYTES, KEY_BYTES } from "./state-tree-node.ts";

const EMPTY_HASH = new Uint8Array(HASH_BYTES);
const LEAF_PREFIX = Uint8Array.of(0x00);
const INNER_PREFIX = Uint8Array.of(0x01);

/** Shows what a tree of a given root holds, or does not hold, under one key. */
export interface TreeProof {
  /** Hashes of the other side at each level, from the root downwards. */
  readonly siblings: readonly Uint8Array[];
  /** The leaf at the end of the path when it is another key's: shows that the sought one is absent. */
  readonly other: { readonly key: Uint8Array; readonly valueHash: Uint8Array } | null;
}

function leafHash(key: Uint8Array, valueHash: Uint8Array): Uint8Array {
  return sha256(concat(LEAF_PREFIX, key, valueHash));
}

function innerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(INNER_PREFIX, left, right));
}

/** Bit number `at`, the most significant bit of the first byte being bit 0. */
function bitAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
}

/**
 * Whether the tree of this root holds `value` under `key`, or nothing when `value` is `null`. False for anything
 * malformed; never throws; at most 258 hashes.
 */
export function verifyTreeProof(
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array | null,
  proof: TreeProof,
): boolean {
  const { siblings, other } = proof;
  if (key.length !== KEY_BYTES || siblings.length > STATE_PATH_MAX) return false;
  let hash: Uint8Array = EMPTY_HASH;
  if (value !== null) {
    if (other !== null) return false;
    hash = leafHash(key, sha256(value));
  } else if (other !== null) {
    if (!standsOnPath(other.key, key, siblings.length) || other.valueHash.length !== HASH_BYTES) return false;
    hash = leafHash(other.key, other.valueHash);
  }
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth];
    if (sibling === undefined || sibling.length !== HASH_BYTES) return false;
    hash = bitAt(key, depth) === 1 ? innerHash(sibling, hash) : innerHash(hash, sibling);
  }
  return equalBytes(hash, root);
}

/** Whether a different key shares the first `depth` bits: only then does its leaf show that `key` is absent. */
function standsOnPath(other: Uint8Array, key: Uint8Array, depth: number): boolean {
  if (other.length !== KEY_BYTES || equalBytes(other, key)) return false;
  for (let bit = 0; bit < depth; bit++) if (bitAt(other, bit) !== bitAt(key, bit)) return false;
  return true;
}

/** Bits that say, for each sibling, whether it is written: the empty ones are not. */
function maskBytes(count: number): number {
  return Math.ceil(count / 8);
}

/**
 * u16 count of siblings; one bit for each, the most significant of the first byte first, set when it is not the
 * empty tree; those siblings; u8 1 with key and value hash of the other leaf, or u8 0.
 */
export function encodeTreeProof({ siblings, other }: TreeProof): Uint8Array {
  if (siblings.length > STATE_PATH_MAX) throw new RangeError(`a path of ${siblings.length} levels`);
  const mask = new Uint8Array(maskBytes(siblings.length));
  const written = siblings.filter((sibling, at) => {
    if (equalBytes(sibling, EMPTY_HASH)) return false;
    mask[at >> 3] = (mask[at >> 3] ?? 0) | (0x80 >> (at & 7));
    return true;
  });
  const writer = new ByteWriter().u16(siblings.length).raw(mask);
  for (const sibling of written) writer.raw(sibling);
  return other === null ? writer.u8(0).done() : writer.u8(1).raw(other.key).raw(other.valueHash).done();
}

export function decodeTreeProof(bytes: Uint8Array): Result<TreeProof, DecodeFault> {
  if (bytes.length > STATE_PROOF_BYTES_MAX) {
    const what = `proof of ${bytes.length} bytes is above ${STATE_PROOF_BYTES_MAX}`;
    return fail({ code: "malformed", what, at: STATE_PROOF_BYTES_MAX });
  }
  return decodeWith(bytes, readTreeProof);
}

function readTreeProof(reader: ByteReader): TreeProof {
  const count = reader.u16();
  if (count > STATE_PATH_MAX) reader.refuse(`path of ${count} levels is above ${STATE_PATH_MAX}`);
  const mask = reader.raw(maskBytes(count));
  const spare = (mask.at(-1) ?? 0) & (0xff >> (((count - 1) & 7) + 1));
  if (spare !== 0) reader.refuse("bits are set beyond the last level");
  const siblings: Uint8Array[] = [];
  for (let at = 0; at < count; at++) siblings.push(bitAt(mask, at) === 1 ? readSibling(reader) : EMPTY_HASH);
  const flag = reader.u8();
  if (flag > 1) reader.refuse(`flag of another leaf is ${flag}`);
  return {
    siblings,
    other: flag === 0 ? null : { key: reader.raw(KEY_BYTES), valueHash: reader.raw(HASH_BYTES) },
  };
}

function readSibling(reader: ByteReader): Uint8Array {
  const sibling = reader.raw(HASH_BYTES);
  if (equalBytes(sibling, EMPTY_HASH)) reader.refuse("an empty sibling is written out");
  return sibling;
}
