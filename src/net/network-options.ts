/** Owns what the network of a peer is opened with, and what it offers then. Types only. */
import type { PeerId } from "#base/brand.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { AddressStore } from "./discovery/address-store.ts";
import type { Directory } from "./discovery/directory.ts";
import type { Finding } from "./discovery/finding.ts";
import type { DoorSettings, DoorsState } from "./doors/doors.ts";
import type { NetworkKey } from "./doors/network-key.ts";

export interface DiscoveryOptions {
  readonly mdns: boolean;
  readonly announcements: boolean;
  /** UDP port of announcements; every peer of a network must use the same. */
  readonly announcementPort?: number;
  /** Also on the interfaces of this computer that lead elsewhere; false keeps to loopback. */
  readonly lan?: boolean;
  /** How often this peer announces itself, milliseconds; absent: `ANNOUNCEMENT_PERIOD_MS`. */
  readonly announcementPeriodMs?: number;
  /** Names of interfaces on which nothing is announced or heard; with any of them mDNS is off. */
  readonly excludedInterfaces?: readonly string[];
  /** Only peers with the same tag find each other by mDNS. */
  readonly mdnsTag?: string;
}

export interface NetworkOptions {
  readonly keypair: Keypair;
  /** The name others are told; cleaned by the rules of `names.ts` already. */
  readonly name: string;
  /** SHA-256 of the genesis, 32 bytes: tells networks apart. */
  readonly chainId: Uint8Array;
  /** Version of the program, for profiles. */
  readonly version: string;
  readonly capabilities?: readonly string[];
  /** Multiaddrs, or `host:port`. Absent: every interface, IPv4 and IPv6, on the usual port or the next free one. */
  readonly listen?: readonly string[];
  readonly discovery?: DiscoveryOptions;
  /** Absent: open to everybody. */
  readonly doors?: DoorSettings;
  /** IP address of this computer from which paths are punched; absent: all that lead outside. */
  readonly punchFrom?: string;
  /** Absent: an open network. */
  readonly networkKey?: NetworkKey;
  /** Trackers as users name them: `host[:port]`, a multiaddr, or a URL of the web port. */
  readonly trackers?: readonly string[];
  /** Whether trackers may tell strangers of the same network of this peer; absent: they may. */
  readonly listed?: boolean;
  /** False: routers are not asked to forward our port. */
  readonly portMapping?: boolean;
}

export interface NetworkDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly addresses: AddressStore;
  /** Peers refused in both directions; asked at every connection. */
  readonly isBlocked: (peer: PeerId) => boolean;
  /** Peers whom no stranger may crowd out, beside those typed: contacts. Absent: none. */
  readonly isWanted?: (peer: PeerId) => boolean;
}

/** The network of one running peer, and what is known about it. */
export interface PeerNetwork extends Finding {
  readonly network: Network;
  readonly directory: Directory;
  /** Full multiaddrs with `/p2p`, at which this peer can be reached; most local last. */
  listenAddresses(): readonly string[];
  /**
   * Dials and remembers as typed, also when nobody answers now: then it is tried again until somebody does.
   * @param address multiaddr with or without `/p2p`, `host:port`, or `[v6]:port`.
   */
  connect(address: string): Promise<Result<PeerId, Problem>>;
  /**
   * Notes where a peer may be, as an invite says: dialled when that peer is asked for, and held in memory alone. Those that
   * cannot be dialled are left out.
   */
  suggest(peer: PeerId, addresses: readonly string[]): void;
  /** Drops every address remembered for this peer. */
  forget(peer: PeerId): void;
  /** Tells connected peers, and announces. */
  setProfile(change: { readonly name: string }): void;
  /** Breaks off whoever `isBlocked` now refuses. Call it after blocking somebody. */
  dropBlocked(): Promise<void>;
  doors(): DoorsState;
  /** Holds for all who come from now on; connections that no longer fit are broken off. */
  setDoors(settings: DoorSettings): void;
  /** What hinders this peer from being found or reached. */
  warnings(): readonly Problem[];
  /** Stops listening and announcing, closes every connection in order. */
  close(): Promise<void>;
}
