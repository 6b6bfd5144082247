/** Callers that open streams without end, or fill one byte by byte: real hosts on loopback. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import type { FrameStream } from "#ports/network.ts";
import { type HostPeer, startHostPeer } from "#test/kit/network-hosts.ts";
import { realClock } from "#test/kit/real.ts";
import { FRAME_HEADER_BYTES, STREAMS_PER_CONNECTION_MAX } from "../limits.ts";

const PROTOCOL = "/waybill/stream-flood-test/1";
const STREAMS_PER_PEER = 4;
const OPTIONS = { frameBytesMax: 1024, streamsPerPeerMax: STREAMS_PER_PEER };
const OPEN = { ...OPTIONS, timeoutMs: 10_000 };
const TEST_TIMEOUT_MS = 60_000;
const STREAMS = 1_000;

let seeds = 140;

async function startPeer(): Promise<HostPeer> {
  seeds += 1;
  return await startHostPeer({ seed: seeds, listen: ["/ip4/127.0.0.1/tcp/0"] });
}

async function call(from: HostPeer, to: HostPeer): Promise<Connection> {
  const [address] = to.host.getMultiaddrs();
  return await from.host.dial(multiaddr(String(address)));
}

/** Resolves when the other side has ended the stream, in order or not. */
async function ended(stream: Stream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (stream.status !== "open") return;
  for (const name of ["close", "remoteCloseWrite"] as const) stream.addEventListener(name, () => resolve());
  await promise;
}

/** One frame there and back, by somebody honest. */
async function assertServed(honest: HostPeer, victim: HostPeer): Promise<void> {
  const opened = await honest.network.open(victim.network.self, PROTOCOL, OPEN);
  assert.ok(opened.ok);
  assert.ok((await opened.value.send(Uint8Array.of(7))).ok);
  assert.deepEqual(await opened.value.receive(), { ok: true, value: Uint8Array.of(7) });
  await opened.value.close();
}

test("row 24: one byte at a time holds no place: a frame has to be whole in time, and then the place is free", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const [victim, slow] = [await startPeer(), await startPeer()];
  const verdicts: string[] = [];
  let bytesTaken = 0;
  victim.network.handle(PROTOCOL, OPTIONS, async (stream: FrameStream) => {
    const frame = await stream.receive({ timeoutMs: 500 });
    verdicts.push(frame.ok ? "a frame" : frame.fault.code);
    if (frame.ok && frame.value !== null) await stream.send(frame.value);
  });
  try {
    const connection = await call(slow, victim);
    const streams = await Promise.all(
      Array.from({ length: STREAMS_PER_PEER }, () => connection.newStream(PROTOCOL)),
    );
    const header = new Uint8Array(FRAME_HEADER_BYTES);
    new DataView(header.buffer).setUint32(0, OPTIONS.frameBytesMax, true);
    for (const stream of streams) stream.send(header);
    const drip = realClock.every(20, () => {
      for (const stream of streams) {
        if (stream.writeStatus !== "writable") continue;
        stream.send(Uint8Array.of(1));
        bytesTaken += 1;
      }
    });
    await Promise.all(streams.map(ended));
    drip.cancel();
    assert.ok(bytesTaken > STREAMS_PER_PEER, "bytes came all the time");
    assert.deepEqual(verdicts, Array(STREAMS_PER_PEER).fill("timeout"));
    await assertServed(slow, victim);
  } finally {
    await Promise.all([victim.close(), slow.close()]);
  }
  assert.deepEqual([...victim.faults, ...slow.faults], []);
});

test("row 25: of a thousand streams of one caller a few are served at once, and others are served meanwhile", {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const [victim, honest] = [await startPeer(), await startPeer()];
  // Not one of ours, which would not open so many.
  const flooder = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxOutboundStreams: 2 * STREAMS })],
    connectionMonitor: { enabled: false },
  });
  let [served, servedMost, heldMost] = [0, 0, 0];
  victim.network.handle(PROTOCOL, OPTIONS, async (stream) => {
    const isFlood = stream.peer !== honest.network.self;
    if (isFlood) served += 1;
    servedMost = Math.max(servedMost, served);
    const held = victim.connections.of(stream.peer).flatMap(({ streams }) => streams);
    heldMost = Math.max(heldMost, held.length);
    const frame = await stream.receive();
    if (isFlood) served -= 1;
    if (frame.ok && frame.value !== null) await stream.send(frame.value);
  });
  try {
    const [address] = victim.host.getMultiaddrs();
    const connection = await flooder.dial(multiaddr(String(address)));
    const limits = { maxOutboundStreams: STREAMS, runOnLimitedConnection: true };
    const opening = Promise.allSettled(
      Array.from({ length: STREAMS }, () => connection.newStream(PROTOCOL, limits)),
    );
    await call(honest, victim);
    await assertServed(honest, victim);
    await opening;
    await assertServed(honest, victim);
    assert.ok(servedMost > 0 && servedMost <= STREAMS_PER_PEER, `${servedMost} at once`);
    assert.ok(heldMost <= STREAMS_PER_CONNECTION_MAX, `${heldMost} streams held`);
  } finally {
    await Promise.all([victim.close(), honest.close(), flooder.stop()]);
  }
  assert.deepEqual(victim.faults, []);
});
