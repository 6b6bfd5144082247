/**
 * A program: many simulated peers of one tracker in one process, each with its own key. Those that connect hold a real
 * libp2p connection (Noise, yamux, identify) for as long as the program runs; the others only register over HTTP, as a script
 * does. Reports as lines of JSON; asked for lookups on standard input.
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { identify } from "@libp2p/identify";
import type { Connection } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import type { PeerId } from "#base/brand.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import { SILENT, streamMuxer } from "#net/host/host.ts";
import { Libp2pFrameStream } from "#net/host/libp2p-frame-stream.ts";
import { signPresence } from "#net/trackers/presence-record.ts";
import {
  decodeTrackerAnswer,
  encodeTrackerRequest,
  TRACKER_PROTOCOL,
  type TrackerAnswer,
  type TrackerRequest,
} from "#net/trackers/tracker-codec.ts";
import { systemClock } from "#node/system.ts";

export interface CrowdOptions {
  /** Multiaddr with `/p2p`. */
  readonly tracker: string;
  readonly origin: string;
  /** Peers with a connection, and peers that register over HTTP. */
  readonly connected: number;
  readonly overHttp: number;
  /** Seeds begin here, so that two crowds are different people. */
  readonly first: number;
  /** Whom they look up; absent: each other. */
  readonly wanted?: { readonly first: number; readonly count: number };
}

export interface CrowdReport {
  readonly count: number;
  /** Answers that were none, or not the wanted ones. */
  readonly failed: number;
  readonly tookMs: number;
  /** Of each request, milliseconds. */
  readonly latenciesMs: readonly number[];
}

/** Handshakes at once: the tracker works on them one after another all the same. */
const AT_ONCE = 16;
const CHAIN = new Uint8Array(32).fill(7);
const clock = systemClock(0);

interface Simulated {
  readonly keypair: Keypair;
  readonly connection: Connection;
}

function keypairOf(number: number): Keypair {
  const seed = new Uint8Array(32).fill(3);
  new DataView(seed.buffer).setUint32(0, number);
  return createKeypair(seed);
}

function recordOf(keypair: Keypair, number: number): Uint8Array {
  return signPresence(
    {
      chainId: CHAIN,
      issuedMs: Date.now(),
      ttlSeconds: 600,
      isListed: true,
      name: `Simulated ${number}`,
      addresses: [`/ip4/10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}/tcp/28411`],
    },
    keypair,
  ).bytes;
}

async function connect(options: CrowdOptions, number: number): Promise<Simulated> {
  const keypair = keypairOf(number);
  const host = await createLibp2p({
    privateKey: await generateKeyPairFromSeed("Ed25519", keypair.seed),
    addresses: { listen: [] },
    transports: [tcp({ inboundSocketInactivityTimeout: 0, outboundSocketInactivityTimeout: 0 })],
    connectionEncrypters: [noise()],
    streamMuxers: [streamMuxer()],
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false },
    logger: SILENT,
    services: { identify: identify() },
  });
  const connection = await host.dial(multiaddr(options.tracker));
  return { keypair, connection };
}

async function ask(
  { keypair, connection }: Simulated,
  request: TrackerRequest,
): Promise<TrackerAnswer | null> {
  const stream = await connection.newStream(TRACKER_PROTOCOL);
  const frames = new Libp2pFrameStream(
    keypair.peerId,
    stream,
    { frameBytesMax: 80 * 1024 },
    { clock, onActivity: () => undefined, needsCredit: false },
  );
  await frames.send(encodeTrackerRequest(request));
  const frame = await frames.receive({ timeoutMs: 10_000 });
  await frames.finish();
  if (!frame.ok || frame.value === null) return null;
  const answer = decodeTrackerAnswer(frame.value);
  return answer.ok ? answer.value : null;
}

async function registerAll(
  options: CrowdOptions,
): Promise<{ report: CrowdReport; peers: readonly Simulated[] }> {
  const begun = performance.now();
  const peers: Simulated[] = [];
  const latenciesMs: number[] = [];
  let failed = 0;
  let next = 0;
  const worker = async () => {
    while (next < options.connected + options.overHttp) {
      const number = options.first + next;
      const isConnected = next < options.connected;
      next += 1;
      try {
        const peer = isConnected ? await connect(options, number) : null;
        const record = recordOf(peer?.keypair ?? keypairOf(number), number);
        const since = performance.now();
        const isKept =
          peer === null
            ? await post(options.origin, record)
            : (await ask(peer, { type: "announce", record, rendezvous: [] }))?.type === "announced";
        latenciesMs.push(performance.now() - since);
        if (!isKept) failed += 1;
        if (peer !== null) peers.push(peer);
      } catch {
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const tookMs = performance.now() - begun;
  return { report: { count: latenciesMs.length, failed, tookMs, latenciesMs }, peers };
}

async function post(origin: string, record: Uint8Array): Promise<boolean> {
  const answer = await fetch(`${origin}/api/v1/presence`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: Buffer.from(record),
  });
  await answer.arrayBuffer();
  return answer.ok;
}

/** Evenly spread in time; each asks for somebody else whose record must come. */
async function lookUp(
  options: CrowdOptions,
  peers: readonly Simulated[],
  { seconds, perSecond }: { readonly seconds: number; readonly perSecond: number },
): Promise<CrowdReport> {
  const begun = performance.now();
  const latenciesMs: number[] = [];
  let failed = 0;
  const wantedOf = options.wanted ?? { first: options.first, count: options.connected + options.overHttp };
  const one = async (at: number) => {
    const peer = peers[(at * 7919) % peers.length];
    const wanted: PeerId = keypairOf(wantedOf.first + ((at * 104_729) % wantedOf.count)).peerId;
    if (peer === undefined) return;
    const since = performance.now();
    const answer = await ask(peer, { type: "find", peers: [wanted] }).catch(() => null);
    latenciesMs.push(performance.now() - since);
    if (answer?.type !== "found" || answer.records.length !== 1) failed += 1;
  };
  const underWay: Promise<void>[] = [];
  for (let at = 0; at < seconds * perSecond; at++) {
    const dueMs = begun + (at * 1000) / perSecond;
    await delay(Math.max(0, dueMs - performance.now()));
    underWay.push(one(at));
  }
  await Promise.all(underWay);
  return { count: latenciesMs.length, failed, tookMs: performance.now() - begun, latenciesMs };
}

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? "{}") as CrowdOptions;
  const { report, peers } = await registerAll(options);
  console.log(JSON.stringify(report));
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await lookUp(options, peers, JSON.parse(line))));
  }
}

if (import.meta.main) await main();
