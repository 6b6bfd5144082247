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
    const known = [...new Set([...typed, ...(directory.get(peer)?.addresses ?? [])])];
    const all = known.filter(
      (address) => isDialable(address) && pathKindOf(address) !== "punched" && (mayCall?.(address) ?? true),
    );
    return all.slice(0, ADDRESSES_PER_PEER_MAX).sort(compareAddresses);
  }

  /** Whom to call now, first to last. */
  toMake(isDue: (peer: PeerId) => boolean): readonly Candidate[] {
    return whomToCall(
      this.#candidates().filter(({ peer }) => isDue(peer)),
      this.#holding(),
    );
  }

  /** Whom nobody asked for and who is not called either, because enough others are. */
  spared(): readonly Candidate[] {
    const all = this.#candidates();
    const called = new Set(whomToCall(all, this.#holding()));
    return all.filter((each) => !called.has(each));
  }

  #candidates(): readonly Candidate[] {
    const { directory, book, isRefused } = this.#dependencies;
    const wanted = this.#dependencies.isWanted ?? ((peer: PeerId) => book.isTyped(peer));
    return directory.list().flatMap(({ peer, online }) => {
      if (online || isRefused(peer)) return [];
      const addresses = this.addressesOf(peer);
      if (addresses.length === 0) return [];
      const isAnchor = book.anchors.has(peer);
      const isProven = isAnchor || directory.isProven(peer);
      return [{ peer, addresses, isWanted: wanted(peer), isAnchor, isProven }];
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
