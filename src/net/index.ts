/** The network of one peer: what `node/` may use of this folder. */

export { parseAddress } from "./addresses.ts";
export type { AddressSource, AddressStore, KnownAddress } from "./discovery/address-store.ts";
export type { Directory, DirectoryEvent, FoundBy, PeerEntry } from "./discovery/directory.ts";
export { parsePorts as parseScanPorts } from "./discovery/scan-plan.ts";
export { parseDoorList } from "./doors/door-lists.ts";
export type { DoorMode, DoorRefusal, DoorSettings, DoorsState } from "./doors/doors.ts";
export { type NetworkPlace, placeOf } from "./doors/network-group.ts";
export type { NetworkKey } from "./doors/network-key.ts";
export { type Rate, RateLimit } from "./doors/rate-limits.ts";
export { parseListenAddress } from "./host/listen.ts";
export type {
  DiscoveryOptions,
  NetworkDependencies,
  NetworkOptions,
  PeerNetwork,
} from "./network-options.ts";
export { openNetwork } from "./open-network.ts";
export type { RelayState, TrackerState } from "./reach.ts";
export {
  decodeStunMessage,
  encodeBindingRequest,
  encodeBindingSuccess,
  encodeUnknownAttributes,
} from "./routers/stun-message.ts";
export {
  decodePresence,
  type Presence,
  type PresenceFault,
  presenceExpiryMs,
  presenceLapse,
  type SignedPresence,
  signPresence,
} from "./trackers/presence-record.ts";
export type { RelayPolicy, RelayUse } from "./trackers/relay-meter.ts";
export { parseTrackerAddress, type TrackerAddress } from "./trackers/tracker-address.ts";
export {
  decodeTrackerAnswer,
  decodeTrackerRequest,
  encodeTrackerAnswer,
  encodeTrackerRequest,
  type TrackerAnswer,
  type TrackerRefusalCode,
  type TrackerRequest,
} from "./trackers/tracker-codec.ts";
export { openTrackerHost, type TrackerCaller, type TrackerHost } from "./trackers/tracker-host.ts";
