/**
 * Owns whom to ask trackers for again soon: somebody introduced in the moment between its first word and its place at a
 * relay, when its record names no way that leads there from everywhere. Without it both would wait for a renewal.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";
import { pathKindOf } from "../addresses.ts";
import { AWAITED_ASKS_MS, AWAITED_MAX } from "../limits.ts";
import type { Presence } from "./presence-record.ts";

interface Row {
  readonly sinceMs: number;
  readonly asks: number;
}

export class Awaited {
  readonly #clock: Clock;
  readonly #rows = new Map<PeerId, Row>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody's record came as an introduction. */
  introduced({ peer, addresses }: Presence): void {
    if (leadsFromEverywhere(addresses)) this.#rows.delete(peer);
    else if (!this.#rows.has(peer) && this.#rows.size < AWAITED_MAX) {
      this.#rows.set(peer, { sinceMs: this.#clock.monotonicMs(), asks: 0 });
    }
  }

  /** Whom to ask for now; each is said once for each of its times. */
  due(isReached: (peer: PeerId) => boolean): readonly PeerId[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#rows].flatMap(([peer, { sinceMs, asks }]) => {
      const atMs = AWAITED_ASKS_MS[asks];
      if (atMs === undefined || isReached(peer)) {
        this.#rows.delete(peer);
        return [];
      }
      if (nowMs - sinceMs < atMs) return [];
      this.#rows.set(peer, { sinceMs, asks: asks + 1 });
      return [peer];
    });
  }
}

/** Whether any of the addresses leads to a peer from everywhere, not only from its own network. */
export function leadsFromEverywhere(addresses: readonly string[]): boolean {
  return addresses.some((address) => ["direct", "relayed"].includes(pathKindOf(address)));
}
