/** The network of one peer: what `node/` may use of this folder. */
export type { AddressSource, AddressStore, KnownAddress } from "./address-store.ts";
export type { Directory, DirectoryEvent, FoundBy, PeerEntry } from "./directory.ts";
export type {
  DiscoveryOptions,
  NetworkDependencies,
  NetworkOptions,
  PeerNetwork,
} from "./open-network.ts";
