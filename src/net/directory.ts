/**
 * Owns what is known of peers right now: names they claim, addresses, how they were found, how they are reached.
 * A live list held in memory; what outlives the process is the address book's. Knows nothing of contacts.
 */
import type { PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem } from "#base/result.ts";
import type { PathKind } from "#ports/network.ts";

/** How a peer came to be known; a peer may be found in several ways. */
export type FoundBy = "mdns" | "announcement" | "typed" | "exchange" | "inbound";

export interface PeerEntry {
  readonly peer: PeerId;
  /** What the peer calls itself, signed by it; anyone may claim any name. */
  readonly claimedName: string | null;
  /** Multiaddrs without `/p2p`, most promising first. */
  readonly addresses: readonly string[];
  readonly foundBy: readonly FoundBy[];
  readonly online: boolean;
  /** Null while offline. */
  readonly path: PathKind | null;
  /** The multiaddr in use; null while offline. */
  readonly address: string | null;
  /** Last round trip; null while offline or not yet measured. */
  readonly latencyMs: number | null;
  /** Last time that a connection was alive or a signed word of the peer was heard. */
  readonly lastSeenMs: number | null;
  readonly version: string | null;
  readonly capabilities: readonly string[];
  /** Why the peer is not reached, or that it stands on another network. */
  readonly problem: Problem | null;
}

export type DirectoryEvent =
  /** Something about this peer is new. */
  | { readonly type: "peer"; readonly entry: PeerEntry }
  /** Not known any longer: never reached and not heard of for long. */
  | { readonly type: "forgotten"; readonly peer: PeerId }
  /** Our own listen addresses or warnings are not what they were. */
  | { readonly type: "self" };

export interface Directory {
  list(): readonly PeerEntry[];
  get(peer: PeerId): PeerEntry | null;
  subscribe(listener: (event: DirectoryEvent) => void): Unsubscribe;
}
