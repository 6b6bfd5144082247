/**
 * Owns asking for places at relays with libp2p's own means: one listener for each relay, used again after a loss, since
 * the library keeps every listener that was ever made, and closing one gives up the places of all. And one at a time:
 * when a place was given, the library forgets whoever still waits in its queue, and never answers them.
 */
import type { Listener } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { withoutPeer } from "../addresses.ts";
import type { HostInternals } from "../host/host-internals.ts";
import { RELAY_ASK_TIMEOUT_MS } from "../limits.ts";
import type { RelayListener } from "./relay-places.ts";

export function relayListener(internals: HostInternals, clock: Clock): RelayListener {
  const listeners = new Map<PeerId, Listener>();
  let last: Promise<void> = Promise.resolve();
  const listenFirst = async (relay: PeerId, address: string): Promise<void> => {
    const { transportManager } = internals.components();
    const before = new Set(transportManager.getListeners());
    // The listener is there when the call returns, before anything is awaited.
    const listening = transportManager.listen([multiaddr(address)]);
    const added = transportManager.getListeners().find((listener) => !before.has(listener));
    if (added !== undefined) listeners.set(relay, added);
    await listening;
  };
  const listen = async (relay: PeerId, address: string): Promise<void> => {
    const known = listeners.get(relay);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(RELAY_ASK_TIMEOUT_MS, resolve);
    const asked = known === undefined ? listenFirst(relay, address) : known.listen(multiaddr(address));
    // No place: it shows in `addresses`, and is asked for again later.
    await Promise.race([asked.catch(() => undefined), promise]);
    timer.cancel();
  };
  return {
    async ask({ relay, address }) {
      last = last.then(() => listen(relay, `${address}/p2p/${relay}/p2p-circuit`));
      await last;
    },
    addresses(relay) {
      return (listeners.get(relay)?.getAddrs() ?? []).map((address) => withoutPeer(address.toString()));
    },
  };
}
