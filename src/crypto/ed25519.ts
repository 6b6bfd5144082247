/**
 * Owns Ed25519 (RFC 8032) in a peer: keys, signatures, and their check under `ed25519-strict-1` (`ed25519-rule.ts`)
 * over the fastest library here. The page gets `pure/ed25519.ts` in its place, by the same name.
 * Does not own preimages: each format puts its own domain in front of what it signs.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign as signWith } from "node:crypto";
import type { AccountId } from "#base/brand.ts";
import { concat, toHex } from "#base/bytes.ts";
import { ed25519Backend, SPKI_PREFIX } from "./ed25519-backend.ts";
import { type Keypair, SEED_BYTES, verifyOver } from "./ed25519-rule.ts";
import { peerIdOfKey } from "./peer-id.ts";

export * from "./ed25519-rule.ts";

/** DER up to the key itself: RFC 8410 section 7. */
const PKCS8_PREFIX = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
);

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
