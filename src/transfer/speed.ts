/** Bytes per second over the last few seconds. Pure but for its own samples. */
import { SPEED_WINDOW_MS } from "./limits.ts";

export class Speed {
  /** Oldest first: a moment of the monotonic clock and the bytes done by then. */
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  add(atMs: number, bytes: number): void {
    const last = this.#samples.at(-1);
    // A sample each few milliseconds says no more than one each twentieth of the window.
    if (last !== undefined && this.#samples.length > 1 && atMs - last.atMs < SPEED_WINDOW_MS / 20)
      this.#samples.pop();
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= SPEED_WINDOW_MS) {
      this.#samples.shift();
    }
  }

  perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs);
  }
}
