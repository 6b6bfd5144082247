/**
 * Opens the network of one peer: first what the host asks of others while it runs, then the host, then all that is
 * joined on it.
 */
import { mdns } from "@libp2p/mdns";
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { withoutPeer } from "./addresses.ts";
import { kademlia } from "./discovery/kademlia.ts";
import { Doors, OPEN_DOORS } from "./doors/doors.ts";
import { protectorOf } from "./doors/private-network.ts";
import { RateLimit } from "./doors/rate-limits.ts";
import { ConnectionBook } from "./host/connection-book.ts";
import { createGate, isAdmissiblePeer, peerOf } from "./host/gate.ts";
import { type DiscoveryFactory, startHost } from "./host/host.ts";
import { isLoopbackOnly } from "./host/listen.ts";
import { Standings } from "./host/standing.ts";
import { startListening } from "./host/start-listening.ts";
import { loadTransports } from "./host/transports.ts";
import { JoinedNetwork, type Parts, speaksMdns } from "./joined-network.ts";
import { ANNOUNCEMENTS_BURST, ANNOUNCEMENTS_PER_SECOND, MDNS_PERIOD_MS } from "./limits.ts";
import type {
  DiscoveryOptions,
  NetworkDependencies,
  NetworkOptions,
  PeerNetwork,
} from "./network-options.ts";

/** Listens, announces and dials when this resolves. A port that is taken is no fault: see `warnings`. */
export async function openNetwork(
  given: NetworkOptions,
  dependencies: NetworkDependencies,
): Promise<PeerNetwork> {
  const options = withEarsFor(given);
  const { clock, isBlocked } = dependencies;
  const connections = new ConnectionBook(clock);
  const late: Late = {
    disconnect: () => undefined,
    stunServers: () => [],
    isWanted: () => false,
    isTracker: () => false,
    named: () => undefined,
  };
  const standings = new Standings(clock, (peer) => late.disconnect(peer));
  const doors = new Doors(options.doors ?? OPEN_DOORS, {
    clock,
    isProtected: (peer) => late.isWanted(peer),
    isTracker: (peer, remote) => late.isTracker(peer, remote),
  });
  const isRefused = (peer: PeerId) =>
    !isAdmissiblePeer(peer) ||
    isBlocked(peer) ||
    standings.isBanned(peer) ||
    !doors.mayDial({ peer, host: null });
  const networkKey = options.networkKey ?? null;
  const transports = await loadTransports({
    clock,
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
      standing: (peer) => standings.gossipScore(peer),
      discovery: mdnsDiscovery(options.discovery, hasLanOn(listen), clock, (peer, addresses) =>
        late.named(peer, addresses),
      ),
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
  late.isTracker = (peer, remote) => opened.isTracker(peer, remote);
  late.named = (peer, addresses) => opened.named(peer, addresses);
  late.isWanted = (peer) => opened.isWanted(peer);
  late.disconnect = (peer) => opened.network.disconnect(peer, "it broke the rules too often");
  await opened.start();
  return opened;
}

/** What the host asks of the network that is opened on it. */
interface Late {
  isWanted: (peer: PeerId) => boolean;
  isTracker: (peer: PeerId | null, remote: string) => boolean;
  disconnect: (peer: PeerId) => void;
  stunServers: () => readonly string[];
  named: (peer: PeerId, addresses: readonly string[]) => void;
}

/** Who takes no calls waits for none: nothing listens, and nobody is asked to call. */
function withEarsFor(options: NetworkOptions): NetworkOptions {
  if ((options.doors?.mode ?? "open") === "open") return options;
  return { ...options, listen: [], discovery: { ...options.discovery, mdns: false, announcements: false } };
}

function mdnsDiscovery(
  discovery: DiscoveryOptions | undefined,
  hasLan: boolean,
  clock: Clock,
  onPeer: (peer: PeerId, addresses: readonly string[]) => void,
): DiscoveryFactory {
  if (!speaksMdns(discovery, hasLan)) return undefined;
  const create = mdns({
    interval: MDNS_PERIOD_MS,
    serviceTag: `_waybill${discovery?.mdnsTag ?? ""}._udp.local`,
  });
  const words = new RateLimit(clock, 1);
  return [
    (components) => {
      const service = create(components);
      service.addEventListener("peer", (event) => {
        // libp2p would remember whoever is named, tell of each but once, and of all that it identified as well.
        event.stopImmediatePropagation();
        const { id, multiaddrs } = event.detail;
        if (!words.take("mdns", { burst: ANNOUNCEMENTS_BURST, perSecond: ANNOUNCEMENTS_PER_SECOND })) return;
        onPeer(
          peerOf(id),
          multiaddrs.map((address) => withoutPeer(address.toString())),
        );
      });
      return service;
    },
  ];
}
