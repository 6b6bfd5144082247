/** Owns the hash rate shown to people: a mean over the last seconds of search. */
import { RATE_SPAN_MS } from "./limits.ts";

export class HashRate {
  readonly #nowMs: () => number;
  #sinceMs = 0;
  #sinceHashes = 0;
  #last = 0;

  /** @param nowMs a clock that never goes back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** A search begins: idle time before it does not count. */
  begin(hashes: number): void {
    this.#sinceMs = this.#nowMs();
    this.#sinceHashes = hashes;
  }

  /** @param hashes tried since the beginning. */
  perSecond(hashes: number): number {
    const spanMs = this.#nowMs() - this.#sinceMs;
    // Too short a span says little: what was measured before is nearer to the truth.
    if (spanMs < RATE_SPAN_MS / 10) return this.#last;
    this.#last = Math.round(((hashes - this.#sinceHashes) * 1000) / spanMs);
    if (spanMs >= RATE_SPAN_MS) this.begin(hashes);
    return this.#last;
  }
}
