/**
 * Owns the suspicion that this computer's clock is wrong, from the times that fresh blocks state: such a peer would
 * stand on a branch of its own without a word. Judges nobody, since the wrong clock may be the other one.
 */
import { type Problem, problem } from "#base/result.ts";
import { CLOCK_BEHIND_SECONDS_MAX } from "./limits.ts";

const BEHIND_IN_A_ROW = 3;

export interface ClockWatchOptions {
  /** F: how far ahead a block may be dated. */
  readonly maxFutureSeconds: number;
  readonly nowSeconds: () => number;
  readonly onChange: () => void;
}

export class ClockWatch {
  readonly #options: ClockWatchOptions;
  /** Times of blocks dated far behind, since the last one that was not. One or two may be old ones told again. */
  readonly #behind = new Set<number>();
  #problem: Problem | null = null;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
  }

  get problem(): Problem | null {
    return this.#problem;
  }

  /** A block that somebody else found just now states this time, in seconds since the Unix epoch. */
  saw(timeSeconds: number): void {
    const { maxFutureSeconds, nowSeconds, onChange } = this.#options;
    const aheadSeconds = timeSeconds - nowSeconds();
    if (aheadSeconds >= -CLOCK_BEHIND_SECONDS_MAX) this.#behind.clear();
    else if (this.#behind.size < BEHIND_IN_A_ROW) this.#behind.add(timeSeconds);
    const isWrong = aheadSeconds > maxFutureSeconds || this.#behind.size === BEHIND_IN_A_ROW;
    const before = this.#problem;
    this.#problem = isWrong ? clockDiffers(aheadSeconds) : null;
    if (before?.cause !== this.#problem?.cause) onChange();
  }
}

function clockDiffers(aheadSeconds: number): Problem {
  const minutes = Math.round(Math.abs(aheadSeconds) / 60);
  const cause =
    aheadSeconds > 0
      ? `A new block is dated ${minutes} min ahead of this computer's clock and is not taken yet: one clock is wrong.`
      : `New blocks of others are dated ${minutes} min behind this computer's clock: one clock is wrong.`;
  return problem(
    "clock-differs",
    cause,
    "See whether date and time of this computer are right; a wrong clock keeps its blocks from counting.",
  );
}
