/**
 * Opens the network of one peer: the host, discovery, the address book and the directory, joined.
 * Types of the public surface; the work is done by the files beside it.
 */
import type { PeerId } from "#base/brand.ts";
import type { Problem, Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import type { AddressStore } from "./address-store.ts";
import type { Directory } from "./directory.ts";

export interface DiscoveryOptions {
  readonly mdns: boolean;
  readonly announcements: boolean;
  /** UDP port of announcements; every peer of a network must use the same. */
  readonly announcementPort?: number;
  /** Also on the interfaces of this computer that lead elsewhere; false keeps to loopback. */
  readonly lan?: boolean;
  /** mDNS service and announcement group are shared by those who give the same tag. For tests. */
  readonly tag?: string;
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
}

export interface NetworkDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly addresses: AddressStore;
  /** Peers refused in both directions; asked at every connection. */
  readonly isBlocked: (peer: PeerId) => boolean;
}

/** The network of one running peer, and what is known about it. */
export interface PeerNetwork {
  readonly network: Network;
  readonly directory: Directory;
  /** Full multiaddrs with `/p2p`, at which this peer can be reached; most local last. */
  listenAddresses(): readonly string[];
  /**
   * Dials and remembers as typed, also when nobody answers now: then it is tried again until somebody does.
   * @param address multiaddr with or without `/p2p`, `host:port`, or `[v6]:port`.
   */
  connect(address: string): Promise<Result<PeerId, Problem>>;
  /** Drops what was typed for this peer. */
  forget(peer: PeerId): void;
  /** Tells connected peers, and announces. */
  setProfile(change: { readonly name: string }): void;
  /** Breaks off whoever `isBlocked` now refuses. Call it after blocking somebody. */
  dropBlocked(): Promise<void>;
  /** What hinders this peer from being found or reached. */
  warnings(): readonly Problem[];
  /** Stops listening and announcing, closes every connection in order. */
  close(): Promise<void>;
}
