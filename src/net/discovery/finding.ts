/**
 * Owns what the network of a peer offers beyond the local one: trackers, meeting points, scans, and the report on how
 * this peer is reached. Types only; `trackers.ts`, `scan.ts` and the files beside them do the work.
 */
import type { PeerId } from "#base/brand.ts";
import type { Problem, Result } from "#base/result.ts";
import type { DialAttempt, ReachReport, ScanReport, ScanRequest, TrackerState } from "../reach.ts";

/** What `PeerNetwork` adds to finding each other on a local network. */
export interface Finding {
  /** Every tracker in use: those the user named, in their order, then those that trackers told of. */
  trackers(): readonly TrackerState[];
  /**
   * Uses a tracker from now on; resolves nothing and waits for nobody. Naming one that is in use is no fault.
   * @param address `host[:port]`, a multiaddr, or `http(s)://host[:port]`.
   */
  addTracker(address: string): Result<undefined, Problem>;
  /** Leaves a tracker and gives its relay place back. False when it was not in use under this address. */
  removeTracker(address: string): boolean;
  /** Meeting points of 32 bytes at which trackers let others find this peer; replaces those set before. */
  setRendezvous(ids: readonly Uint8Array[]): void;
  /** Who waits at a meeting point, as all trackers say. Those found are in the directory, found by invite. */
  meet(id: Uint8Array): Promise<readonly PeerId[]>;
  /** Whether a tracker in use knows the peer now; null when none is connected that could be asked. */
  isAtTracker(peer: PeerId): Promise<boolean | null>;
  /** Looks for peers behind open ports. Those found are in the directory, and are dialled as anybody else. */
  scan(request: ScanRequest, signal: AbortSignal): Promise<Result<ScanReport, Problem>>;
  reach(): ReachReport;
  /** What was tried last to reach a peer, newest first. */
  attempts(peer: PeerId): readonly DialAttempt[];
}
