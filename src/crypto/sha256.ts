/**
 * Owns SHA-256 (FIPS 180-4) and its double form, over the one-shot `hash` of `node:crypto`. The digest is asked for
 * as a text of one character for each byte: making a Buffer in native code costs more than hashing 65 bytes does
 * (`docs/decisions/0026-digests-as-text.md`).
 */
import { hash } from "node:crypto";

const DIGEST_BYTES = 32;
/** Where the first digest of a double one stands while it is hashed: nothing else runs in between. */
const inner = new Uint8Array(DIGEST_BYTES);

function write(digest: string, target: Uint8Array, at: number): void {
  for (let offset = 0; offset < DIGEST_BYTES; offset++) target[at + offset] = digest.charCodeAt(offset);
}

/** The digest as 32 characters, each with the code of its byte: a quarter of an array's memory, for who keeps many. */
export function sha256Text(bytes: Uint8Array): string {
  return hash("sha256", bytes, "latin1");
}

/** 32 bytes: a plain `Uint8Array`, so that values compare alike wherever they came from. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  write(hash("sha256", bytes, "latin1"), digest, 0);
  return digest;
}

/** The digest of `bytes`, written into 32 bytes of `target` from `at` on; the two may overlap. */
export function sha256Into(bytes: Uint8Array, target: Uint8Array, at: number): void {
  if (at + DIGEST_BYTES > target.length) throw new RangeError(`no room for a digest at ${at}`);
  write(hash("sha256", bytes, "latin1"), target, at);
}

/** SHA-256 of SHA-256. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  sha256Into(bytes, inner, 0);
  return sha256(inner);
}

/** The same in 64 lower-case hex digits. */
export function sha256dHex(bytes: Uint8Array): string {
  sha256Into(bytes, inner, 0);
  return hash("sha256", inner, "hex");
}
