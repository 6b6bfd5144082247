/** The network of one peer: what `node/` may use of this folder. */
export type { AddressSource, AddressStore, KnownAddress } from "./address-store.ts";
export { parseAddress } from "./addresses.ts";
export type { Directory, DirectoryEvent, FoundBy, PeerEntry } from "./directory.ts";
export { parseDoorList } from "./door-lists.ts";
export type { DoorMode, DoorRefusal, DoorSettings, DoorsState } from "./doors.ts";
export { parseListenAddress } from "./listen.ts";
export { type NetworkPlace, placeOf } from "./network-group.ts";
export type { NetworkKey } from "./network-key.ts";
export type {
  DiscoveryOptions,
  NetworkDependencies,
  NetworkOptions,
  PeerNetwork,
} from "./network-options.ts";
export { openNetwork } from "./open-network.ts";
export {
  decodePresence,
  type Presence,
  type PresenceFault,
  presenceExpiryMs,
  presenceLapse,
  type SignedPresence,
  signPresence,
} from "./presence-record.ts";
export { type Rate, RateLimit } from "./rate-limits.ts";
export type { RelayState, TrackerState } from "./reach.ts";
export type { RelayPolicy, RelayUse } from "./relay-meter.ts";
export { parsePorts as parseScanPorts } from "./scan-plan.ts";
export {
  decodeStunMessage,
  encodeBindingRequest,
  encodeBindingSuccess,
  encodeUnknownAttributes,
} from "./stun-message.ts";
export { parseTrackerAddress, type TrackerAddress } from "./tracker-address.ts";
export {
  decodeTrackerAnswer,
  decodeTrackerRequest,
  encodeTrackerAnswer,
  encodeTrackerRequest,
  type TrackerAnswer,
  type TrackerRefusalCode,
  type TrackerRequest,
} from "./tracker-codec.ts";
export { openTrackerHost, type TrackerCaller, type TrackerHost } from "./tracker-host.ts";
