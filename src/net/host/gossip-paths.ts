/**
 * Owns over which connection gossip speaks to a peer. The router itself opens one stream when it first hears of a
 * peer, stays on it though a better path came, and forgets the peer when that stream breaks while another path stands.
 */
import type { Stream } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import type { ConnectionBook } from "./connection-book.ts";
import { peerOf } from "./gate.ts";
import type { Host } from "./host.ts";

/** What the router keeps of its streams, which its public interface does not tell. */
interface Router {
  readonly streamsOutbound: Map<string, { readonly rawStream: Stream }>;
}

export class GossipPaths {
  readonly #host: Host;
  readonly #router: Router;
  readonly #connections: ConnectionBook;
  /** Peers that speak gossip, as the router found out while they were connected. */
  readonly #speakers = new Set<PeerId>();

  constructor(host: Host, connections: ConnectionBook) {
    this.#host = host;
    this.#router = host.services.gossip as unknown as Router;
    this.#connections = connections;
    // The router hears of a broken stream later than we do of its connection.
    host.services.gossip.addEventListener("gossipsub:heartbeat", () => {
      for (const peer of connections.peers()) this.settle(peer);
    });
  }

  /** Gossip towards a peer goes over its best connection from now on. Whoever speaks no gossip is left alone. */
  settle(peer: PeerId): void {
    const best = this.#connections.best(peer);
    if (best === null) {
      if (this.#connections.of(peer).length === 0) this.#speakers.delete(peer);
      return;
    }
    const { gossip, internals } = this.#host.services;
    const known = gossip.getPeers().find((each) => peerOf(each) === peer);
    if (known !== undefined) this.#speakers.add(peer);
    if (!this.#speakers.has(peer)) return;
    const current = this.#router.streamsOutbound.get(peer)?.rawStream;
    const isOnBest = current !== undefined && best.streams.includes(current);
    if (known !== undefined && isOnBest) return;
    if (current !== undefined) {
      // Let go of first, closed in order then: a stream broken off would make the other side forget us.
      this.#router.streamsOutbound.delete(peer);
      current.close().catch((error: unknown) => current.abort(error instanceof Error ? error : new Error()));
    }
    const { registrar } = internals.components();
    for (const topology of registrar.getTopologies(gossip.protocols[0] ?? "")) {
      topology.onConnect?.(best.remotePeer, best);
    }
  }
}
