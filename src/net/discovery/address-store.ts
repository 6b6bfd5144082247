/** Owns what the address book asks of a store: addresses that outlive the process. Types only. */
import type { PeerId } from "#base/brand.ts";

/**
 * `typed` was given by the user and stays until the user drops it; `learned` was proven by a connection, and
 * expires.
 */
export type AddressSource = "typed" | "learned";

/** Keyed by `address` and `source`: one row each. */
export interface KnownAddress {
  /** Multiaddr text without `/p2p`. */
  readonly address: string;
  readonly source: AddressSource;
  /** Who answers there; null for a typed address that nobody has answered at yet. */
  readonly peer: PeerId | null;
  readonly addedMs: number;
  /** Last time a connection was made there; null when never. */
  readonly reachedMs: number | null;
}

/** Synchronous: each call is durable when it returns. Bounds belong to the caller. */
export interface AddressStore {
  /** In the order of first adding. */
  list(): readonly KnownAddress[];
  /** Adds, or replaces the row of the same address and source. */
  put(entry: KnownAddress): void;
  /** Removing what is not there is no fault. */
  remove(address: string, source: AddressSource): void;
}
