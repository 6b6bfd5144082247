/** The network of one peer: what `node/` may use of this folder. */
export type { AddressSource, AddressStore, KnownAddress } from "./address-store.ts";
export { parseAddress } from "./addresses.ts";
export type { Directory, DirectoryEvent, FoundBy, PeerEntry } from "./directory.ts";
export { parseListenAddress } from "./listen.ts";
export type {
  DiscoveryOptions,
  NetworkDependencies,
  NetworkOptions,
  PeerNetwork,
} from "./open-network.ts";
export { openNetwork } from "./open-network.ts";
