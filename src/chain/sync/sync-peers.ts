/** Owns what each connected peer has shown of its chain, and which of them rest because they did not deliver. */
import type { PeerId } from "#base/brand.ts";
import type { BlockRef } from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { HeaderPoint } from "../header-point.ts";
import type { Holding } from "../holding.ts";
import { SYNC_REST_MS_MAX, SYNC_RESTING_MAX, SYNC_RETRY_MS } from "../limits.ts";

export interface ShownChain {
  /** Its newest header that is kept here. */
  readonly best: HeaderPoint;
  readonly bodiesFrom: number;
  readonly snapshots: readonly BlockRef[];
}

export class SyncPeers {
  readonly #clock: Clock;
  readonly #shown = new Map<PeerId, ShownChain>();
  readonly #resting = new Map<PeerId, { readonly untilMs: number; readonly spanMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  holdings(): readonly Holding[] {
    return [{ what: "peers that did not deliver", count: this.#resting.size, limit: SYNC_RESTING_MAX }];
  }

  /** Connected peers that answered, with what they showed. */
  shown(): Iterable<readonly [PeerId, ShownChain]> {
    return this.#shown;
  }

  of(peer: PeerId): ShownChain | null {
    return this.#shown.get(peer) ?? null;
  }

  show(peer: PeerId, chain: ShownChain): void {
    this.#shown.set(peer, chain);
  }

  /** Disconnected. That it rests is remembered: announcing without delivering must not become free by reconnecting. */
  gone(peer: PeerId): void {
    this.#shown.delete(peer);
  }

  isResting(peer: PeerId): boolean {
    const rest = this.#resting.get(peer);
    return rest !== undefined && this.#clock.monotonicMs() < rest.untilMs;
  }

  /** It did not deliver what it announced: others first, longer each time. */
  rest(peer: PeerId): void {
    const before = this.#resting.get(peer)?.spanMs ?? SYNC_RETRY_MS / 2;
    const spanMs = Math.min(before * 2, SYNC_REST_MS_MAX);
    this.#resting.delete(peer);
    this.#resting.set(peer, { untilMs: this.#clock.monotonicMs() + spanMs, spanMs });
    const [oldest] = this.#resting.keys();
    if (this.#resting.size > SYNC_RESTING_MAX && oldest !== undefined) this.#resting.delete(oldest);
  }

  /** It delivered. */
  wake(peer: PeerId): void {
    this.#resting.delete(peer);
  }
}
