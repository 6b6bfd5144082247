/**
 * Owns the first bytes of a connection: with a private network's key all of it is wrapped once more, so that only
 * holders get as far as a handshake; and whoever calls with other first bytes than ours is turned away at once,
 * instead of both sides waiting for what never comes.
 */
import type { ConnectionProtector, MessageStream } from "@libp2p/interface";
import { preSharedKey } from "@libp2p/pnet";
import { byteStream } from "@libp2p/utils";
import { equalBytes, utf8 } from "#base/bytes.ts";
import { CIPHER_PIECE_BYTES } from "../limits.ts";
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
      const wrapped = tamed(await shared.protect(connection, options));
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

/** The part of xsalsa20 1.2 that the protector uses, one for each direction of a connection. */
interface Cipher {
  update(input: Uint8Array): Uint8Array;
  finalize(): void;
}

interface Wrapped extends MessageStream {
  inboundXor: Cipher;
  outboundXor: Cipher;
}

/**
 * The ciphers of all connections share one memory. Each keeps its own view of it, and takes what it needs anew whenever
 * another has made it grow, until none is left and every connection of the process fails. So it must never grow: what
 * goes in is cut into pieces that fit what is there from the start, and places are given back at the end.
 */
function tamed(stream: MessageStream): MessageStream {
  if (!isWrapped(stream))
    throw new Error("the protector's connection is not what it was in @libp2p/pnet 3.0");
  const ciphers = [stream.inboundXor, stream.outboundXor];
  let isOver = false;
  const inPieces = (cipher: Cipher): Cipher => ({
    update(input) {
      const output = new Uint8Array(input.length);
      for (let at = 0; at < input.length && !isOver; at += CIPHER_PIECE_BYTES) {
        output.set(cipher.update(input.subarray(at, at + CIPHER_PIECE_BYTES)), at);
      }
      return output;
    },
    finalize: () => undefined,
  });
  stream.inboundXor = inPieces(stream.inboundXor);
  stream.outboundXor = inPieces(stream.outboundXor);
  const end = () => {
    if (isOver) return;
    isOver = true;
    for (const cipher of ciphers) cipher.finalize();
  };
  stream.addEventListener("close", end);
  if (stream.status !== "open") end();
  return stream;
}

function isWrapped(stream: MessageStream): stream is Wrapped {
  return "inboundXor" in stream && "outboundXor" in stream;
}
