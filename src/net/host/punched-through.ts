/**
 * Owns whether a path that libp2p calls punched is one. Its WebRTC takes the end of the signalling stream for success,
 * whichever side gave up, and there is no handshake that would fail on it: without this look, each attempt that comes to
 * nothing would be a path for as long as it takes to be noticed dead.
 */
import type { MultiaddrConnection } from "@libp2p/interface";

/** True for connections of other transports. */
export function isThrough(connection: Pick<MultiaddrConnection, "remoteAddr">): boolean {
  if (!("peerConnection" in connection)) return true;
  const { peerConnection } = connection;
  return (
    typeof peerConnection === "object" &&
    peerConnection !== null &&
    "connectionState" in peerConnection &&
    peerConnection.connectionState === "connected"
  );
}
