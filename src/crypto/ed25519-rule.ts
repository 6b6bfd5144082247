/**
 * Owns the rule `ed25519-strict-1`: which signatures every peer accepts, whatever library is below, and the words of
 * Ed25519 (RFC 8032) that all files here share. Libraries and runtimes disagree on encodings that only an attacker
 * makes, so those are refused here, before the library is asked; what is left they all judge alike.
 */
import type { AccountId, PeerId } from "#base/brand.ts";

export const SIGNATURE_RULE = "ed25519-strict-1";
export const PUBLIC_KEY_BYTES = 32;
export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** An identity: its public key, the 32-byte seed of RFC 8032 section 5.1.5, and both spellings of the key. */
export interface Keypair {
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
  readonly account: AccountId;
  readonly peerId: PeerId;
}

/** A library under the rule. It is asked only about keys and signatures that the rule admits. */
export interface Ed25519Backend {
  readonly name: "sodium-native" | "node:crypto" | "@noble/curves";
  /** RFC 8032 section 5.1.7 without the cofactor, for a key and a signature of 32 and 64 bytes. Never throws. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Whether the signature stands under the rule, asking this library. They differ in speed, never in the verdict. */
export function verifyOver(
  backend: Ed25519Backend,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!isAdmissibleKey(publicKey) || !isAdmissibleSignature(signature)) return false;
  return backend.verify(publicKey, message, signature);
}

/**
 * Whether a public key may stand for anybody: 32 bytes, canonical, not of small order. Anyone can sign for a
 * key of small order. Says nothing of whether the bytes are a point of the curve: no signature stands if not.
 */
export function isAdmissibleKey(publicKey: Uint8Array): boolean {
  return publicKey.length === PUBLIC_KEY_BYTES && isAdmissiblePoint(publicKey);
}

/** Whether a signature has the form that is ever accepted: R canonical and not of small order, S below L. */
export function isAdmissibleSignature(signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  return isAdmissiblePoint(signature.subarray(0, 32)) && isReducedScalar(signature.subarray(32));
}

/** The y-coordinates of the eight points of small order; the sign bit is left out of the comparison. */
const SMALL_ORDER_Y: readonly bigint[] = [
  0n,
  1n,
  2n ** 255n - 20n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];
const SMALL_ORDER_BYTES = SMALL_ORDER_Y.map((y) => littleEndian(y, 32));
/** p = 2^255 - 19 (RFC 8032 section 5.1). */
const FIELD_BYTES = littleEndian(2n ** 255n - 19n, 32);
/** L, the order of the base point (RFC 8032 section 5.1). */
const ORDER_BYTES = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n, 32);

function littleEndian(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

function isAdmissiblePoint(encoded: Uint8Array): boolean {
  if (!isBelow(encoded, FIELD_BYTES, 0x7f)) return false;
  return !SMALL_ORDER_BYTES.some((y) => isSameCoordinate(encoded, y));
}

function isReducedScalar(scalar: Uint8Array): boolean {
  return isBelow(scalar, ORDER_BYTES, 0xff);
}

/** Little-endian `value < bound`, with the top byte of `value` masked first. Public values: not constant time. */
function isBelow(value: Uint8Array, bound: Uint8Array, topMask: number): boolean {
  for (let at = 31; at >= 0; at--) {
    const digit = (value[at] ?? 0) & (at === 31 ? topMask : 0xff);
    const limit = bound[at] ?? 0;
    if (digit !== limit) return digit < limit;
  }
  return false;
}

function isSameCoordinate(encoded: Uint8Array, y: Uint8Array): boolean {
  for (let at = 0; at < 31; at++) if (encoded[at] !== y[at]) return false;
  return ((encoded[31] ?? 0) & 0x7f) === y[31];
}
