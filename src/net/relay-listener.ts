/**
 * Owns asking for places at relays with libp2p's own means: one listener for each relay, used again after a loss, since
 * the library keeps every listener that was ever made, and closing one gives up the places of all.
 */
import type { Listener } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import { withoutPeer } from "./addresses.ts";
import type { HostInternals } from "./host-internals.ts";
import type { RelayListener } from "./relay-places.ts";

export function relayListener(internals: HostInternals): RelayListener {
  const listeners = new Map<PeerId, Listener>();
  const listenFirst = async (relay: PeerId, address: string): Promise<void> => {
    const { transportManager } = internals.components();
    const before = new Set(transportManager.getListeners());
    // The listener is there when the call returns, before anything is awaited.
    const listening = transportManager.listen([multiaddr(address)]);
    const added = transportManager.getListeners().find((listener) => !before.has(listener));
    if (added !== undefined) listeners.set(relay, added);
    await listening;
  };
  return {
    async ask({ relay, address }) {
      const known = listeners.get(relay);
      const at = `${address}/p2p/${relay}/p2p-circuit`;
      try {
        await (known === undefined ? listenFirst(relay, at) : known.listen(multiaddr(at)));
      } catch {
        // No place: it shows in `addresses`, and is asked for again later.
      }
    },
    addresses(relay) {
      return (listeners.get(relay)?.getAddrs() ?? []).map((address) => withoutPeer(address.toString()));
    },
  };
}
