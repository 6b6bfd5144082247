/**
 * Owns who may connect: keys that cannot stand for anybody, blocked and banned peers are refused, and of two
 * connections that both sides dialled at once the same one survives on both sides.
 */
import type { Connection, ConnectionGater, PeerId as Libp2pPeerId } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { isAdmissibleKey } from "#crypto/ed25519.ts";
import { keyOfPeerId } from "#crypto/peer-id.ts";
import type { Clock } from "#ports/clock.ts";
import { SIMULTANEOUS_DIAL_MS } from "./limits.ts";

export interface GateDependencies {
  readonly self: PeerId;
  /** Blocked, banned, or a key that stands for nobody; asked at every connection. */
  readonly isRefused: (peer: PeerId) => boolean;
  readonly connections: ConnectionBook;
}

/** The connection of each peer, and since when, by a clock that does not jump. */
export class ConnectionBook {
  readonly #clock: Clock;
  readonly #open = new Map<PeerId, Map<Connection, number>>();
  #spared: { readonly peer: PeerId; readonly address: string } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the peer had no other connection before. */
  add(connection: Connection): boolean {
    const peer = peerOf(connection.remotePeer);
    const known = this.#open.get(peer);
    if (known === undefined) this.#open.set(peer, new Map([[connection, this.#clock.monotonicMs()]]));
    else known.set(connection, this.#clock.monotonicMs());
    return known === undefined;
  }

  /** Whether it was the peer's last one. */
  remove(connection: Connection): boolean {
    const peer = peerOf(connection.remotePeer);
    const known = this.#open.get(peer);
    if (known?.delete(connection) !== true || known.size > 0) return false;
    this.#open.delete(peer);
    return true;
  }

  of(peer: PeerId): readonly Connection[] {
    return [...(this.#open.get(peer)?.keys() ?? [])];
  }

  peers(): readonly PeerId[] {
    return [...this.#open.keys()];
  }

  /** A connection dialled by us was not needed: the peer, who proved to be there, is connected already. */
  spare(peer: PeerId, address: string): void {
    this.#spared = { peer, address };
  }

  /** The last one spared, told once. */
  takeSpared(): { readonly peer: PeerId; readonly address: string } | null {
    const spared = this.#spared;
    this.#spared = null;
    return spared;
  }

  ageMs(connection: Connection): number {
    const sinceMs = this.#open.get(peerOf(connection.remotePeer))?.get(connection);
    return sinceMs === undefined ? 0 : this.#clock.monotonicMs() - sinceMs;
  }
}

export function peerOf(peer: Libp2pPeerId): PeerId {
  return peer.toString() as PeerId;
}

/** An identity that somebody could have proven: an Ed25519 key that only its owner can sign for. */
export function isAdmissiblePeer(peer: PeerId): boolean {
  const key = keyOfPeerId(peer);
  return key !== null && isAdmissibleKey(key);
}

export function createGate(dependencies: GateDependencies): ConnectionGater {
  const { self, connections } = dependencies;
  const isRefused = (peer: Libp2pPeerId): boolean => dependencies.isRefused(peerOf(peer));
  const settle = (peer: PeerId, direction: "inbound" | "outbound"): boolean => {
    for (const known of connections.of(peer)) {
      if (
        prefersKnown(self, peer, { direction: known.direction, ageMs: connections.ageMs(known) }, direction)
      ) {
        return true;
      }
      // Before the new one is let in: gossip follows peers, and would otherwise keep its stream on the old one.
      known.abort(new Error("replaced by a newer connection"));
    }
    return false;
  };
  return {
    denyDialPeer: isRefused,
    // Private addresses, which libp2p refuses by default in places, are the usual case here.
    denyDialMultiaddr: () => false,
    denyInboundEncryptedConnection: isRefused,
    denyOutboundEncryptedConnection: isRefused,
    denyInboundUpgradedConnection: (peer) => settle(peerOf(peer), "inbound"),
    denyOutboundUpgradedConnection: (peer, { remoteAddr }) => {
      const isSpared = settle(peerOf(peer), "outbound");
      if (isSpared) connections.spare(peerOf(peer), remoteAddr.toString());
      return isSpared;
    },
  };
}

/**
 * Whether a connection that stands is kept and the new one refused. Two dialled at once: the one dialled by the
 * smaller peer id stays, which both sides decide alike. Later than that the other side has lost the one we hold,
 * or it would not have dialled: the new one stays.
 */
export function prefersKnown(
  self: PeerId,
  peer: PeerId,
  known: { readonly direction: "inbound" | "outbound"; readonly ageMs: number },
  direction: "inbound" | "outbound",
): boolean {
  if (known.ageMs >= SIMULTANEOUS_DIAL_MS) return false;
  if (known.direction === direction) return direction === "outbound";
  const preferred = self < peer ? "outbound" : "inbound";
  return known.direction === preferred;
}
