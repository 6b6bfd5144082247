/**
 * Owns the signature check of the page for a test that runs it in a browser: vite bundles this file under the
 * conditions under which it bundles the page, so that the files behind it are those of the page.
 */
import { fromHex } from "#base/bytes.ts";
import { verify } from "#crypto/ed25519.ts";

/** In hex, so that it goes into a browser as JSON. */
export type HexSignature = readonly [key: string, message: string, signature: string];

export function verdictsOf(signatures: readonly HexSignature[]): readonly boolean[] {
  return signatures.map(([key, message, signature]) =>
    verify(bytesOf(key), bytesOf(message), bytesOf(signature)),
  );
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === null) throw new Error(`not hex: ${hex}`);
  return bytes;
}
