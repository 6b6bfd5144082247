/**
 * Owns at which relays a place is held, so that others reach this peer over them: up to three, the first that offer one,
 * asked again when a place is lost. How a place is asked for on the wire is the host's (`relay-listener.ts`).
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { comparePaths, isDialable, pathKindOf, relayOf, routeOf } from "../addresses.ts";
import { RELAY_ADDRESSES_MAX, RELAY_PLACES_MAX, RELAY_RETRY_MS } from "../limits.ts";

/** A relay that would give a place, and the address by which we are connected to it, without `/p2p`. */
export interface RelayOffer {
  readonly relay: PeerId;
  readonly address: string;
}

export interface RelayListener {
  /** Asks a relay for a place; resolves when it answered, whatever it said. Never rejects. */
  ask(offer: RelayOffer): Promise<void>;
  /** Circuit addresses, without our own `/p2p`, of the place held at a relay; empty when none is. */
  addresses(relay: PeerId): readonly string[];
}

export interface RelayPlacesDependencies {
  readonly listener: RelayListener;
  readonly clock: Clock;
  /** A place was gained. Its loss shows in `addresses`. */
  readonly onChange: () => void;
}

export class RelayPlaces {
  readonly #dependencies: RelayPlacesDependencies;
  #offers: readonly RelayOffer[] = [];
  readonly #underWay = new Set<PeerId>();
  /** When each relay that gave none may be asked again; monotonic. */
  readonly #notBeforeMs = new Map<PeerId, number>();

  constructor(dependencies: RelayPlacesDependencies) {
    this.#dependencies = dependencies;
  }

  /** Relays that are connected and offer places, most wanted first; asks them as far as places are missing. */
  consider(offers: readonly RelayOffer[]): void {
    this.#offers = offers;
    for (const relay of [...this.#notBeforeMs.keys()]) {
      if (!offers.some((offer) => offer.relay === relay)) this.#notBeforeMs.delete(relay);
    }
    const nowMs = this.#dependencies.clock.monotonicMs();
    let missing =
      RELAY_PLACES_MAX - offers.filter(({ relay }) => this.has(relay)).length - this.#underWay.size;
    for (const offer of offers) {
      if (missing <= 0) return;
      if (this.has(offer.relay) || this.#underWay.has(offer.relay)) continue;
      if (nowMs < (this.#notBeforeMs.get(offer.relay) ?? 0)) continue;
      missing -= 1;
      void this.#ask(offer);
    }
  }

  has(relay: PeerId): boolean {
    return this.#dependencies.listener.addresses(relay).length > 0;
  }

  /** Whether a relay may bring callers: a place is held there, or being asked for. */
  expects(relay: PeerId): boolean {
    return this.has(relay) || this.#underWay.has(relay);
  }

  /** At which others reach this peer over relays; most promising first, without our own `/p2p`. */
  addresses(): readonly string[] {
    return this.#offers.flatMap((offer) =>
      toldOn(this.#dependencies.listener.addresses(offer.relay), offer.address),
    );
  }

  async #ask(offer: RelayOffer): Promise<void> {
    const { listener, clock, onChange } = this.#dependencies;
    this.#underWay.add(offer.relay);
    this.#notBeforeMs.set(offer.relay, clock.monotonicMs() + RELAY_RETRY_MS);
    await listener.ask(offer);
    this.#underWay.delete(offer.relay);
    if (this.has(offer.relay)) onChange();
  }
}

/**
 * Which of a relay's addresses are told on: none that reaches less far than the one by which we are connected to it. A
 * relay across the internet that lists its own loopback or LAN addresses would send others to their own computers.
 */
export function toldOn(addresses: readonly string[], connectedBy: string): readonly string[] {
  const reach = (address: string) => {
    const first = routeOf(address)?.first;
    if (first === undefined) return null;
    return pathKindOf(`/${first.kind}/${first.host}/tcp/${first.port}`);
  };
  const own = reach(connectedBy);
  if (own === null) return [];
  const far = addresses.filter((address) => {
    const kind = reach(address);
    return kind !== null && relayOf(address) !== null && isDialable(address) && comparePaths(own, kind) <= 0;
  });
  const isOwn = (address: string) => address.startsWith(`${connectedBy}/`);
  return [...new Set([...far.filter(isOwn), ...far])].slice(0, RELAY_ADDRESSES_MAX);
}
