/**
 * Owns the places of connections that others began: how many an address, a network group and a relay may hold, and
 * who gives way when all are taken. Knows nothing of handshakes.
 */
import type { PeerId } from "#base/brand.ts";
import type { Origin } from "./door-origin.ts";

/** The slice of an open connection that is needed here. */
export interface InboundConnection {
  abort(error: Error): void;
  addEventListener(type: "close", listener: () => void): void;
}

export interface InboundLimits {
  readonly total: number;
  readonly perOwnAddress: number;
  readonly perPublicAddress: number;
  readonly perPublicGroup: number;
  readonly perRelay: number;
  readonly relayed: number;
}

export type PlaceRefusal = "address-full" | "group-full" | "relay-full" | "relays-full" | "all-full";

interface Place {
  readonly peer: PeerId;
  readonly origin: Origin;
  readonly group: string;
}

export class InboundPlaces {
  readonly #limits: InboundLimits;
  readonly #isProtected: (peer: PeerId) => boolean;
  /** Oldest first. */
  readonly #places = new Map<InboundConnection, Place>();

  /** @param isProtected peers who never give way to others. */
  constructor(limits: InboundLimits, isProtected: (peer: PeerId) => boolean) {
    this.#limits = limits;
    this.#isProtected = isProtected;
  }

  get size(): number {
    return this.#places.size;
  }

  /** Takes a place, or says why there is none. When all are taken, the most crowded group gives one up. */
  take(connection: InboundConnection, peer: PeerId, origin: Origin): PlaceRefusal | null {
    const refusal = this.#limitReached(origin);
    if (refusal !== null) return refusal;
    const group = groupOf(origin);
    if (this.#places.size >= this.#limits.total) {
      const victim = this.#victimFor(group, peer);
      if (victim === null) return "all-full";
      this.#places.delete(victim);
      victim.abort(new Error("gave its place to a caller from elsewhere"));
    }
    this.#places.set(connection, { peer, origin, group });
    connection.addEventListener("close", () => this.#places.delete(connection));
    return null;
  }

  #limitReached(origin: Origin): PlaceRefusal | null {
    const limits = this.#limits;
    if (origin.via === "relay") {
      const relayed = this.#count((each) => each.via === "relay");
      const same = this.#count((each) => each.via === "relay" && each.relay === origin.relay);
      if (same >= limits.perRelay) return "relay-full";
      return relayed >= limits.relayed ? "relays-full" : null;
    }
    if (origin.via !== "address") return null;
    const { reach, address, group } = origin.place;
    const addressMax = reach === "own" ? limits.perOwnAddress : limits.perPublicAddress;
    const isSameAddress = (each: Origin) => each.via === "address" && each.place.address === address;
    if (this.#count(isSameAddress) >= addressMax) return "address-full";
    const isSameGroup = (each: Origin) => each.via === "address" && each.place.group === group;
    if (reach === "public" && this.#count(isSameGroup) >= limits.perPublicGroup) return "group-full";
    return null;
  }

  #count(isCounted: (origin: Origin) => boolean): number {
    let count = 0;
    for (const { origin } of this.#places.values()) if (isCounted(origin)) count += 1;
    return count;
  }

  /**
   * The youngest of the group with most places, if that group has at least two more than the newcomer's: then no
   * two callers can push each other out in turns. Whoever is protected finds a place wherever one can be given up.
   */
  #victimFor(group: string, newcomer: PeerId): InboundConnection | null {
    const groups = Map.groupBy(this.#places, ([, place]) => place.group);
    const own = groups.get(group)?.length ?? 0;
    const isNewcomerProtected = this.#isProtected(newcomer);
    const bySize = [...groups.values()].sort((a, b) => b.length - a.length);
    for (const places of bySize) {
      if (!isNewcomerProtected && places.length < own + 2) return null;
      const youngest = places.findLast(([, { peer }]) => !this.#isProtected(peer));
      if (youngest !== undefined) return youngest[0];
    }
    return null;
  }
}

/** On private ranges each address is a group of its own: a LAN is no attacker, but one computer on it may be. */
function groupOf(origin: Origin): string {
  if (origin.via === "relay") return `relay ${origin.relay}`;
  if (origin.via !== "address") return origin.via;
  return origin.place.reach === "own" ? origin.place.address : origin.place.group;
}
