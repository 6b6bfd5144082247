/**
 * Owns Ed25519 (RFC 8032) under the rule `ed25519-strict-1`: which signatures every peer accepts, whatever the
 * version of the library below. Libraries and runtimes disagree on encodings that only an attacker makes, so
 * those are refused here, before the library is asked; what is left they all judge alike.
 * Does not own preimages: each format puts its own domain in front of what it signs.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign as signWith } from "node:crypto";
import type { AccountId, PeerId } from "#base/brand.ts";
import { concat, toHex } from "#base/bytes.ts";
import { type Ed25519Backend, ed25519Backend, SPKI_PREFIX } from "./ed25519-backend.ts";
import { peerIdOfKey } from "./peer-id.ts";

export const SIGNATURE_RULE = "ed25519-strict-1";
export const PUBLIC_KEY_BYTES = 32;
export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** DER up to the key itself: RFC 8410 section 7. */
const PKCS8_PREFIX = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
);

/** An identity: its public key, the 32-byte seed of RFC 8032 section 5.1.5, and both spellings of the key. */
export interface Keypair {
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
  readonly account: AccountId;
  readonly peerId: PeerId;
}

/** Keeps the imported private key with its pair, and lets both go together. */
const privateKeys = new WeakMap<Keypair, KeyObject>();

/** @param seed 32 random bytes; copied. */
export function createKeypair(seed: Uint8Array): Keypair {
  if (seed.length !== SEED_BYTES) throw new RangeError(`seed of ${seed.length} bytes`);
  const privateKey = importSeed(seed);
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = Uint8Array.from(spki.subarray(SPKI_PREFIX.length));
  const keypair: Keypair = {
    publicKey,
    seed: seed.slice(),
    account: toHex(publicKey) as AccountId,
    peerId: peerIdOfKey(publicKey),
  };
  privateKeys.set(keypair, privateKey);
  return keypair;
}

function importSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concat(PKCS8_PREFIX, seed)), format: "der", type: "pkcs8" });
}

/** 64 bytes, deterministic. The message must begin with the domain of its format. */
export function sign(keypair: Keypair, message: Uint8Array): Uint8Array {
  const privateKey = privateKeys.get(keypair) ?? importSeed(keypair.seed);
  return Uint8Array.from(signWith(null, message, privateKey));
}

/** Whether the signature stands under `ed25519-strict-1`. Never throws, whatever the bytes. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifyOver(ed25519Backend, publicKey, message, signature);
}

/** {@link verify} over a library of one's choice. They differ in speed, never in the verdict. */
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
