/**
 * Owns the libraries below `ed25519.ts` in a peer: OpenSSL through `node:crypto`, and libsodium through `sodium-native`, which
 * checks a signature in half the time. Either is asked only about keys and signatures that the strict rule admits;
 * of those both must accept exactly the ones that hold without the cofactor. A libsodium that judges otherwise (as
 * another release may) would split this peer from the rest, so it is tried on load and left out if it fails.
 */
import { createPublicKey, type KeyObject, verify as verifyWith } from "node:crypto";
import { createRequire } from "node:module";
import { concat, fromHex } from "#base/bytes.ts";
import type { Ed25519Backend } from "./ed25519-rule.ts";
import { PUBLIC_KEYS_CACHED_MAX } from "./limits.ts";

/** DER up to the key itself: RFC 8410 section 4. */
export const SPKI_PREFIX = Uint8Array.of(
  ...[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
);

export function nodeBackend(): Ed25519Backend {
  return {
    name: "node:crypto",
    verify(publicKey, message, signature) {
      const key = importedKey(publicKey);
      return key !== null && verifyWith(null, message, key, signature);
    },
  };
}

/** Imported keys, least recently used first: importing costs a fifth of a verification. */
const imported = new Map<string, KeyObject>();

function importedKey(publicKey: Uint8Array): KeyObject | null {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString("latin1");
  const known = imported.get(name);
  if (known !== undefined) {
    imported.delete(name);
    imported.set(name, known);
    return known;
  }
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(concat(SPKI_PREFIX, publicKey)), format: "der", type: "spki" });
  } catch {
    // A library that decodes the point on import refuses here what others refuse on verifying.
    return null;
  }
  imported.set(name, key);
  if (imported.size > PUBLIC_KEYS_CACHED_MAX) {
    const oldest = imported.keys().next();
    if (oldest.done !== true) imported.delete(oldest.value);
  }
  return key;
}

/** The one function that is used of libsodium. */
export interface Sodium {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** `null` where there is no build of libsodium for this computer, or where it fails its trial. */
export function sodiumBackend(load: () => unknown = loadSodium): Ed25519Backend | null {
  try {
    const sodium = load();
    return isSodium(sodium) && passesTrial(sodium) ? backendOver(sodium) : null;
  } catch {
    return null;
  }
}

function loadSodium(): unknown {
  return createRequire(import.meta.url)("sodium-native");
}

function isSodium(loaded: unknown): loaded is Sodium {
  if (typeof loaded !== "object" || loaded === null) return false;
  return "crypto_sign_verify_detached" in loaded && typeof loaded.crypto_sign_verify_detached === "function";
}

function backendOver(sodium: Sodium): Ed25519Backend {
  return {
    name: "sodium-native",
    verify: (publicKey, message, signature) =>
      sodium.crypto_sign_verify_detached(signature, message, publicKey),
  };
}

interface Trial {
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly holds: boolean;
}

/** From `spec/vectors/ledger-ed25519.json`, in hex. */
const TRIALS: readonly Trial[] = [
  // RFC 8032 section 7.1 TEST 2: an ordinary signature.
  {
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    holds: true,
  },
  // ed25519-speccheck 3: torsion parts of key and R cancel.
  {
    key: "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    message: "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
    signature:
      "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f" +
      "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    holds: true,
  },
  // ed25519-speccheck 4: they do not, so that it holds with the cofactor only.
  {
    key: "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    message: "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
    signature:
      "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512" +
      "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    holds: false,
  },
  // ed25519-speccheck 5: the same.
  {
    key: "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    message: "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
    signature:
      "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7" +
      "e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    holds: false,
  },
];

function passesTrial(sodium: Sodium): boolean {
  return TRIALS.every(({ key, message, signature, holds }) => {
    const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();
    return sodium.crypto_sign_verify_detached(bytes(signature), bytes(message), bytes(key)) === holds;
  });
}

/** The fastest one here. Chosen once for each thread. */
export const ed25519Backend: Ed25519Backend = sodiumBackend() ?? nodeBackend();
