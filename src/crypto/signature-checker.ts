/**
 * Owns how many signatures are checked at once: the interface that whoever has a block in hand asks, and the plain
 * answer on the calling thread. `signature-threads.ts` gives the same answers with all cores. The rule is that of
 * `ed25519.ts` in either case; nothing here can make a verdict another.
 */
import { verify } from "#crypto/ed25519.ts";

/** One question: has this key signed this message? Bytes of any length are allowed, and get a verdict. */
export interface SignatureItem {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface SignatureChecker {
  /**
   * Verdicts in the order of the items. The bytes must not change until the promise settles.
   * Rejects only once the checker is closed, or when more wait for it than its limit: faults of ours.
   */
  check(items: readonly SignatureItem[]): Promise<readonly boolean[]>;
  /** Ends the threads, if there are any. What is being checked still gets its answer. */
  close(): Promise<void>;
}

/** On the calling thread, at once: for tests, simulations and short runs. */
export function inThreadSignatureChecker(): SignatureChecker {
  return {
    check: async (items) =>
      items.map(({ publicKey, message, signature }) => verify(publicKey, message, signature)),
    close: async () => undefined,
  };
}
