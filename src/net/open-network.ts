/**
 * Opens the network of one peer: first what the host asks of others while it runs, then the host, then all that is
 * joined on it.
 */
import { mdns } from "@libp2p/mdns";
import type { PeerId } from "#base/brand.ts";
import { fail, type Problem, problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import { AddressBook } from "./address-book.ts";
import type { AddressStore } from "./address-store.ts";
import { compareAddresses, isDialable, isLoopback, parseAddress, relayOf, withoutPeer } from "./addresses.ts";
import { Announcer, type HeardPeer } from "./announcer.ts";
import { outboundOf } from "./call-list.ts";
import { type CallSign, callSignOf } from "./call-sign.ts";
import { isFinal, keptOut, ownAddress, refused } from "./connect-problem.ts";
import { ConnectionBook } from "./connection-book.ts";
import { Dialler } from "./dialler.ts";
import { type Directory, PeerDirectory } from "./directory.ts";
import { hostOf, originOf } from "./door-origin.ts";
import { type DoorSettings, Doors, type DoorsState, OPEN_DOORS } from "./doors.ts";
import { Exchange, otherNetwork } from "./exchange.ts";
import { Feelers } from "./feelers.ts";
import { Finder } from "./finder.ts";
import type { Finding } from "./finding.ts";
import { createGate, isAdmissiblePeer, peerOf } from "./gate.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type DiscoveryFactory, type Host, startHost } from "./host.ts";
import { kademlia } from "./kademlia.ts";
import { lanWarnings } from "./lan-warnings.ts";
import { Libp2pNetwork } from "./libp2p-network.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  ANNOUNCEMENT_PERIOD_MS,
  ANNOUNCEMENT_PORT_DEFAULT,
  LOOK_AROUND_PERIOD_MS,
  MDNS_PERIOD_MS,
} from "./limits.ts";
import { isLoopbackOnly, notListening } from "./listen.ts";
import { listeningOf } from "./listening.ts";
import type { NetworkKey } from "./network-key.ts";
import { PathUpgrades } from "./path-upgrades.ts";
import { protectorOf } from "./private-network.ts";
import type { DialAttempt, LocalReach, ReachReport, ScanReport, ScanRequest, TrackerState } from "./reach.ts";
import { Standings } from "./standing.ts";
import { startListening } from "./start-listening.ts";
import { loadTransports } from "./transports.ts";

/** Listens, announces and dials when this resolves. A port that is taken is no fault: see `warnings`. */
export async function openNetwork(
  given: NetworkOptions,
  dependencies: NetworkDependencies,
): Promise<PeerNetwork> {
  const options = withEarsFor(given);
  const { clock, isBlocked } = dependencies;
  const connections = new ConnectionBook(clock);
  const late: Late = { disconnect: () => undefined, stunServers: () => [], isWanted: () => false };
  const standings = new Standings(clock, (peer) => late.disconnect(peer));
  const isProtected = (peer: PeerId) => late.isWanted(peer);
  const doors = new Doors(options.doors ?? OPEN_DOORS, { clock, isProtected });
  const isRefused = (peer: PeerId) =>
    !isAdmissiblePeer(peer) ||
    isBlocked(peer) ||
    standings.isBanned(peer) ||
    !doors.mayDial({ peer, host: null });
  const networkKey = options.networkKey ?? null;
  const transports = await loadTransports({
    punches: doors.settings.mode === "open",
    stunServers: () => late.stunServers(),
    ...(options.punchFrom === undefined ? {} : { bindAddress: options.punchFrom }),
  });
  const hasLanOn = (addresses: readonly string[]) => options.discovery?.lan ?? !isLoopbackOnly(addresses);
  const { host, plan } = await startListening(options.listen, (listen) =>
    startHost({
      keypair: options.keypair,
      version: options.version,
      listen,
      gate: createGate({ self: options.keypair.peerId, isRefused, connections }),
      doors,
      protector: protectorOf(networkKey, () =>
        doors.count(networkKey === null ? "not-waybill" : "network-key"),
      ),
      standing: (peer) => standings.points(peer),
      discovery: mdnsDiscovery(options.discovery, hasLanOn(listen)),
      transports: transports.factories,
      kademlia: kademlia(false),
    }),
  );
  const hasLan = hasLanOn(plan.addresses);
  const punching = transports.problem;
  const release = transports.release;
  const parts: Parts = { host, connections, doors, standings, isRefused, plan, hasLan, punching, release };
  const opened = new JoinedNetwork(options, dependencies, parts);
  late.stunServers = () => opened.stunServers();
  late.isWanted = (peer) => opened.isWanted(peer);
  late.disconnect = (peer) => opened.network.disconnect(peer, "it broke the rules too often");
  await opened.start();
  return opened;
}

/** What the host asks of the network that is opened on it. */
interface Late {
  isWanted: (peer: PeerId) => boolean;
  disconnect: (peer: PeerId) => void;
  stunServers: () => readonly string[];
}

/** Who takes no calls waits for none: nothing listens, and nobody is asked to call. */
function withEarsFor(options: NetworkOptions): NetworkOptions {
  if ((options.doors?.mode ?? "open") === "open") return options;
  return { ...options, listen: [], discovery: { ...options.discovery, mdns: false, announcements: false } };
}

function mdnsDiscovery(discovery: DiscoveryOptions | undefined, hasLan: boolean): DiscoveryFactory {
  if (!speaksMdns(discovery, hasLan)) return undefined;
  return [mdns({ interval: MDNS_PERIOD_MS, serviceTag: `_waybill${discovery?.mdnsTag ?? ""}._udp.local` })];
}

