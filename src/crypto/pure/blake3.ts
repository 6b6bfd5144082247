/**
 * Owns BLAKE3 (32-byte output, no key) without anything native: what `blake3.ts` is in the page, under the condition
 * `browser` of package.json.
 */
import { blake3 as digestOf } from "@noble/hashes/blake3.js";
import type { Blake3Hasher } from "../blake3.ts";

export type { Blake3Hasher } from "../blake3.ts";

export function blake3(bytes: Uint8Array): Uint8Array {
  return digestOf(bytes);
}

export function createBlake3(): Blake3Hasher {
  const hasher = digestOf.create();
  return {
    update: (bytes) => {
      hasher.update(bytes);
    },
    // Ending a copy leaves the hasher open for more.
    digest: () => hasher.clone().digest(),
  };
}
