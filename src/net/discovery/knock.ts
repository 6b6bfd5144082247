/**
 * Owns the two questions a scan asks of a place, on real sockets: does anything accept a connection there, and which
 * peer is it. The second speaks libp2p's handshake up to the proof of identity, and then hangs up. It is done with a
 * key made for this run: whoever is asked does not learn who asks.
 */
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type {
  Connection,
  MessageStream,
  MultiaddrConnection,
  StreamMuxerFactory,
  Upgrader,
} from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { byteStream } from "@libp2p/utils";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import { concat, fromUtf8, utf8 } from "#base/bytes.ts";
import type { Clock } from "#ports/clock.ts";
import { peerOf } from "../host/gate.ts";
import type { HostInternals } from "../host/host-internals.ts";
import { SCAN_GREETING_BYTES_MAX, SCAN_HANDSHAKE_TIMEOUT_MS, SCAN_KNOCK_TIMEOUT_MS } from "../limits.ts";

/** From here on a length takes a second byte, which none of our lines does. */
const LONG_LINE = 0x80;
const GREETING = "/multistream/1.0.0";
/** Preferred first; peers speak both, trackers the second alone. */
const ENCRYPTERS = [
  { protocol: "/tls/1.0.0", create: tls() },
  { protocol: "/noise", create: noise() },
] as const;

/** Multistream-select: each line with its length in front; both sides begin with the version they speak. */
function line(text: string): Uint8Array {
  const bytes = utf8(`${text}\n`);
  return concat(Uint8Array.of(bytes.length), bytes);
}

/** Whether something accepts connections there. */
export function knock(clock: Clock): (host: string, port: number, signal: AbortSignal) => Promise<boolean> {
  return (host, port, signal) => {
    if (signal.aborted) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect({ host, port });
    const giveUp = () => resolve(false);
    const timer = clock.after(SCAN_KNOCK_TIMEOUT_MS, giveUp);
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("connect", () => resolve(true));
    socket.once("error", giveUp);
    return promise.finally(() => {
      timer.cancel();
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
    });
  };
}

export async function lookUp(name: string): Promise<string | null> {
  try {
    return (await lookup(name)).address;
  } catch {
    return null;
  }
}

/** Asks whoever answers at a TCP multiaddr for the proof of its identity. */
export function identifyBy(
  internals: HostInternals,
  clock: Clock,
): (address: string, signal: AbortSignal) => Promise<PeerId | null> {
  const key = generateKeyPair("Ed25519");
  return async (address, signal) => {
    const { logger, upgrader, connectionProtector } = internals.components();
    const patience = new AbortController();
    const timer = clock.after(SCAN_HANDSHAKE_TIMEOUT_MS, () => patience.abort());
    const either = AbortSignal.any([signal, patience.signal]);
    const privateKey = await key;
    const asker = new Asker(internals, async (connection) => {
      const shared = (await connectionProtector?.protect(connection, { signal: either })) ?? connection;
      const { create } = await agreeOnEncrypter(shared, either);
      const secured = await create({
        logger,
        upgrader,
        privateKey,
        peerId: peerIdFromPrivateKey(privateKey),
      }).secureOutbound(shared, {
        signal: either,
        skipStreamMuxerNegotiation: true,
      });
      return peerOf(secured.remotePeer);
    });
    try {
      await tcp()({ logger }).dial(multiaddr(address), { signal: either, upgrader: asker });
    } catch {
      // Also the usual end: the asker breaks off as soon as it knows.
    } finally {
      timer.cancel();
    }
    return asker.answer;
  };
}

async function agreeOnEncrypter(
  connection: MessageStream,
  signal: AbortSignal,
): Promise<(typeof ENCRYPTERS)[number]> {
  const bytes = byteStream(connection, { maxBufferSize: SCAN_GREETING_BYTES_MAX });
  const readLine = async (): Promise<string | null> => {
    const [length = 0] = (await bytes.read({ bytes: 1, signal })).subarray();
    if (length === 0 || length >= LONG_LINE) return null;
    return fromUtf8((await bytes.read({ bytes: length, signal })).subarray());
  };
  await bytes.write(line(GREETING), { signal });
  for (const encrypter of ENCRYPTERS) {
    await bytes.write(line(encrypter.protocol), { signal });
    if (encrypter === ENCRYPTERS[0] && (await readLine()) !== `${GREETING}\n`) break;
    if ((await readLine()) !== `${encrypter.protocol}\n`) continue;
    bytes.unwrap();
    return encrypter;
  }
  throw new Error("it does not speak our handshake");
}

/** Stands where libp2p would make a connection out of a socket, and only asks the other side who it is. */
class Asker implements Upgrader {
  answer: PeerId | null = null;
  readonly #internals: HostInternals;
  readonly #ask: (connection: MultiaddrConnection) => Promise<PeerId>;

  constructor(internals: HostInternals, ask: (connection: MultiaddrConnection) => Promise<PeerId>) {
    this.#internals = internals;
    this.#ask = ask;
  }

  async upgradeOutbound(connection: MultiaddrConnection): Promise<Connection> {
    this.answer = await this.#ask(connection);
    throw new Error("asked and answered");
  }
  upgradeInbound(): Promise<void> {
    throw new Error("nobody is let in here");
  }
  createInboundAbortSignal(signal: AbortSignal): ReturnType<Upgrader["createInboundAbortSignal"]> {
    return this.#internals.components().upgrader.createInboundAbortSignal(signal);
  }
  getStreamMuxers(): Map<string, StreamMuxerFactory> {
    return new Map();
  }
  getConnectionEncrypters(): ReturnType<Upgrader["getConnectionEncrypters"]> {
    return new Map();
  }
}
