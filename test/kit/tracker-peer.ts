/**
 * Owns the smallest peer that can use a tracker: a libp2p host with the pieces of our own, which asks, reserves a
 * place and calls over a relay, and nothing by itself. For tests of trackers alone.
 */
import { circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { Connection, Libp2p } from "@libp2p/interface";
import { webSockets } from "@libp2p/websockets";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import { Doors, OPEN_DOORS } from "#net/doors/doors.ts";
import { protectorOf } from "#net/doors/private-network.ts";
import {
  commonServices,
  connectionEncrypters,
  connectionManager,
  nodeInfo,
  SILENT,
  streamMuxer,
  tcpTransport,
} from "#net/host/host.ts";
import { Libp2pFrameStream } from "#net/host/libp2p-frame-stream.ts";
import { type SignedPresence, signPresence } from "#net/trackers/presence-record.ts";
import {
  decodeTrackerAnswer,
  encodeTrackerRequest,
  TRACKER_PROTOCOL,
  type TrackerAnswer,
  type TrackerRequest,
} from "#net/trackers/tracker-codec.ts";
import { systemClock } from "#node/system.ts";

const clock = systemClock(0);
export const CHAIN = new Uint8Array(32).fill(5);

export interface TrackerPeer {
  readonly keypair: Keypair;
  readonly host: Libp2p;
  dial(address: string): Promise<Connection>;
  /** One request over a connection that stands, decoded or as given. */
  ask(connection: Connection, request: TrackerRequest | Uint8Array): Promise<TrackerAnswer>;
  /** Takes a place at a relay; resolves when it stands. */
  reserve(tracker: string): Promise<void>;
  close(): Promise<void>;
}

export function seedOf(number: number): Uint8Array {
  const seed = new Uint8Array(32).fill(17);
  new DataView(seed.buffer).setUint32(0, number);
  return seed;
}

let issued = 0;

/** A record of now, each later than the last. */
export function presenceOf(
  keypair: Keypair,
  change: Partial<SignedPresence["presence"]> = {},
): SignedPresence {
  issued = Math.max(issued + 1, Date.now());
  const { peer: _, ...fields } = {
    chainId: CHAIN,
    issuedMs: issued,
    ttlSeconds: 120,
    isListed: true,
    name: "somebody",
    addresses: ["/ip4/192.168.1.20/tcp/28411"],
    peer: keypair.peerId,
    ...change,
  };
  return signPresence(fields, keypair);
}

/** @param networkKey of a private network; null: none. */
export async function openTrackerPeer(
  number: number,
  networkKey: Uint8Array | null = null,
): Promise<TrackerPeer> {
  const keypair = createKeypair(seedOf(number));
  const doors = new Doors(OPEN_DOORS, { clock });
  const host = await createLibp2p({
    privateKey: await generateKeyPairFromSeed("Ed25519", keypair.seed),
    nodeInfo: nodeInfo("test"),
    addresses: { listen: [] },
    transports: [tcpTransport(100), webSockets(), circuitRelayTransport()],
    connectionEncrypters: connectionEncrypters(doors),
    streamMuxers: [streamMuxer()],
    connectionManager: connectionManager(100),
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false },
    connectionProtector: protectorOf(networkKey, () => undefined),
    logger: SILENT,
    services: commonServices(),
  });
  return {
    keypair,
    host,
    dial: (address) => host.dial(multiaddr(address)),
    ask: (connection, request) => ask(connection, request),
    reserve: async (tracker) => {
      const { transportManager } = host.services.internals.components();
      await transportManager.listen([multiaddr(`${tracker}/p2p-circuit`)]);
    },
    close: async () => await host.stop(),
  };
}

async function ask(connection: Connection, request: TrackerRequest | Uint8Array): Promise<TrackerAnswer> {
  const stream = await connection.newStream(TRACKER_PROTOCOL, { runOnLimitedConnection: true });
  const frames = new Libp2pFrameStream(
    connection.remotePeer.toString() as Keypair["peerId"],
    stream,
    { frameBytesMax: 80 * 1024 },
    { clock, onActivity: () => undefined, needsCredit: false },
  );
  await frames.send(request instanceof Uint8Array ? request : encodeTrackerRequest(request));
  const frame = await frames.receive({ timeoutMs: 10_000 });
  await frames.finish();
  if (!frame.ok || frame.value === null) throw new Error(`no answer: ${JSON.stringify(frame)}`);
  const answer = decodeTrackerAnswer(frame.value);
  if (!answer.ok) throw new Error(`an answer that does not decode: ${answer.fault.what}`);
  return answer.value;
}
