/**
 * Owns Ed25519 without anything of Node: what `ed25519.ts` is in the page, under the condition `browser` of
 * package.json. The rule is the same file, and so is every verdict; only the curve is @noble/curves.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import type { AccountId } from "#base/brand.ts";
import { concat, equalBytes, toHex } from "#base/bytes.ts";
import { type Ed25519Backend, type Keypair, SEED_BYTES, verifyOver } from "../ed25519-rule.ts";
import { peerIdOfKey } from "../peer-id.ts";

export * from "../ed25519-rule.ts";

const { Point } = ed25519;

export function pureBackend(): Ed25519Backend {
  return { name: "@noble/curves", verify: holdsWithoutCofactor };
}

/**
 * RFC 8032 section 5.1.7, as OpenSSL and libsodium read it: k is reduced by L, and the encoding of [S]B - [k]A is
 * compared with R. The library's own `verify` multiplies by the cofactor, and would accept more.
 */
function holdsWithoutCofactor(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const r = signature.subarray(0, 32);
  try {
    const k = Point.Fn.create(littleEndian(sha512(concat(r, key, message))));
    const s = littleEndian(signature.subarray(32));
    const minusKey = Point.fromBytes(key).negate();
    const expected = Point.BASE.multiplyUnsafe(s).add(minusKey.multiplyUnsafe(k));
    return equalBytes(expected.toBytes(), r);
  } catch {
    // The library throws at a key that is no point of the curve.
    return false;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}

const backend = pureBackend();

/** @param seed 32 random bytes; copied. */
export function createKeypair(seed: Uint8Array): Keypair {
  if (seed.length !== SEED_BYTES) throw new RangeError(`seed of ${seed.length} bytes`);
  const publicKey = ed25519.getPublicKey(seed);
  return {
    publicKey,
    seed: seed.slice(),
    account: toHex(publicKey) as AccountId,
    peerId: peerIdOfKey(publicKey),
  };
}

/** 64 bytes, deterministic. The message must begin with the domain of its format. */
export function sign(keypair: Keypair, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, keypair.seed);
}

/** Whether the signature stands under `ed25519-strict-1`. Never throws, whatever the bytes. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifyOver(backend, publicKey, message, signature);
}
