/**
 * Owns our use of Kademlia: routing alone, under a protocol of our own. Trackers and peers with public addresses
 * answer; all others only ask. What the algorithm also offers, keeping values and providers for others, keeps nothing
 * here. Addresses found are hearsay: who answers there proves itself when dialled.
 */
import { type KadDHT, type KadDHTComponents, kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { peerIdFromString } from "@libp2p/peer-id";
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { isDialable, isLoopback, withoutPeer } from "../addresses.ts";
import { peerOf } from "../host/gate.ts";
import {
  KADEMLIA_BUCKET_PEERS_MAX,
  KADEMLIA_FIND_TIMEOUT_MS,
  KADEMLIA_PARALLEL,
  KADEMLIA_STREAMS_MAX,
} from "../limits.ts";

const KADEMLIA_PROTOCOL = "/waybill/kad/1";

export type Kademlia = KadDHT;
type Store = KadDHTComponents["datastore"];

/** The service of a host. Begins by only asking; `answers` makes it answer from the start. */
export function kademlia(answers: boolean): (components: KadDHTComponents) => Kademlia {
  const create = kadDHT({
    protocol: KADEMLIA_PROTOCOL,
    clientMode: !answers,
    kBucketSize: KADEMLIA_BUCKET_PEERS_MAX,
    alpha: KADEMLIA_PARALLEL,
    disjointPaths: KADEMLIA_PARALLEL,
    maxInboundStreams: KADEMLIA_STREAMS_MAX,
    maxOutboundStreams: KADEMLIA_STREAMS_MAX,
    // Networks without internet are as good as others: private addresses are told on.
    peerInfoMapper: passthroughMapper,
  });
  return (components) => {
    const { peerId, privateKey, registrar, addressManager, peerStore, connectionManager } = components;
    const { events, logger, ping } = components;
    return create({
      peerId,
      privateKey,
      registrar,
      addressManager,
      peerStore,
      connectionManager,
      events,
      logger,
      ping,
      datastore: keepsNothing(),
    });
  };
}

/** Strangers may ask for values and providers to be kept; there is no place for them, so nothing of it piles up. */
function keepsNothing(): Store {
  const absent = (): never => {
    throw Object.assign(new Error("nothing is kept"), { name: "NotFoundError" });
  };
  return {
    has: () => false,
    put: (key) => key,
    get: absent,
    delete: () => undefined,
    *putMany() {},
    *getMany() {},
    *deleteMany() {},
    *query() {},
    *queryKeys() {},
    batch: () => ({ put: () => undefined, delete: () => undefined, commit: () => undefined }),
  };
}

/** Starts answering others, once others can reach us; stops it when they no longer can. */
export async function setAnswering(service: Kademlia, answers: boolean): Promise<void> {
  const mode = answers ? "server" : "client";
  if (service.getMode() !== mode) await service.setMode(mode);
}

export interface KademliaDependencies {
  readonly service: Kademlia;
  readonly clock: Clock;
  /** Whether somebody on this computer is asked: else loopback addresses mean another computer's, and are left out. */
  readonly asksHere: boolean;
}

/**
 * Addresses of a peer, without `/p2p`, as those who answer say; empty when nobody knows it within the time allowed.
 * Never rejects.
 */
export async function findByKademlia(
  peer: PeerId,
  { service, clock, asksHere }: KademliaDependencies,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const patience = new AbortController();
  const timer = clock.after(KADEMLIA_FIND_TIMEOUT_MS, () => patience.abort());
  try {
    const found = service.findPeer(peerIdFromString(peer), {
      signal: AbortSignal.any([signal, patience.signal]),
      useCache: false,
    });
    for await (const event of found) {
      if (event.name !== "FINAL_PEER" || peerOf(event.peer.id) !== peer) continue;
      const addresses = event.peer.multiaddrs.map((address) => withoutPeer(address.toString()));
      return addresses.filter((address) => isDialable(address) && (asksHere || !isLoopback(address)));
    }
  } catch {
    // Nobody knew it, or not in time.
  } finally {
    timer.cancel();
  }
  return [];
}
