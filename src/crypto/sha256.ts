/** Owns SHA-256 (FIPS 180-4) and its double form, over whichever library is the fastest that also runs in a browser. */
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** SHA-256 of SHA-256. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return nobleSha256(nobleSha256(bytes));
}
