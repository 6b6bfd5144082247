/**
 * Owns how libp2p hosts are put together: the pieces that peers and trackers share, and the host of a peer.
 * The settings that depart from libp2p's own are argued in docs/decisions/0030-libp2p-settings.md.
 */
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { type GossipSub, gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import {
  type Address,
  type ComponentLogger,
  type ConnectionGater,
  type ConnectionProtector,
  FaultTolerance,
  type Libp2p,
  type Logger,
} from "@libp2p/interface";
import type { KadDHT, KadDHTComponents } from "@libp2p/kad-dht";
import { noise } from "@libp2p/noise";
import { type Ping, ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import type { PeerId } from "#base/brand.ts";
import { concat, utf8 } from "#base/bytes.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { sha256 } from "#crypto/sha256.ts";
import { compareAddresses } from "../addresses.ts";
import { behindDoors } from "../doors/door-gate.ts";
import type { Doors } from "../doors/doors.ts";
import {
  ADDRESS_DIAL_TIMEOUT_MS,
  ADDRESSES_PER_PEER_MAX,
  CLOSE_TIMEOUT_MS,
  CONNECTIONS_MAX,
  DIAL_TIMEOUT_MS,
  DIALS_AT_ONCE_MAX,
  GOSSIP_BROKEN_PROMISES_FREE,
  GOSSIP_IHAVE_IDS_MAX,
  GOSSIP_IWANT_IDS_MAX,
  GOSSIP_OUTBOUND_BYTES_MAX,
  GOSSIP_RPC_BYTES_MAX,
  GOSSIP_SEEN_MS,
  GOSSIP_TOPIC_BYTES_PER_PEER_MAX,
  HALF_OPEN_MAX,
  HEARTBEAT_TIMEOUT_MS,
  MUXER_MESSAGE_BYTES_MAX,
  STANDING_MIN_POINTS,
  STREAM_OPEN_TIMEOUT_MS,
  STREAM_READ_BUFFER_BYTES_MAX,
  STREAM_WINDOW_BYTES_MAX,
  STREAM_WINDOW_FIRST_BYTES,
  STREAMS_PER_CONNECTION_MAX,
  UPGRADE_TIMEOUT_MS,
} from "../limits.ts";
import { guarded } from "./guarded-encrypters.ts";
import { type HostInternals, hostInternals } from "./host-internals.ts";
import { ListenedAddresses } from "./listened-addresses.ts";

interface HostServices extends Record<string, unknown> {
  readonly identify: Identify;
  readonly ping: Ping;
  readonly gossip: GossipSub;
  readonly internals: HostInternals;
  readonly kademlia?: KadDHT;
}

export type Host = Libp2p<HostServices>;
type Libp2pInit = NonNullable<Parameters<typeof createLibp2p>[0]>;
export type DiscoveryFactory = Libp2pInit["peerDiscovery"];
export type TransportFactory = NonNullable<Libp2pInit["transports"]>[number];

export interface HostOptions {
  readonly keypair: Keypair;
  readonly version: string;
  /** Multiaddrs that are free to be listened on. */
  readonly listen: readonly string[];
  readonly gate: ConnectionGater;
  /** Asked before the gate. They keep all bounds on callers: libp2p's own are off. */
  readonly doors: Doors;
  /** What a peer has earned; 0 or less. */
  readonly standing: (peer: PeerId) => number;
  readonly discovery: DiscoveryFactory;
  /** Beside TCP: relays, WebSocket, WebRTC (`transports.ts`). */
  readonly transports?: readonly TransportFactory[];
  /** Which of its addresses the host tells whoever connects to it; all when absent. */
  readonly announce?: (addresses: readonly string[]) => readonly string[];
  readonly kademlia?: (components: KadDHTComponents) => KadDHT;
  /** Set where only holders of a network's private key may connect. */
  readonly protector?: () => ConnectionProtector;
}

/** A started host: it listens when this resolves. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { announce } = options;
  const listened = new ListenedAddresses();
  const announceFilter = (confirmed: Multiaddr[]) => filtered(listened.complete(confirmed), announce);
  const host = await createLibp2p<HostServices>({
    privateKey: await generateKeyPairFromSeed("Ed25519", options.keypair.seed),
    nodeInfo: nodeInfo(options.version),
    addresses: { listen: [...options.listen], announceFilter },
    transports: [tcpTransport(CONNECTIONS_MAX), ...(options.transports ?? [])],
    connectionEncrypters: connectionEncrypters(options.doors),
    streamMuxers: [streamMuxer()],
    connectionGater: behindDoors(options.gate, options.doors),
    connectionManager: connectionManager(CONNECTIONS_MAX),
    connectionMonitor: { enabled: false },
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    logger: SILENT,
    ...(options.discovery === undefined ? {} : { peerDiscovery: options.discovery }),
    ...(options.protector === undefined ? {} : { connectionProtector: options.protector }),
    services: {
      ...commonServices(),
      gossip: createGossip(options.standing),
      ...(options.kademlia === undefined ? {} : { kademlia: options.kademlia }),
    },
  });
  listened.attach(host);
  return host;
}

function filtered(all: Multiaddr[], announce: HostOptions["announce"]): Multiaddr[] {
  if (announce === undefined) return all;
  return announce(all.map((address) => address.toString())).map((address) => multiaddr(address));
}

export function nodeInfo(version: string) {
  return { name: "waybill", version, userAgent: `waybill/${version}` };
}

/**
 * @param connectionsMax open at once; beside them those that are half open find room, or nobody could push them out.
 * @param silenceMs when a silent caller is broken off; 0: never, because a heartbeat of ours tells the dead from the
 * silent.
 */
export function tcpTransport(connectionsMax: number, silenceMs = 0): TransportFactory {
  return tcp({
    inboundSocketInactivityTimeout: silenceMs,
    outboundSocketInactivityTimeout: silenceMs,
    maxConnections: connectionsMax + 2 * HALF_OPEN_MAX,
  });
}

type EncryptionDoors = Pick<Doors, "mayHandshake">;

/** TLS first: it moves more bytes for the same work. */
export function connectionEncrypters(doors: EncryptionDoors) {
  return [guarded(tls(), mayHandshakeOf(doors)), ...leanEncrypters(doors)];
}

/** For whoever holds thousands of connections: Noise takes some 40 kB less for each than TLS, and half the handshake. */
export function leanEncrypters(doors: EncryptionDoors) {
  return [guarded(noise(), mayHandshakeOf(doors))];
}

function mayHandshakeOf(doors: EncryptionDoors): (remote: string) => boolean {
  return (remote) => doors.mayHandshake(remote);
}

/**
 * All peers and trackers must use the same: the first window departs from yamux's own (spec/framing.md).
 * @param isLively says something every few seconds. Who does not learns from the other side's pings that it lives.
 */
export function streamMuxer(isLively = true) {
  return yamux({
    maxInboundStreams: STREAMS_PER_CONNECTION_MAX,
    maxOutboundStreams: STREAMS_PER_CONNECTION_MAX,
    maxMessageSize: MUXER_MESSAGE_BYTES_MAX,
    maxEarlyStreams: STREAMS_PER_CONNECTION_MAX,
    enableKeepAlive: isLively,
    keepAliveInterval: 10_000,
    streamOptions: {
      initialStreamWindowSize: STREAM_WINDOW_FIRST_BYTES,
      maxStreamWindowSize: STREAM_WINDOW_BYTES_MAX,
      maxReadBufferLength: STREAM_READ_BUFFER_BYTES_MAX,
    },
  });
}

/**
 * @param connectionsMax open at once: beyond, libp2p closes some of its choice. Who may come in is the doors' to say:
 * libp2p's own bounds refuse the honest along with the silent, who fill its few places for ten seconds each.
 */
export function connectionManager(connectionsMax: number) {
  return {
    maxConnections: connectionsMax,
    inboundConnectionThreshold: Number.MAX_SAFE_INTEGER,
    maxIncomingPendingConnections: Number.MAX_SAFE_INTEGER,
    inboundUpgradeTimeout: UPGRADE_TIMEOUT_MS,
    inboundStreamProtocolNegotiationTimeout: STREAM_OPEN_TIMEOUT_MS,
    outboundStreamProtocolNegotiationTimeout: STREAM_OPEN_TIMEOUT_MS,
    dialTimeout: DIAL_TIMEOUT_MS,
    addressDialTimeout: ADDRESS_DIAL_TIMEOUT_MS,
    connectionCloseTimeout: CLOSE_TIMEOUT_MS,
    maxParallelDials: DIALS_AT_ONCE_MAX,
    maxPeerAddrsToDial: ADDRESSES_PER_PEER_MAX,
    addressSorter: (a: Address, b: Address) =>
      signOf(compareAddresses(a.multiaddr.toString(), b.multiaddr.toString())),
    // Whom to dial again, and when, is the dialler's to say.
    reconnectRetries: 0,
  };
}

/** What every host of ours answers: who it is, that it lives; and the way to its parts. */
export function commonServices() {
  return {
    identify: identify({ protocolPrefix: "ipfs", maxInboundStreams: 4, maxOutboundStreams: 4 }),
    ping: ping({ timeout: HEARTBEAT_TIMEOUT_MS * 2, maxInboundStreams: 8, maxOutboundStreams: 8 }),
    internals: hostInternals(),
  };
}

/** Gossip as all peers speak it, over relays too. */
export function createGossip(standing: (peer: PeerId) => number) {
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message) => sha256(concat(utf8(`${message.topic}\0`), message.data)).slice(0, 20),
    // Messages are valid or not before they are cached: validators answer before gossip goes on.
    asyncValidation: false,
    floodPublish: true,
    fallbackToFloodsub: false,
    emitSelf: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    doPX: false,
    D: 8,
    Dlo: 6,
    Dhi: 12,
    heartbeatInterval: 700,
    seenTTL: GOSSIP_SEEN_MS,
    maxInboundStreams: 4,
    maxOutboundStreams: 4,
    runOnLimitedConnection: true,
    maxInboundDataLength: GOSSIP_RPC_BYTES_MAX,
    maxOutboundBufferSize: GOSSIP_OUTBOUND_BYTES_MAX,
    maxTopicBytesPerPeer: GOSSIP_TOPIC_BYTES_PER_PEER_MAX,
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: GOSSIP_IWANT_IDS_MAX,
      maxIhaveMessageIDs: GOSSIP_IHAVE_IDS_MAX,
      maxIwantMessageIDs: GOSSIP_IWANT_IDS_MAX,
      maxIdontwantMessageIDs: GOSSIP_IHAVE_IDS_MAX,
      maxControlMessages: 200,
      maxPeerInfos: 0,
    },
    scoreParams: {
      // No topic scores: quiet topics in small meshes put honest peers below any delivery threshold.
      topics: {},
      appSpecificScore: (peer) => standing(peer as PeerId),
      appSpecificWeight: 1,
      // Everybody in one house, school or test shares an address; how many a stranger's may hold, the doors say.
      IPColocationFactorWeight: 0,
      behaviourPenaltyThreshold: GOSSIP_BROKEN_PROMISES_FREE,
    },
    scoreThresholds: {
      gossipThreshold: STANDING_MIN_POINTS / 4,
      publishThreshold: STANDING_MIN_POINTS / 2,
      graylistThreshold: STANDING_MIN_POINTS,
    },
  });
}

function signOf(order: number): -1 | 0 | 1 {
  if (order === 0) return 0;
  return order < 0 ? -1 : 1;
}

const silentLogger: Logger = Object.assign(() => undefined, {
  error: () => undefined,
  trace: () => undefined,
  enabled: false,
  newScope: (): Logger => silentLogger,
});
/** libp2p logs by an environment variable of its own; what matters of it reaches our log as faults and events. */
export const SILENT: ComponentLogger = { forComponent: () => silentLogger };
