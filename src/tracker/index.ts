/** The tracker: what `node/` may use of this folder. */
export type { LedgerStatus, TrackerStatus } from "./status.ts";
export type { RelayOptions, Tracker, TrackerDependencies, TrackerOptions } from "./tracker.ts";
export { openTracker } from "./tracker.ts";
export type { TlsFiles } from "./web-server.ts";
