/**
 * Owns how the key of a private network is written: three lines, as libp2p's other implementations read them, so
 * that a key made here serves there and back. Pure. What the key does to a connection is `private-network.ts`.
 */
import { fromHex, toHex, utf8 } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Random } from "#ports/random.ts";

const NETWORK_KEY_BYTES = 32;
const HEAD = "/key/swarm/psk/1.0.0/\n/base16/\n";

/** 32 bytes that only those who share the network know. */
export type NetworkKey = Uint8Array;

export function makeNetworkKey(random: Random): NetworkKey {
  return random.bytes(NETWORK_KEY_BYTES);
}

/** The file's text, its last line ended. */
export function encodeNetworkKey(key: NetworkKey): string {
  return `${HEAD}${toHex(key)}\n`;
}

/** Line ends of any system are read, because people pass the file on by all sorts of ways. */
export function decodeNetworkKey(text: string): Result<NetworkKey, Problem> {
  const digits = /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n([0-9a-f]{64})\n?$/.exec(
    text.replace(/\r\n?/g, "\n"),
  )?.[1];
  const key = digits === undefined ? null : fromHex(digits);
  if (key !== null) return ok(key);
  return fail(
    problem(
      "network-key-malformed",
      "The file is not the key of a private network.",
      "Ask whoever made the key for the file once more, or make one with: waybill network-key FILE",
    ),
  );
}

/** As libp2p's protector wants it. */
export function networkKeyFileBytes(key: NetworkKey): Uint8Array {
  return utf8(encodeNetworkKey(key));
}
