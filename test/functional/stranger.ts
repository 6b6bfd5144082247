/**
 * Owns a stranger: somebody who speaks libp2p and means no good. Holds a key of its own, opens streams of our
 * protocols to a real peer, and writes to them whatever the test likes.
 */

import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { Stream } from "@libp2p/interface";
import { noise as noiseEncryption } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import { addressOf, must, peer, peerIdOf, type RealPeer } from "#test/kit/process.ts";

/** What keeps a peer from finding anybody, and from mining. */
export const ALONE: readonly string[] = ["--no-discovery", "--no-mine"];

export interface Stranger {
  readonly keypair: Keypair;
  /** Opens a stream; throws libp2p's own error when the peer does not know the protocol. */
  open(protocol: string): Promise<Stream>;
}

/** @param seed a word; the same word is the same key. */
export async function stranger(test: TestContext, target: RealPeer, seed: string): Promise<Stranger> {
  const keypair = createKeypair(new Uint8Array(createHash("sha256").update(seed).digest()));
  const host = await createLibp2p({
    privateKey: await generateKeyPairFromSeed("Ed25519", keypair.seed),
    transports: [tcp()],
    connectionEncrypters: [tls(), noiseEncryption()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
  test.after(() => host.stop());
  const address = multiaddr(await addressOf(target));
  return {
    keypair,
    open: (protocol) => host.dialProtocol(address, protocol, { signal: AbortSignal.timeout(10_000) }),
  };
}

/** Our frames: u32 length, little-endian, then the bytes. `announced` may lie. */
export function framed(bytes: Uint8Array, announced = bytes.length): Uint8Array {
  const frame = new Uint8Array(4 + bytes.length);
  new DataView(frame.buffer).setUint32(0, announced, true);
  frame.set(bytes, 4);
  return frame;
}

/** What came of writing: the peer ended the stream (in order or not), or took it all without a word. */
export type Ending = "ended" | "still-open";

/**
 * Writes `pieces` as fast as the peer takes them and waits for the stream's end. The peer's first answer is an end as
 * well where `answered` says so.
 */
export async function write(
  stream: Stream,
  pieces: Iterable<Uint8Array>,
  timeoutMs: number,
): Promise<Ending> {
  const ended = Promise.withResolvers<"ended">();
  const end = (): void => ended.resolve("ended");
  stream.addEventListener("close", end);
  stream.addEventListener("remoteCloseWrite", end);
  // Read and dropped, so that the peer's answers do not hold anything up.
  stream.addEventListener("message", () => undefined);
  const writing = (async () => {
    for (const piece of pieces) {
      if (stream.writeStatus !== "writable") return;
      if (!stream.send(piece)) await Promise.race([stream.onDrain().catch(() => undefined), ended.promise]);
      // Endless input must not keep this process from hearing the answer.
      await nextTurn();
    }
  })().catch(() => undefined);
  const late = AbortSignal.timeout(timeoutMs);
  const tooLate = new Promise<"still-open">((resolve) => {
    late.addEventListener("abort", () => resolve("still-open"));
  });
  const outcome = await Promise.race([ended.promise, tooLate]);
  stream.abort(new Error("the test is over"));
  await writing;
  return outcome;
}

/** The next frame that the peer sends; rejects when it ends the stream without one. */
export function nextFrame(stream: Stream): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  stream.addEventListener("message", (event) => {
    chunks.push(Buffer.from(event.data.subarray()));
    const bytes = Buffer.concat(chunks);
    if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32LE(0)) return;
    resolve(new Uint8Array(bytes.subarray(4, 4 + bytes.readUInt32LE(0))));
  });
  for (const name of ["close", "remoteCloseWrite"] as const) {
    stream.addEventListener(name, () => reject(new Error(`the peer ended the stream (${name})`)));
  }
  return promise;
}

/** Bytes that follow from a word, so that a failure can be repeated. */
export function noise(word: string, count: number): Uint8Array {
  return createHash("shake128", { outputLength: count }).update(word).digest();
}

/** The peer answers, and still takes messages of an honest peer. */
export async function assertLives(t: TestContext, target: RealPeer): Promise<void> {
  const honest = await peer(t, { name: "honest", flags: ALONE });
  const address = await addressOf(target);
  // Those who are half through the door may fill it for a moment: then an honest peer comes back.
  await honest.until("is let in", 30_000, async () => {
    const connected = await honest.client.connect(address);
    return connected.ok ? true : null;
  });
  const slip = await must(honest.client.say(await peerIdOf(target), "are you there?"));
  await honest.until("has its message delivered", 20_000, async () => {
    const { state } = await must(honest.client.slip(slip.id));
    return ["delivered", "receipted", "anchored"].includes(state) ? true : null;
  });
}
