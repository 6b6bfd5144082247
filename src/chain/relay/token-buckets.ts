/**
 * Owns how much of something each peer may send us a second, with a burst: beyond it is dropped, and nobody is
 * blamed, because whoever passes on what others flood is no flooder itself.
 */
import type { PeerId } from "#base/brand.ts";
import type { Clock } from "#ports/clock.ts";

export interface TokenBucketsOptions {
  readonly perSecond: number;
  /** Tokens of a bucket that was not used for long. */
  readonly burst: number;
  /** Peers remembered; of more, the one not heard of for longest is forgotten. */
  readonly peersMax: number;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export class TokenBuckets {
  readonly #options: TokenBucketsOptions;
  readonly #clock: Pick<Clock, "monotonicMs">;
  /** Least recently asked about first. */
  readonly #buckets = new Map<PeerId, Bucket>();

  constructor(options: TokenBucketsOptions, clock: Pick<Clock, "monotonicMs">) {
    this.#options = options;
    this.#clock = clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Whether the peer has a token left; takes it. */
  take(peer: PeerId): boolean {
    const { perSecond, burst, peersMax } = this.#options;
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(peer) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond);
    const isThere = tokens >= 1;
    this.#buckets.delete(peer);
    this.#buckets.set(peer, { tokens: isThere ? tokens - 1 : tokens, atMs: nowMs });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > peersMax && oldest !== undefined) this.#buckets.delete(oldest);
    return isThere;
  }
}
