/**
 * Real hosts of the network in one process on loopback, for tests: peers that listen or are reached over a relay alone,
 * with their better paths looked for or not, and the relay.
 */
import { circuitRelayServer } from "@libp2p/circuit-relay-v2";
import type { Libp2p } from "@libp2p/interface";
import { createLibp2p } from "libp2p";
import type { PeerId } from "#base/brand.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { AddressBook } from "#net/discovery/address-book.ts";
import { PeerDirectory } from "#net/discovery/directory.ts";
import { Doors, OPEN_DOORS } from "#net/doors/doors.ts";
import { ConnectionBook } from "#net/host/connection-book.ts";
import { dialAddress } from "#net/host/dial-address.ts";
import { createGate } from "#net/host/gate.ts";
import { Heartbeat, type HeartbeatDependencies } from "#net/host/heartbeat.ts";
import {
  commonServices,
  connectionEncrypters,
  connectionManager,
  type Host,
  SILENT,
  startHost,
  streamMuxer,
  tcpTransport,
} from "#net/host/host.ts";
import { Libp2pNetwork } from "#net/host/libp2p-network.ts";
import { Standings } from "#net/host/standing.ts";
import { loadTransports } from "#net/host/transports.ts";
import { Dialler } from "#net/paths/dialler.ts";
import { PathUpgrades, type PathUpgradesDependencies } from "#net/paths/path-upgrades.ts";
import type { Clock } from "#ports/clock.ts";
import type { PathKind } from "#ports/network.ts";
import { memoryAddresses } from "#storage/memory/addresses.ts";
import { faultLog, realClock, realRandom } from "./real.ts";

const LOOPBACK = "127.0.0.1";

export interface HostPeer {
  readonly host: Host;
  readonly network: Libp2pNetwork;
  readonly connections: ConnectionBook;
  readonly directory: PeerDirectory;
  readonly dialler: Dialler;
  readonly faults: unknown[];
  /** Dials one address, and waits for nothing else. */
  dial(address: string, peer: PeerId): Promise<void>;
  /**
   * The same over WebRTC, again until it stands: on loopback the native part may meet the other side's certificate
   * before it was told whose to expect, and then the handshake fails.
   */
  punch(address: string, peer: PeerId): Promise<void>;
  close(): Promise<void>;
}

export interface HostPeerOptions {
  readonly seed: number;
  readonly listen: readonly string[];
  /** Whether better paths are looked for, and dead ones noticed. */
  readonly keepsPaths?: boolean;
  /** Of everything above libp2p; real when absent. */
  readonly clock?: Clock;
}

export async function startHostPeer(options: HostPeerOptions): Promise<HostPeer> {
  const keypair = createKeypair(new Uint8Array(32).fill(options.seed));
  const { log, faults } = faultLog();
  const clock = options.clock ?? realClock;
  const connections = new ConnectionBook(clock);
  const late = { disconnect: (_peer: PeerId): void => undefined };
  const standings = new Standings(clock, (peer) => late.disconnect(peer));
  const isRefused = (peer: PeerId) => standings.isBanned(peer);
  const transports = await loadTransports({
    clock: realClock,
    punches: true,
    stunServers: () => [],
    bindAddress: LOOPBACK,
  });
  const host = await startHost({
    keypair,
    version: "0.0.0-test",
    listen: options.listen,
    gate: createGate({ self: keypair.peerId, isRefused, connections }),
    doors: new Doors(OPEN_DOORS, { clock: realClock }),
    standing: (peer) => standings.gossipScore(peer),
    discovery: undefined,
    transports: transports.factories,
  });
  const directory = new PeerDirectory({ clock, log, isKept: () => false });
  const book = new AddressBook(memoryAddresses(), clock);
  const shared = { connections, directory, clock, random: realRandom, log };
  const dialler = new Dialler({ ...shared, host, book, isRefused });
  const network = new Libp2pNetwork({
    host,
    connections,
    standings,
    clock,
    log,
    dial: (peer, signal) => dialler.reach(peer, signal),
  });
  late.disconnect = (peer) => network.disconnect(peer, "banned");
  const keeper =
    options.keepsPaths === true
      ? keepPaths({ ...shared, host, self: keypair.peerId, network, dialler, punching: transports.problem })
      : null;
  const dial = async (address: string, peer: PeerId, timeoutMs = 10_000) => {
    await dialAddress(host.services.internals, address, peer, AbortSignal.timeout(timeoutMs));
  };
  return {
    host,
    network,
    connections,
    directory,
    dialler,
    faults,
    dial: async (address, peer) => await dial(address, peer),
    punch: async (address, peer) => await again(() => dial(`${address}/webrtc`, peer, 2_500)),
    close: async () => {
      await keeper?.close();
      await dialler.close();
      await host.stop();
      transports.release();
    },
  };
}

/** Up to five times. */
async function again(work: () => Promise<void>): Promise<void> {
  for (let time = 1; ; time++) {
    try {
      return await work();
    } catch (error) {
      if (time === 5) throw error;
    }
  }
}

type Kept = Omit<PathUpgradesDependencies, "nat" | "onReason"> & HeartbeatDependencies;

/** The heartbeat and the search for better paths, joined with the directory as the network of a peer joins them. */
function keepPaths(parts: Kept): { close(): Promise<void> } {
  const { directory, network } = parts;
  const heartbeat = new Heartbeat(parts);
  const search = new PathUpgrades({
    ...parts,
    nat: () => "unknown",
    onReason: (peer, reason) => directory.explained(peer, reason),
  });
  network.subscribe((event) => {
    if (event.type === "connected") directory.connected(event.connection, false);
    else if (event.type === "path") directory.rerouted(event.connection);
    else directory.disconnected(event.peer);
    search.changed(event.type === "disconnected" ? event.peer : event.connection.peer);
  });
  return {
    close: async () => {
      heartbeat.close();
      await search.close();
    },
  };
}

export interface TestRelay {
  /** Multiaddr of a way over it, without the peer called. */
  readonly address: string;
  stop(): Promise<void>;
}

/** A relay without quotas, made of what a tracker is made of. */
export async function startRelay(): Promise<TestRelay> {
  const relay: Libp2p = await createLibp2p({
    addresses: { listen: [`/ip4/${LOOPBACK}/tcp/0`] },
    transports: [tcpTransport(100)],
    connectionEncrypters: connectionEncrypters(new Doors(OPEN_DOORS, { clock: realClock })),
    streamMuxers: [streamMuxer()],
    connectionManager: connectionManager(100),
    connectionMonitor: { enabled: false },
    logger: SILENT,
    services: {
      ...commonServices(),
      relay: circuitRelayServer({ reservations: { maxReservations: 100, applyDefaultLimit: false } }),
    },
  });
  const [address] = relay.getMultiaddrs();
  if (address === undefined) throw new Error("the relay does not listen");
  return {
    address: `${address}/p2p-circuit`,
    stop: async () => {
      await relay.stop();
    },
  };
}

/** Resolves when the path by which `other` is reached is as wanted; null stands for none. */
export async function untilPath(peer: HostPeer, other: PeerId, wanted: PathKind | null): Promise<void> {
  const path = () => peer.network.connected().find((each) => each.peer === other)?.path ?? null;
  while (path() !== wanted) {
    const changed = Promise.withResolvers<void>();
    const stop = peer.network.subscribe(() => changed.resolve());
    await changed.promise;
    stop();
  }
}
