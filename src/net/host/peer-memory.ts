/**
 * Owns forgetting whom libp2p remembers. Its peer store keeps whoever was ever connected, heard of by mDNS or named in a
 * lookup, until the process ends: with made-up keys that fills any memory. What we know of those who are away is the
 * directory's.
 */
import type { Libp2p, PeerId as Libp2pPeerId } from "@libp2p/interface";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { PEER_MEMORY_MS } from "../limits.ts";

/** The slice of a host that is needed here. */
export type RememberingHost = Pick<Libp2p, "addEventListener" | "getConnections" | "peerStore">;

/**
 * Forgets whoever is not connected, a period or two after it was last new there or has gone.
 * @returns stops it.
 */
export function forgetTheAbsent(host: RememberingHost, clock: Clock, log: Log): () => void {
  let recent = new Map<string, Libp2pPeerId>();
  let earlier = recent;
  // An event of libp2p's own for whatever comes into the store, by whatever way.
  host.addEventListener("peer:discovery", ({ detail }) => recent.set(detail.id.toString(), detail.id));
  host.addEventListener("peer:disconnect", ({ detail }) => recent.set(detail.toString(), detail));
  const timer = clock.every(PEER_MEMORY_MS, () => {
    for (const [text, peer] of earlier) {
      if (recent.has(text) || host.getConnections(peer).length > 0) continue;
      Promise.resolve(host.peerStore.delete(peer)).catch((error: unknown) =>
        log.fault("forgetting a peer", error),
      );
    }
    earlier = recent;
    recent = new Map();
  });
  return () => timer.cancel();
}
