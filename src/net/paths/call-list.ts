/**
 * Owns the list of those who may be called: who is away, at which addresses, and what speaks for each. Whom to choose
 * among them is `eclipse.ts`; when, the dialler's.
 */
import type { PeerId } from "#base/brand.ts";
import { compareAddresses, isDialable, pathKindOf } from "../addresses.ts";
import type { AddressBook } from "../discovery/address-book.ts";
import type { PeerDirectory } from "../discovery/directory.ts";
import { type Candidate, type Holding, whomToCall } from "../doors/eclipse.ts";
import type { ConnectionBook } from "../host/connection-book.ts";
import { ADDRESSES_PER_PEER_MAX } from "../limits.ts";

export interface CallListDependencies {
  readonly directory: PeerDirectory;
  readonly connections: ConnectionBook;
  readonly book: AddressBook;
  readonly isRefused: (peer: PeerId) => boolean;
  /** Called in any case; absent: those typed. */
  readonly isWanted?: (peer: PeerId) => boolean;
  /** Whether the doors let an address be called; absent: every one. */
  readonly mayCall?: (address: string) => boolean;
}

export class CallList {
  readonly #dependencies: CallListDependencies;
  /** Lists of addresses never change: each is looked through once, not at every look for somebody to call. */
  readonly #looked = new WeakMap<readonly string[], readonly string[]>();

  constructor(dependencies: CallListDependencies) {
    this.#dependencies = dependencies;
  }

  /** The best first, those typed among them. */
  addressesOf(peer: PeerId): readonly string[] {
    const { directory, book, mayCall } = this.#dependencies;
    const typed = book
      .typed()
      .filter((row) => row.peer === peer)
      .map((row) => row.address);
    const heard = directory.get(peer)?.addresses ?? [];
    const known = typed.length === 0 ? heard : [...new Set([...typed, ...heard])];
    return this.#callable(known).filter((address) => mayCall?.(address) ?? true);
  }

  #callable(known: readonly string[]): readonly string[] {
    const looked = this.#looked.get(known);
    if (looked !== undefined) return looked;
    const callable = known
      .filter((address) => isDialable(address) && pathKindOf(address) !== "punched")
      .slice(0, ADDRESSES_PER_PEER_MAX)
      .sort(compareAddresses);
    this.#looked.set(known, callable);
    return callable;
  }

  /** Whom to call now, first to last. */
  toMake(isDue: (peer: PeerId) => boolean): readonly Candidate[] {
    return whomToCall(this.#candidates(isDue), this.#holding());
  }

  /** Whom nobody asked for and who is not called either, because enough others are. */
  spared(): readonly Candidate[] {
    const all = this.#candidates(() => true);
    const called = new Set(whomToCall(all, this.#holding()));
    return all.filter((each) => !called.has(each));
  }

  /** Whoever is not meant is left out first: addresses cost more to look through than all else. */
  #candidates(isMeant: (peer: PeerId) => boolean): readonly Candidate[] {
    const { directory, book, isRefused } = this.#dependencies;
    const wanted = this.#dependencies.isWanted ?? ((peer: PeerId) => book.isTyped(peer));
    return directory.list().flatMap(({ peer, online, foundBy }) => {
      if (online || !isMeant(peer) || isRefused(peer)) return [];
      const addresses = this.addressesOf(peer);
      if (addresses.length === 0) return [];
      const isAnchor = book.anchors.has(peer);
      const isProven = isAnchor || directory.isProven(peer);
      const isNear = foundBy.includes("mdns") || foundBy.includes("announcement");
      return [{ peer, addresses, isWanted: wanted(peer), isAnchor, isNear, isProven }];
    });
  }

  #holding(): Holding {
    const { connections } = this.#dependencies;
    const outbound = outboundOf(connections).map(({ address }) => address);
    return { connected: connections.peers().length, outbound };
  }
}

/** Connections that this peer began and holds. */
export function outboundOf(
  connections: ConnectionBook,
): readonly { readonly peer: PeerId; readonly address: string }[] {
  return connections.peers().flatMap((peer) =>
    connections
      .of(peer)
      .filter(({ direction }) => direction === "outbound")
      .map(({ remoteAddr }) => ({ peer, address: remoteAddr.toString() })),
  );
}
