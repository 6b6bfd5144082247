/**
 * Owns which addresses outlive the process: those the user typed, those that answered a call of ours (proven), and
 * those that connected peers said of themselves (unproven). Each kind has its own bound, so that a flood of words
 * pushes out words alone. What was learned expires.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { chooseAnchors, publicGroupOf } from "../doors/eclipse.ts";
import {
  LEARNED_ADDRESS_EXPIRY_MS,
  PROVEN_ADDRESSES_MAX,
  PROVEN_PER_GROUP_MAX,
  REACHED_WRITE_PERIOD_MS,
  TYPED_ADDRESSES_MAX,
  UNPROVEN_ADDRESSES_MAX,
  UNPROVEN_PER_SOURCE_MAX,
} from "../limits.ts";
import type { AddressSource, AddressStore, KnownAddress } from "./address-store.ts";

export class AddressBook {
  /** Whom to call first: who was held when the last run ended. */
  readonly anchors: ReadonlySet<PeerId>;
  readonly #store: AddressStore;
  readonly #clock: Clock;
  readonly #rows = new Map<string, KnownAddress>();
  /** Those typed, apart: asked of every peer known, at every word that is heard. */
  readonly #typed = new Map<string, KnownAddress>();
  /** From which public group an unproven address was said, in this run. */
  readonly #saidFrom = new Map<string, string>();

  constructor(store: AddressStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    for (const row of store.list()) this.#keep(row);
    for (const row of [...this.#rows.values()]) if (this.#isExpired(row)) this.#remove(row);
    this.anchors = chooseAnchors(this.list());
  }

  /** Oldest first. */
  list(): readonly KnownAddress[] {
    return [...this.#rows.values()];
  }

  typed(): readonly KnownAddress[] {
    return [...this.#typed.values()];
  }

  isTyped(peer: PeerId): boolean {
    for (const row of this.#typed.values()) if (row.peer === peer) return true;
    return false;
  }

  /** Whether there is room for it: the user must be told when there is not. */
  rememberTyped(address: string, peer: PeerId | null): boolean {
    const known = this.#rows.get(keyOf(address, "typed"));
    if (known === undefined && this.typed().length >= TYPED_ADDRESSES_MAX) return false;
    const base = known ?? { address, source: "typed", addedMs: this.#clock.nowMs(), reachedMs: null };
    this.#put({ ...base, peer: peer ?? known?.peer ?? null });
    return true;
  }

  /**
   * What a connected peer said of itself. An address that answered somebody else's call is left alone.
   * @param saidAt the multiaddr over which it was said.
   */
  learn(peer: PeerId, addresses: readonly string[], saidAt: string): void {
    const source = publicGroupOf(saidAt);
    for (const address of addresses) {
      const key = keyOf(address, "learned");
      const known = this.#rows.get(key);
      if (known !== undefined && (known.peer === peer || known.reachedMs !== null)) continue;
      if (source !== null && this.#countFrom(source) >= UNPROVEN_PER_SOURCE_MAX) return;
      this.#put({ address, source: "learned", peer, addedMs: this.#clock.nowMs(), reachedMs: null });
      if (source !== null) this.#saidFrom.set(key, source);
      this.#makeRoomFor(this.#learned(isUnproven), UNPROVEN_ADDRESSES_MAX);
    }
  }

  /** A call of ours to `peer` was answered at `address`, or is still held there. */
  reached(address: string, peer: PeerId): void {
    const nowMs = this.#clock.nowMs();
    for (const source of ["typed", "learned"] as const) {
      const row = this.#rows.get(keyOf(address, source));
      if (row === undefined) continue;
      const isFresh = row.reachedMs !== null && Math.abs(nowMs - row.reachedMs) < REACHED_WRITE_PERIOD_MS;
      if (row.peer === peer && isFresh) continue;
      this.#put({ ...row, peer, reachedMs: nowMs });
      this.#saidFrom.delete(keyOf(address, source));
    }
    const group = publicGroupOf(address);
    const proven = this.#learned((row) => !isUnproven(row));
    if (group !== null) {
      this.#makeRoomFor(
        proven.filter((row) => publicGroupOf(row.address) === group),
        PROVEN_PER_GROUP_MAX,
      );
    }
    this.#makeRoomFor(proven, PROVEN_ADDRESSES_MAX);
  }

  /** Drops what was typed for a peer. */
  forget(peer: PeerId): void {
    for (const row of this.list()) if (row.peer === peer) this.#remove(row);
  }

  #learned(isMeant: (row: KnownAddress) => boolean): readonly KnownAddress[] {
    return this.list().filter((row) => row.source === "learned" && isMeant(row));
  }

  #countFrom(source: string): number {
    let count = 0;
    for (const each of this.#saidFrom.values()) if (each === source) count += 1;
    return count;
  }

  #makeRoomFor(rows: readonly KnownAddress[], max: number): void {
    if (rows.length <= max) return;
    const oldest = rows.toSorted((a, b) => lastUseMs(a) - lastUseMs(b))[0];
    if (oldest !== undefined) this.#remove(oldest);
  }

  #keep(row: KnownAddress): void {
    const key = keyOf(row.address, row.source);
    this.#rows.set(key, row);
    if (row.source === "typed") this.#typed.set(key, row);
  }

  #put(row: KnownAddress): void {
    this.#keep(row);
    this.#store.put(row);
  }

  #remove(row: KnownAddress): void {
    const key = keyOf(row.address, row.source);
    this.#rows.delete(key);
    this.#typed.delete(key);
    this.#saidFrom.delete(key);
    this.#store.remove(row.address, row.source);
  }

  #isExpired(row: KnownAddress): boolean {
    return row.source === "learned" && this.#clock.nowMs() - lastUseMs(row) > LEARNED_ADDRESS_EXPIRY_MS;
  }
}

function isUnproven(row: KnownAddress): boolean {
  return row.reachedMs === null;
}

function keyOf(address: string, source: AddressSource): string {
  return `${source} ${address}`;
}

function lastUseMs(row: KnownAddress): number {
  return row.reachedMs ?? row.addedMs;
}
