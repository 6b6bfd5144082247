/** Owns fairness on the one thread: after long work, whoever else waits for the thread gets a turn. */
import type { Clock } from "#ports/clock.ts";
import { TURN_MS } from "./limits.ts";

export class Turn {
  readonly #clock: Clock;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  /** The thread was ours only from now on. */
  begin(): void {
    this.#sinceMs = this.#clock.monotonicMs();
  }

  /** Gives the thread away for a moment when we have had it for {@link TURN_MS}. */
  async pause(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#sinceMs < TURN_MS) return;
    await new Promise<void>((resolve) => this.#clock.after(0, resolve));
    this.begin();
  }
}
