/** Owns how often something may happen, for each source and in all: token buckets, bounded in number. */
import type { Clock } from "#ports/clock.ts";

export interface Rate {
  /** How many at once after a rest. */
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimit {
  readonly #clock: Clock;
  readonly #sourcesMax: number;
  /** Least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, sourcesMax: number) {
    this.#clock = clock;
    this.#sourcesMax = sourcesMax;
  }

  /** Whether it may happen once more for this source now; then it counts. */
  take(source: string, rate: Rate): boolean {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(source) ?? { tokens: rate.burst, atMs: nowMs };
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > this.#sourcesMax) {
      const oldest = this.#buckets.keys().next();
      if (oldest.done !== true) this.#buckets.delete(oldest.value);
    }
    bucket.tokens = Math.min(rate.burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * rate.perSecond);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
