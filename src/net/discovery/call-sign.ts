/**
 * Owns what a peer calls itself on the local network, where everybody hears it: its name and its ledger in an open
 * network, and neither of them in a private one, where only holders of the key can tell that the call is for them.
 */
import { concat, equalBytes, utf8 } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import type { NetworkKey } from "../doors/network-key.ts";

const DOMAIN = utf8("waybill-private-call-v1\0");
/** Stands where a name must; the name itself comes with the profile, over a connection. */
const NAMELESS = "private";

export interface CallSign {
  /** Announced in the place of the chain id, 32 bytes. */
  readonly chainId: Uint8Array;
  /** What is announced in the place of a peer's own name. */
  spoken(name: string): string;
  /** The name of a peer that announced this; null where it withholds it. */
  heard(name: string): string | null;
  /** Whether a call with this prefix is worth an answer. */
  isAnswered(chainPrefix: Uint8Array): boolean;
}

/** @param key null: an open network, where peers of other ledgers are answered as well. */
export function callSignOf(chainId: Uint8Array, key: NetworkKey | null): CallSign {
  if (key === null) {
    return {
      chainId,
      spoken: (name) => name,
      heard: (name) => (name === NAMELESS ? null : name),
      isAnswered: () => true,
    };
  }
  const hidden = sha256(concat(DOMAIN, key, chainId));
  return {
    chainId: hidden,
    spoken: () => NAMELESS,
    heard: () => null,
    isAnswered: (prefix) => equalBytes(prefix, hidden.subarray(0, prefix.length)),
  };
}
