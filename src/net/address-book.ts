/**
 * Owns which addresses outlive the process: those the user typed, and those that connected peers said of
 * themselves. Bounded, and what was learned expires.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import type { AddressSource, AddressStore, KnownAddress } from "./address-store.ts";
import {
  ADDRESS_BOOK_ROWS_MAX,
  LEARNED_ADDRESS_EXPIRY_MS,
  REACHED_WRITE_PERIOD_MS,
  TYPED_ADDRESSES_MAX,
} from "./limits.ts";

export class AddressBook {
  readonly #store: AddressStore;
  readonly #clock: Clock;
  readonly #rows = new Map<string, KnownAddress>();

  constructor(store: AddressStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    for (const row of store.list()) this.#rows.set(keyOf(row.address, row.source), row);
    for (const row of [...this.#rows.values()]) if (this.#isExpired(row)) this.#remove(row);
  }

  /** Oldest first. */
  list(): readonly KnownAddress[] {
    return [...this.#rows.values()];
  }

  typed(): readonly KnownAddress[] {
    return this.list().filter((row) => row.source === "typed");
  }

  isTyped(peer: PeerId): boolean {
    return this.typed().some((row) => row.peer === peer);
  }

  /** Whether there is room for it: the user must be told when there is not. */
  rememberTyped(address: string, peer: PeerId | null): boolean {
    const known = this.#rows.get(keyOf(address, "typed"));
    if (known === undefined && this.typed().length >= TYPED_ADDRESSES_MAX) return false;
    const base = known ?? { address, source: "typed", addedMs: this.#clock.nowMs(), reachedMs: null };
    this.#put({ ...base, peer: peer ?? known?.peer ?? null });
    return true;
  }

  learn(peer: PeerId, addresses: readonly string[]): void {
    for (const address of addresses) {
      const known = this.#rows.get(keyOf(address, "learned"));
      if (known?.peer === peer) continue;
      this.#put({ address, source: "learned", peer, addedMs: this.#clock.nowMs(), reachedMs: null });
    }
  }

  /** A connection to `peer` was made at `address`. */
  reached(address: string, peer: PeerId): void {
    const nowMs = this.#clock.nowMs();
    for (const source of ["typed", "learned"] as const) {
      const row = this.#rows.get(keyOf(address, source));
      if (row === undefined) continue;
      const isFresh = row.reachedMs !== null && Math.abs(nowMs - row.reachedMs) < REACHED_WRITE_PERIOD_MS;
      if (row.peer !== peer || !isFresh) this.#put({ ...row, peer, reachedMs: nowMs });
    }
  }

  /** Drops what was typed for a peer. */
  forget(peer: PeerId): void {
    for (const row of this.list()) if (row.peer === peer) this.#remove(row);
  }

  #put(row: KnownAddress): void {
    this.#rows.set(keyOf(row.address, row.source), row);
    this.#store.put(row);
    if (this.#rows.size <= ADDRESS_BOOK_ROWS_MAX) return;
    const oldest = this.list()
      .filter((each) => each.source === "learned")
      .sort((a, b) => lastUseMs(a) - lastUseMs(b))[0];
    if (oldest !== undefined) this.#remove(oldest);
  }

  #remove(row: KnownAddress): void {
    this.#rows.delete(keyOf(row.address, row.source));
    this.#store.remove(row.address, row.source);
  }

  #isExpired(row: KnownAddress): boolean {
    return row.source === "learned" && this.#clock.nowMs() - lastUseMs(row) > LEARNED_ADDRESS_EXPIRY_MS;
  }
}

function keyOf(address: string, source: AddressSource): string {
  return `${source} ${address}`;
}

function lastUseMs(row: KnownAddress): number {
  return row.reachedMs ?? row.addedMs;
}
