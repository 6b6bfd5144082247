/**
 * Owns how reach is described to the rest of Waybill: trackers, what listens, what a scan found, and what was tried to
 * reach somebody. Types only; the parts beside this file fill them.
 */
import type { PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";

/** A tracker that this peer was told to use. */
export interface TrackerState {
  /** As the user gave it. */
  readonly address: string;
  /** Null until it was reached once. */
  readonly peer: PeerId | null;
  readonly state: "connecting" | "connected" | "unreachable";
  /** Why it is not reached, or what it refused. */
  readonly problem: Problem | null;
  readonly latencyMs: number | null;
  /** The place it keeps for this peer as a relay; null when it keeps none. */
  readonly relay: RelayState | null;
  /** Its clock less ours, milliseconds, half a round trip taken off; null until it answered. */
  readonly clockOffsetMs: number | null;
  /** How this peer's address looks from there, `host:port`; null until it answered. */
  readonly observedAddress: string | null;
  /** Peers of our network that it said to know; null until it answered. */
  readonly peersOnline: number | null;
}

export interface RelayState {
  /** What it still carries for us before `renewsMs`; null without a limit. */
  readonly bytesLeft: number | null;
  readonly bytesMax: number | null;
  /** When the quota is whole again, Unix time; null without a limit. */
  readonly renewsMs: number | null;
}

/** Something of this peer that waits for others on a port of this computer. */
export interface Listening {
  readonly transport: "tcp" | "udp";
  /** `host:port`, IPv6 in brackets; `host:from-to` where each of some is open only while it is in use. */
  readonly address: string;
  /** What it is for, in a few words. */
  readonly what: string;
}

/** A port that a router was asked to forward to us, by UPnP or NAT-PMP. */
export interface PortMapping {
  readonly protocol: "upnp" | "nat-pmp";
  readonly gateway: string;
  readonly externalAddress: string | null;
  readonly problem: Problem | null;
}

/** How routers between here and the trackers treat outgoing UDP (RFC 4787 section 4). */
export type NatKind =
  /** The address seen outside is one of ours. */
  | "none"
  /** The same outside port whoever is called: can be punched. */
  | "endpoint-independent"
  /** Another outside port for each destination: others must be open for a straight path. */
  | "endpoint-dependent"
  /** No answer over UDP. */
  | "udp-blocked"
  /** No tracker to ask. */
  | "unknown";

/** What one discovery method did and saw on one interface since the start. */
export interface InterfaceReach {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Excluded by the user: nothing is sent or listened to there. */
  readonly excluded: boolean;
  readonly announcementsSent: number;
  /** Of others, well signed. */
  readonly announcementsHeard: number;
  readonly lastHeardMs: number | null;
  /** Why nothing can be sent there; null when it can. */
  readonly problem: Problem | null;
}

export interface ReachReport {
  readonly listening: readonly Listening[];
  readonly trackers: readonly TrackerState[];
  readonly mappings: readonly PortMapping[];
  readonly nat: NatKind;
  readonly interfaces: readonly InterfaceReach[];
  /** Peers seen by mDNS since the start; null where mDNS is off. */
  readonly mdnsSeen: number | null;
  /** Counted since the start: what strangers sent that was refused, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** One address at which a peer was tried, and how that went last. */
export interface DialAttempt {
  readonly address: string;
  readonly atMs: number;
  readonly tookMs: number;
  /** Null when it answered. */
  readonly problem: Problem | null;
}

export interface ScanRequest {
  /** IP address, DNS name, or CIDR range. */
  readonly target: string;
  /** Inclusive, ascending. */
  readonly ports: readonly { readonly from: number; readonly to: number }[];
}

export interface ScanReport {
  readonly hosts: number;
  readonly portsTried: number;
  readonly tookMs: number;
  /** Peers that proved who they are. They are in the directory as well. */
  readonly peers: readonly { readonly peer: PeerId; readonly address: string }[];
  /** Open ports where something else answered. */
  readonly others: readonly string[];
}
