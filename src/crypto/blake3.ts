/**
 * Owns BLAKE3 (32-byte output, no key), the hash of content: of whole files and of messages. It is several times
 * faster than SHA-256, so that a disk or a wire stays the slow part. What is signed or stands in the ledger is
 * hashed with SHA-256 (`sha256.ts`).
 */
import { Blake3Hasher as NativeHasher, blake3 as nativeBlake3 } from "@napi-rs/blake-hash";

export function blake3(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(nativeBlake3(bytes));
}

/** BLAKE3 of content that comes in pieces. */
export interface Blake3Hasher {
  update(bytes: Uint8Array): void;
  /** 32 bytes over all that was given so far; more may follow. */
  digest(): Uint8Array;
}

export function createBlake3(): Blake3Hasher {
  const hasher = new NativeHasher();
  return {
    update: (bytes) => {
      hasher.update(bytes);
    },
    digest: () => new Uint8Array(hasher.digestBuffer()),
  };
}
