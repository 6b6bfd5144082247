/**
 * Owns SHA-256 (FIPS 180-4) without anything of Node: what `sha256.ts` is in the page, under the condition `browser`
 * of package.json. The browser's own digest would make every caller wait for a promise.
 */
import { sha256 as digestOf } from "@noble/hashes/sha2.js";
import { toHex } from "#base/bytes.ts";

const DIGEST_BYTES = 32;

/** The digest as 32 characters, each with the code of its byte. */
export function sha256Text(bytes: Uint8Array): string {
  return String.fromCharCode(...digestOf(bytes));
}

/** 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return digestOf(bytes);
}

/** The digest of `bytes`, written into 32 bytes of `target` from `at` on; the two may overlap. */
export function sha256Into(bytes: Uint8Array, target: Uint8Array, at: number): void {
  if (at + DIGEST_BYTES > target.length) throw new RangeError(`no room for a digest at ${at}`);
  target.set(digestOf(bytes), at);
}

/** SHA-256 of SHA-256. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return digestOf(digestOf(bytes));
}

/** The same in 64 lower-case hex digits. */
export function sha256dHex(bytes: Uint8Array): string {
  return toHex(sha256d(bytes));
}
