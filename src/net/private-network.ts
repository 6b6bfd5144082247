/**
 * Owns the first bytes of a connection: with a private network's key all of it is wrapped once more, so that only
 * holders get as far as a handshake; and whoever calls with other first bytes than ours is turned away at once,
 * instead of both sides waiting for what never comes.
 */
import type { ConnectionProtector, MessageStream } from "@libp2p/interface";
import { preSharedKey } from "@libp2p/pnet";
import { byteStream } from "@libp2p/utils";
import { equalBytes, utf8 } from "#base/bytes.ts";
import { type NetworkKey, networkKeyFileBytes } from "./network-key.ts";

/** What every caller says first (multistream-select 1.0), its length before it. */
const GREETING = utf8("\x13/multistream/1.0.0\n");

type ProtectOptions = Parameters<ConnectionProtector["protect"]>[1];

/**
 * @param key null: an open network.
 * @param onForeign told of each caller that speaks something else, or holds another key or none.
 */
export function protectorOf(key: NetworkKey | null, onForeign: () => void): () => ConnectionProtector {
  const shared = key === null ? null : preSharedKey({ psk: networkKeyFileBytes(key) })();
  const turnAway = (): never => {
    onForeign();
    throw new Error("the caller speaks no Waybill, or holds another network key");
  };
  return () => ({
    async protect(connection, options) {
      const isCalled = "direction" in connection && connection.direction === "inbound";
      if (shared === null) {
        if (isCalled && !(await greets(connection, options))) turnAway();
        return connection;
      }
      // In the place of the nonce stands the greeting of a caller that holds no key.
      if (isCalled && (await greets(connection, options))) turnAway();
      const wrapped = await shared.protect(connection, options);
      if (isCalled && !(await greets(wrapped, options))) turnAway();
      return wrapped;
    },
  });
}

/** Whether the greeting comes first. What was read is put back. */
async function greets(stream: MessageStream, options: ProtectOptions): Promise<boolean> {
  const bytes = byteStream(stream);
  const first = (await bytes.read({ ...options, bytes: GREETING.length })).subarray();
  bytes.unwrap();
  stream.unshift(first);
  return equalBytes(first, GREETING);
}
