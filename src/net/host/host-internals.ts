/**
 * Owns the way to the parts inside a libp2p host that its own interface keeps back, and that some of our files need
 * once it runs: listening on a further relay, and the pieces of a handshake. A service by form, so that libp2p itself
 * hands the parts over.
 */
import type {
  ComponentLogger,
  Connection,
  ConnectionGater,
  ConnectionProtector,
  Listener,
  Topology,
  Transport,
  Upgrader,
} from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";

/** The slice of libp2p's components that we use. */
export interface HostComponents {
  readonly logger: ComponentLogger;
  readonly upgrader: Upgrader;
  readonly connectionGater: ConnectionGater;
  readonly transportManager: {
    getTransports(): Transport[];
    getListeners(): Listener[];
    listen(addresses: Multiaddr[]): Promise<void>;
    /** One address, at once, whoever is connected already: none of the dial queue's choices. */
    dial(address: Multiaddr, options?: { readonly signal?: AbortSignal }): Promise<Connection>;
  };
  readonly registrar: { getTopologies(protocol: string): Topology[] };
  /** Set where the network has a private key of its own. */
  readonly connectionProtector?: ConnectionProtector;
}

export interface HostInternals {
  components(): HostComponents;
}

/** Asked later than it is made: libp2p sets some components after the services. */
export function hostInternals(): (components: HostComponents) => HostInternals {
  return (components) => ({ components: () => components });
}
