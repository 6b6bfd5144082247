/**
 * Owns who may connect: keys that cannot stand for anybody, blocked and banned peers are refused, and of two
 * connections of one class that both sides dialled at once the same one survives on both sides.
 */
import type { ConnectionGater, PeerId as Libp2pPeerId } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { isAdmissibleKey } from "#crypto/ed25519.ts";
import { keyOfPeerId } from "#crypto/peer-id.ts";
import { SIMULTANEOUS_DIAL_MS } from "../limits.ts";
import { type ConnectionBook, classOf, pathClassOf } from "./connection-book.ts";
import { isThrough } from "./punched-through.ts";

export interface GateDependencies {
  readonly self: PeerId;
  /** Blocked, banned, or a key that stands for nobody; asked at every connection. */
  readonly isRefused: (peer: PeerId) => boolean;
  readonly connections: ConnectionBook;
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
  const { connections } = dependencies;
  const isRefused = (peer: Libp2pPeerId): boolean => dependencies.isRefused(peerOf(peer));
  const settle = (peer: PeerId, address: string, direction: "inbound" | "outbound"): boolean =>
    isSettled(peer, address, direction, dependencies);
  return {
    denyDialPeer: isRefused,
    // Private addresses, which libp2p refuses by default in places, are the usual case here.
    denyDialMultiaddr: () => false,
    denyInboundRelayedConnection: (_relay, peer) => isRefused(peer),
    denyInboundEncryptedConnection: isRefused,
    denyOutboundEncryptedConnection: isRefused,
    denyInboundUpgradedConnection: (peer, connection) =>
      !isThrough(connection) || settle(peerOf(peer), connection.remoteAddr.toString(), "inbound"),
    denyOutboundUpgradedConnection: (peer, connection) => {
      if (!isThrough(connection)) return true;
      const { remoteAddr } = connection;
      const isSpared = settle(peerOf(peer), remoteAddr.toString(), "outbound");
      if (isSpared) connections.spare(peerOf(peer), remoteAddr.toString());
      return isSpared;
    },
  };
}

/** Whether the new connection is refused for one that stands; one that the new connection replaces is broken off. */
function isSettled(
  peer: PeerId,
  address: string,
  direction: "inbound" | "outbound",
  { self, connections }: GateDependencies,
): boolean {
  const ofClass = pathClassOf(address);
  // Nothing is punched where a straight way stands: two that were begun at once met here.
  if (ofClass === "punched" && connections.ofClass(peer, "straight").length > 0) return true;
  for (const known of connections.of(peer)) {
    if (classOf(known) !== ofClass) continue;
    const standing = { direction: known.direction, ageMs: connections.ageMs(known) };
    if (prefersKnown(self, peer, standing, direction)) return true;
    // Before the new one is let in: gossip follows peers, and would otherwise keep its stream on the old one.
    known.abort(new Error("replaced by a newer connection"));
  }
  return false;
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
