/** Owns at which steps of a connection libp2p asks the doors. What they answer is in `doors.ts`. */
import type { ConnectionGater, PeerId as Libp2pPeerId } from "@libp2p/interface";
import type { PeerId } from "#base/brand.ts";
import { hostOf, originOf } from "./door-origin.ts";
import type { Doors } from "./doors.ts";

/** The same gate, with doors in front of it. */
export function behindDoors(gate: ConnectionGater, doors: Doors): ConnectionGater {
  const named = (peer: Libp2pPeerId) => peer.toString() as PeerId;
  return {
    ...gate,
    denyDialPeer: async (peer) =>
      !doors.mayDial({ peer: named(peer), host: null }) || (await gate.denyDialPeer?.(peer)) === true,
    denyDialMultiaddr: async (address) => {
      const host = hostOf(originOf(address.toString()));
      return (
        !doors.mayDial({ peer: null, host }, address.toString()) ||
        (await gate.denyDialMultiaddr?.(address)) === true
      );
    },
    denyInboundConnection: async (connection) =>
      !doors.begins(connection) || (await gate.denyInboundConnection?.(connection)) === true,
    denyInboundRelayedConnection: async (relay, peer) =>
      !doors.admits(named(peer), `/p2p/${relay}/p2p-circuit`, "inbound") ||
      (await gate.denyInboundRelayedConnection?.(relay, peer)) === true,
    denyInboundEncryptedConnection: async (peer, connection) =>
      !doors.admits(named(peer), connection.remoteAddr.toString(), "inbound") ||
      (await gate.denyInboundEncryptedConnection?.(peer, connection)) === true,
    denyOutboundEncryptedConnection: async (peer, connection) =>
      !doors.admits(named(peer), connection.remoteAddr.toString(), "outbound") ||
      (await gate.denyOutboundEncryptedConnection?.(peer, connection)) === true,
    // The inner gate first: of a peer that calls again it gives the old place up.
    denyInboundUpgradedConnection: async (peer, connection) =>
      (await gate.denyInboundUpgradedConnection?.(peer, connection)) === true ||
      !doors.enters(named(peer), connection),
  };
}
