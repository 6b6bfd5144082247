/**
 * Owns who may connect: keys that cannot stand for anybody, blocked and banned peers are refused, and of two
 * connections of one class that both sides dialled at once the same one survives on both sides.
 */
import type { ConnectionGater, PeerId as Libp2pPeerId } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { isAdmissibleKey } from "#crypto/ed25519.ts";
import { keyOfPeerId } from "#crypto/peer-id.ts";
import { CONNECTIONS_BESIDE_MAX, SIMULTANEOUS_DIAL_MS } from "../limits.ts";
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
  const standing = connections.of(peer).filter((known) => classOf(known) === ofClass);
  let beside = 0;
  // The youngest first: where too many were begun at once, the oldest gives way.
  for (const known of standing.toReversed()) {
    const verdict = settleTwo(
      self,
      peer,
      { direction: known.direction, ageMs: connections.ageMs(known) },
      direction,
    );
    if (verdict === "keep-known") return true;
    if (verdict === "keep-both" && ++beside < CONNECTIONS_BESIDE_MAX) continue;
    // Before the new one is let in: gossip follows peers, and would otherwise keep its stream on the old one.
    known.abort(new Error("replaced by a newer connection"));
  }
  return false;
}

/**
 * What becomes of a connection that stands and a new one of the same class. Both sides dialled at once: the one dialled
 * by the smaller peer id stays, which both decide alike. The other side dialled twice at once, as it does where it knows
 * several addresses: only it knows which of the two it keeps, so both stand until it closes one. Later than that it has
 * lost the one we hold, or it would not have dialled: the new one stays.
 */
export function settleTwo(
  self: PeerId,
  peer: PeerId,
  known: { readonly direction: "inbound" | "outbound"; readonly ageMs: number },
  direction: "inbound" | "outbound",
): "keep-known" | "keep-new" | "keep-both" {
  if (known.ageMs >= SIMULTANEOUS_DIAL_MS) return "keep-new";
  if (known.direction === direction) return direction === "outbound" ? "keep-known" : "keep-both";
  const preferred = self < peer ? "outbound" : "inbound";
  return known.direction === preferred ? "keep-known" : "keep-new";
}
