/**
 * Owns which addresses a host counts as its own: all that it listens on. libp2p by itself keeps public ones back until
 * strangers have confirmed them (AutoNAT); here whoever is told of an address tries it before believing in it, and a
 * public peer that keeps its address back would be reached over a relay.
 */
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { HostComponents } from "./host-internals.ts";

type Started = {
  readonly peerId: { toString(): string };
  readonly services: {
    readonly internals: {
      components(): {
        readonly transportManager: {
          getListeners(): readonly Pick<
            ReturnType<HostComponents["transportManager"]["getListeners"]>[number],
            "getAddrs"
          >[];
        };
      };
    };
  };
};

/** A port of this computer: ways over relays are confirmed by the relay, and come and go with it. */
function isPort(address: Multiaddr): boolean {
  return !/\/(p2p-circuit|webrtc)/.test(address.toString());
}

export class ListenedAddresses {
  #host: Started | null = null;

  /** From when the host has started. */
  attach(host: Started): void {
    this.#host = host;
  }

  /** For libp2p's `announceFilter`: what it would tell, and what it would keep back. */
  readonly complete = (confirmed: readonly Multiaddr[]): Multiaddr[] => {
    const all = new Map(confirmed.map((address) => [address.toString(), address]));
    const host = this.#host;
    const listeners = host?.services.internals.components().transportManager.getListeners() ?? [];
    for (const address of listeners.flatMap((listener) => listener.getAddrs())) {
      const whole = `${address}/p2p/${host?.peerId}`;
      if (isPort(address) && !all.has(whole)) all.set(whole, multiaddr(whole));
    }
    return [...all.values()];
  };
}
