/**
 * Owns over which connection gossip speaks to a peer. The router itself opens one stream when it first hears of a
 * peer, stays on it though a better path came, and opens no other when the path under it ends while another stands.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import type { ConnectionBook } from "./connection-book.ts";
import { peerOf } from "./gate.ts";
import type { Host } from "./host.ts";

export class GossipPaths {
  readonly #host: Host;
  readonly #connections: ConnectionBook;

  constructor(host: Host, connections: ConnectionBook) {
    this.#host = host;
    this.#connections = connections;
  }

  /** Gossip towards a peer goes over its best connection from now on. Whoever speaks no gossip is left alone. */
  settle(peer: PeerId): void {
    const best = this.#connections.best(peer);
    const { gossip } = this.#host.services;
    const known = gossip.getPeers().find((each) => peerOf(each) === peer);
    if (best === null || known === undefined) return;
    if (this.#connections.of(peer).length === 1 && hasGossip(best)) return;
    for (const connection of this.#connections.of(peer)) {
      if (connection === best) continue;
      // What was queued is lost, and asked for again by gossip itself; the router lets go at once only of what broke.
      for (const stream of outbound(connection, gossip.protocols))
        stream.abort(new Error("another path is better"));
    }
    if (hasGossip(best)) return;
    const { registrar } = this.#host.services.internals.components();
    for (const protocol of gossip.protocols.slice(0, 1)) {
      for (const topology of registrar.getTopologies(protocol)) topology.onConnect?.(known, best);
    }

    function hasGossip(connection: Connection): boolean {
      return outbound(connection, gossip.protocols).length > 0;
    }
  }
}

function outbound(connection: Connection, protocols: readonly string[]): readonly Stream[] {
  return connection.streams.filter(
    (stream) => stream.direction === "outbound" && protocols.includes(stream.protocol),
  );
}
