/**
 * Owns one memory of signatures for all nodes of a simulation: each is really checked, but once, not once for each node.
 * What a node concludes does not change by it, since a verdict follows from the bytes alone.
 */
import { toHex } from "#base/bytes.ts";
import { verify } from "#crypto/ed25519.ts";
import { sha256 } from "#crypto/sha256.ts";
import type { SignatureChecker, SignatureItem } from "#crypto/signature-checker.ts";

export function sharedSignatureChecker(): SignatureChecker {
  const verdicts = new Map<string, boolean>();
  const check = (item: SignatureItem): boolean => {
    const key = [item.publicKey, item.signature, sha256(item.message)].map(toHex).join(" ");
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = verify(item.publicKey, item.message, item.signature);
    verdicts.set(key, verdict);
    return verdict;
  };
  return {
    check: async (items) => items.map(check),
    close: async () => undefined,
  };
}
