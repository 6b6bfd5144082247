/**
 * Owns the libp2p host of a tracker: what it listens on, the relay it offers, Kademlia in server mode, and
 * `/waybill/tracker/1` as questions and answers. What is answered, and how much may be relayed, comes in from outside.
 */

import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { GossipSub } from "@libp2p/gossipsub";
import type { Identify } from "@libp2p/identify";
import { type Connection, FaultTolerance, type Libp2p } from "@libp2p/interface";
import type { Ping } from "@libp2p/ping";
import { webSockets } from "@libp2p/websockets";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import { isLoopback, withoutPeer } from "../addresses.ts";
import { type Kademlia, kademlia } from "../discovery/kademlia.ts";
import { behindDoors } from "../doors/door-gate.ts";
import type { DoorLimits } from "../doors/door-limits.ts";
import { hostOf, originOf } from "../doors/door-origin.ts";
import { Doors, OPEN_DOORS } from "../doors/doors.ts";
import type { NetworkKey } from "../doors/network-key.ts";
import { protectorOf } from "../doors/private-network.ts";
import { ConnectionBook } from "../host/connection-book.ts";
import { createGate, isAdmissiblePeer, peerOf } from "../host/gate.ts";
import {
  commonServices,
  connectionManager,
  createGossip,
  type Host,
  leanEncrypters,
  nodeInfo,
  SILENT,
  streamMuxer,
  tcpTransport,
} from "../host/host.ts";
import type { HostInternals } from "../host/host-internals.ts";
import { Libp2pFrameStream } from "../host/libp2p-frame-stream.ts";
import { Libp2pNetwork } from "../host/libp2p-network.ts";
import { ListenedAddresses } from "../host/listened-addresses.ts";
import { forgetTheAbsent } from "../host/peer-memory.ts";
import { answerPulses } from "../host/pulse.ts";
import { Standings } from "../host/standing.ts";
import { isAmong } from "../host/start-listening.ts";
import { type WebPortOptions, webPort } from "../host/web-port.ts";
import {
  HANDSHAKE_SOURCES_MAX,
  TRACKER_ANSWER_BYTES_MAX,
  TRACKER_CONNECTIONS_MAX,
  TRACKER_CONNECTIONS_PER_ADDRESS_MAX,
  TRACKER_CONNECTIONS_PER_GROUP_MAX,
  TRACKER_HALF_OPEN_MAX,
  TRACKER_HALF_OPEN_PER_CALLER_MAX,
  TRACKER_HANDSHAKES_BURST,
  TRACKER_HANDSHAKES_PER_ADDRESS_BURST,
  TRACKER_HANDSHAKES_PER_ADDRESS_PER_SECOND,
  TRACKER_HANDSHAKES_PER_SECOND,
  TRACKER_REQUEST_BYTES_MAX,
  TRACKER_SILENCE_MS,
  TRACKER_STREAMS_PER_PEER_MAX,
  TRACKER_TIMEOUT_MS,
  UPGRADE_TIMEOUT_MS,
} from "../limits.ts";
import { RelayMeter, type RelayPolicy, type RelayUse } from "./relay-meter.ts";
import { TRACKER_PROTOCOL } from "./tracker-codec.ts";

/** Who asks, over which connection. */
export interface TrackerCaller {
  readonly peer: PeerId;
  /** IP address; null where it is hidden. */
  readonly host: string | null;
  /** `host:port`, IPv6 in brackets; null where it is hidden. */
  readonly observed: string | null;
}

export interface TrackerHostOptions {
  readonly keypair: Keypair;
  readonly version: string;
  /** Multiaddrs of TCP ports for peers, and of the web port (`/ws`, or `/tls/ws` where it is of HTTPS). */
  readonly listen: readonly string[];
  /** Multiaddrs at which others reach this tracker beside those of its own interfaces: a public name, say. */
  readonly announce: readonly string[];
  /** Null where nothing of `listen` is on a web port. */
  readonly web: WebPortOptions | null;
  /** Null: nothing is relayed. */
  readonly relay: RelayPolicy | null;
  /** Whether to take part in gossip, for whoever keeps a ledger here. */
  readonly gossips: boolean;
  /** Only holders of this key get as far as a handshake; null: everybody. */
  readonly networkKey: NetworkKey | null;
}

export interface TrackerHostDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** The answer to one request frame. Throwing is a fault of ours. */
  readonly answer: (request: Uint8Array, caller: TrackerCaller) => Uint8Array;
}

export interface TrackerHost {
  readonly self: PeerId;
  /** Multiaddrs with `/p2p`, loopback ones last. */
  addresses(): readonly string[];
  connections(): number;
  relay(): RelayUse | null;
  /** Callers refused since the start, by reason. */
  refusals(): Readonly<Record<string, number>>;
  /** Set where `gossips` is. */
  readonly network: Network | null;
  close(): Promise<void>;
}

interface Services extends Record<string, unknown> {
  readonly identify: Identify;
  readonly ping: Ping;
  readonly internals: HostInternals;
  readonly kademlia: Kademlia;
  readonly gossip?: GossipSub;
}

const DOOR_LIMITS: DoorLimits = Object.freeze({
  halfOpen: {
    max: TRACKER_HALF_OPEN_MAX,
    timeoutMs: UPGRADE_TIMEOUT_MS,
    // Private addresses are the operator's own network: bounded by what all may have.
    perOwnAddress: TRACKER_HALF_OPEN_MAX,
    perPublicAddress: TRACKER_HALF_OPEN_PER_CALLER_MAX,
    perRelay: TRACKER_HALF_OPEN_PER_CALLER_MAX,
  },
  handshakes: {
    ownAddress: { burst: TRACKER_HANDSHAKES_BURST, perSecond: TRACKER_HANDSHAKES_PER_SECOND },
    publicAddress: {
      burst: TRACKER_HANDSHAKES_PER_ADDRESS_BURST,
      perSecond: TRACKER_HANDSHAKES_PER_ADDRESS_PER_SECOND,
    },
    all: { burst: TRACKER_HANDSHAKES_BURST, perSecond: TRACKER_HANDSHAKES_PER_SECOND },
  },
  handshakeSourcesMax: HANDSHAKE_SOURCES_MAX,
  inbound: {
    total: TRACKER_CONNECTIONS_MAX,
    perOwnAddress: TRACKER_CONNECTIONS_MAX,
    perPublicAddress: TRACKER_CONNECTIONS_PER_ADDRESS_MAX,
    perPublicGroup: TRACKER_CONNECTIONS_PER_GROUP_MAX,
    perRelay: TRACKER_CONNECTIONS_PER_ADDRESS_MAX,
    relayed: TRACKER_CONNECTIONS_PER_ADDRESS_MAX,
  },
});

/** Listens when this resolves; fails when any of the addresses asked for could not be listened on. */
export async function openTrackerHost(
  options: TrackerHostOptions,
  dependencies: TrackerHostDependencies,
): Promise<Result<TrackerHost, Problem>> {
  const { clock } = dependencies;
  const doors = new Doors(OPEN_DOORS, { clock, limits: DOOR_LIMITS });
  const connections = new ConnectionBook(clock);
  const late: { disconnect: (peer: PeerId) => void } = { disconnect: () => undefined };
  const standings = new Standings(clock, (peer) => late.disconnect(peer));
  const isRefused = (peer: PeerId) => !isAdmissiblePeer(peer) || standings.isBanned(peer);
  const gate = createGate({ self: options.keypair.peerId, isRefused, connections });
  const listened = new ListenedAddresses();
  const meter = options.relay === null ? null : new RelayMeter(options.relay);
  const libp2p = await createLibp2p<Services>({
    privateKey: await generateKeyPairFromSeed("Ed25519", options.keypair.seed),
    nodeInfo: nodeInfo(options.version),
    addresses: {
      listen: [...options.listen],
      appendAnnounce: [...options.announce],
      announceFilter: (confirmed) => reachableFromElsewhere(listened.complete(confirmed)),
    },
    transports: [
      tcpTransport(TRACKER_CONNECTIONS_MAX, TRACKER_SILENCE_MS),
      options.web === null ? webSockets() : webPort(options.web, { clock }),
    ],
    connectionEncrypters: leanEncrypters(doors),
    // Peers ping; answering is enough, and only so is a silent connection known for dead.
    streamMuxers: [streamMuxer(false)],
    connectionGater: behindDoors(gate, doors),
    connectionManager: connectionManager(TRACKER_CONNECTIONS_MAX),
    connectionMonitor: { enabled: false },
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    logger: SILENT,
    connectionProtector: protectorOf(options.networkKey, () =>
      doors.count(options.networkKey === null ? "not-waybill" : "network-key"),
    ),
    services: {
      ...commonServices(),
      kademlia: kademlia(true),
      ...(meter === null ? {} : { relay: meter.service() }),
      ...(options.gossips ? { gossip: createGossip((peer) => standings.gossipScore(peer)) } : {}),
    },
  });
  listened.attach(libp2p);
  const missing = notListenedOn(options.listen, libp2p);
  if (missing !== null) {
    await libp2p.stop();
    return fail(cannotListen(missing));
  }
  const opened = new OpenTrackerHost(libp2p, { ...dependencies, doors, connections, standings, meter });
  late.disconnect = (peer) => opened.disconnect(peer);
  await opened.start();
  return ok(opened);
}

/** A loopback address that is told to others leads them to themselves; it stays only where there is no other. */
function reachableFromElsewhere(addresses: Multiaddr[]): Multiaddr[] {
  const elsewhere = addresses.filter((address) => !isLoopback(withoutPeer(address.toString())));
  return elsewhere.length > 0 ? elsewhere : addresses;
}

function notListenedOn(asked: readonly string[], host: Libp2p<Services>): string | null {
  const listeners = host.services.internals.components().transportManager.getListeners();
  const got = listeners.flatMap((listener) => listener.getAddrs()).map((address) => address.toString());
  const ofKind = (addresses: readonly string[], isWeb: boolean) =>
    addresses.filter((each) => WEB_SUFFIX.test(each) === isWeb).map((each) => each.replace(WEB_SUFFIX, ""));
  for (const isWeb of [false, true]) {
    const bound = ofKind(got, isWeb);
    const missing = ofKind(asked, isWeb).find((each) => !isAmong(each, bound));
    if (missing !== undefined) return missing;
  }
  return null;
}

const WEB_SUFFIX = /\/(ws|wss|tls\/ws)$/;

function cannotListen(address: string): Problem {
  return problem(
    "port-unusable",
    `${address} cannot be listened on: another program has the port, ports below 1024 are not allowed to this user, or the address is none of this computer.`,
    "Name a free port with --port or --web-port, an address of this computer with --listen, or end the program that has the port.",
  );
}

interface Parts extends TrackerHostDependencies {
  readonly doors: Doors;
  readonly connections: ConnectionBook;
  readonly standings: Standings;
  readonly meter: RelayMeter | null;
}

class OpenTrackerHost implements TrackerHost {
  readonly self: PeerId;
  readonly network: Libp2pNetwork | null;
  readonly #host: Libp2p<Services>;
  readonly #parts: Parts;
  readonly #stopForgetting: () => void;

  constructor(host: Libp2p<Services>, parts: Parts) {
    this.#host = host;
    this.#parts = parts;
    this.self = peerOf(host.peerId);
    const { clock, log, connections, standings, meter } = parts;
    if (hasGossip(host)) {
      const dial = async () => fail(doesNotDial());
      this.network = new Libp2pNetwork({ host, connections, standings, clock, log, dial });
    } else {
      this.network = null;
      host.addEventListener("connection:open", ({ detail }) => connections.add(detail));
      host.addEventListener("connection:close", ({ detail }) => connections.remove(detail));
    }
    host.addEventListener("peer:disconnect", ({ detail }) => meter?.left(detail));
    this.#stopForgetting = forgetTheAbsent(host, clock, log);
  }

  async start(): Promise<void> {
    await answerPulses(this.#host);
    await this.#host.handle(
      TRACKER_PROTOCOL,
      async (stream, connection) => {
        const peer = peerOf(connection.remotePeer);
        const { clock, log } = this.#parts;
        const frames = new Libp2pFrameStream(
          peer,
          stream,
          { frameBytesMax: TRACKER_ANSWER_BYTES_MAX },
          { clock, onActivity: () => undefined, needsCredit: false },
        );
        try {
          await this.#answerOne(frames, connection);
        } catch (error) {
          log.fault("answering a request to the tracker", error);
          frames.reset("the tracker failed");
        }
      },
      { maxInboundStreams: TRACKER_STREAMS_PER_PEER_MAX, runOnLimitedConnection: true },
    );
  }

  addresses(): readonly string[] {
    return this.#host.getMultiaddrs().map((address) => address.toString());
  }

  connections(): number {
    return this.#host.getConnections().length;
  }

  relay(): RelayUse | null {
    return this.#parts.meter?.use() ?? null;
  }

  refusals(): Readonly<Record<string, number>> {
    return this.#parts.doors.refusals();
  }

  disconnect(peer: PeerId): void {
    for (const connection of this.#parts.connections.of(peer)) {
      connection.abort(new Error("it broke the rules too often"));
    }
  }

  async close(): Promise<void> {
    this.#stopForgetting();
    await this.#host.stop();
  }

  async #answerOne(frames: Libp2pFrameStream, connection: Connection): Promise<void> {
    const request = await frames.receive({ timeoutMs: TRACKER_TIMEOUT_MS });
    if (!request.ok || request.value === null || request.value.length > TRACKER_REQUEST_BYTES_MAX) {
      frames.reset("no request");
      return;
    }
    await frames.send(this.#parts.answer(request.value, callerOf(connection)));
    await frames.finish();
  }
}

function hasGossip(host: Libp2p<Services>): host is Libp2p<Services> & Host {
  return host.services.gossip !== undefined;
}

function callerOf(connection: Connection): TrackerCaller {
  const remote = connection.remoteAddr.toString();
  const host = hostOf(originOf(remote));
  const port = /\/tcp\/(\d+)/.exec(remote)?.[1];
  const peer = peerOf(connection.remotePeer);
  if (host === null || port === undefined) return { peer, host, observed: null };
  return { peer, host, observed: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}` };
}

function doesNotDial(): Problem {
  return problem("tracker-waits", "A tracker calls nobody.", "Nothing to do: peers call the tracker.");
}
