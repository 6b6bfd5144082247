/**
 * Owns the suspicion that this computer's clock is wrong, from the times that fresh blocks state: such a peer would
 * stand on a branch of its own without a word. Judges nobody, since the wrong clock may be the other one.
 */
import type { PeerId } from "#base/brand.ts";
import { type Problem, problem } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Holding } from "./holding.ts";
import {
  CLOCK_BEHIND_SECONDS_MAX,
  CLOCK_LOOK_AGAIN_MS,
  CLOCK_TESTIMONY_MS,
  CLOCK_WITNESSES_MAX,
} from "./limits.ts";

/** Each of them cost the whole work of a block. */
const BEHIND_IN_A_ROW = 3;
/** A header far ahead may be cheap (the rules ease what follows a long pause), so that one peer's word is not enough. */
const WITNESSES_NEEDED = 2;

export interface ClockWatchOptions {
  /** F: how far ahead a block may be dated. */
  readonly maxFutureSeconds: number;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "after">;
  /** Peers that speak of this ledger. */
  readonly peerCount: () => number;
  readonly onChange: () => void;
}

/** What a peer showed last that is dated too far ahead. */
interface Testimony {
  readonly timeSeconds: number;
  /** When it was shown. */
  readonly aheadSeconds: number;
  readonly shownMs: number;
}

export class ClockWatch {
  readonly #options: ClockWatchOptions;
  /** Times of blocks dated far behind, since the last one that was not. One or two may be old ones told again. */
  readonly #behind = new Set<number>();
  #behindSeconds = 0;
  /** Last one to testify last. */
  readonly #ahead = new Map<PeerId, Testimony>();
  #timer: Timer | null = null;
  #problem: Problem | null = null;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
  }

  get problem(): Problem | null {
    return this.#problem;
  }

  holdings(): readonly Holding[] {
    return [{ what: "words on our clock", count: this.#ahead.size, limit: CLOCK_WITNESSES_MAX }];
  }

  /** This peer showed a block found just now, which states this time, in seconds since the Unix epoch. */
  saw(timeSeconds: number, from: PeerId): void {
    const { clock, maxFutureSeconds } = this.#options;
    const aheadSeconds = timeSeconds - Math.floor(clock.nowMs() / 1000);
    if (aheadSeconds > maxFutureSeconds) this.#testify(from, timeSeconds, aheadSeconds);
    else this.#ahead.clear();
    if (aheadSeconds >= -CLOCK_BEHIND_SECONDS_MAX) this.#behind.clear();
    else {
      if (this.#behind.size < BEHIND_IN_A_ROW) this.#behind.add(timeSeconds);
      this.#behindSeconds = aheadSeconds;
    }
    this.#judge();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #testify(from: PeerId, timeSeconds: number, aheadSeconds: number): void {
    this.#ahead.delete(from);
    this.#ahead.set(from, { timeSeconds, aheadSeconds, shownMs: this.#options.clock.monotonicMs() });
    const [oldest] = this.#ahead.keys();
    if (this.#ahead.size > CLOCK_WITNESSES_MAX && oldest !== undefined) this.#ahead.delete(oldest);
  }

  #judge(): void {
    const { clock, peerCount, onChange } = this.#options;
    for (const [peer, testimony] of this.#ahead) if (this.#isOver(testimony)) this.#ahead.delete(peer);
    const needed = Math.max(1, Math.min(WITNESSES_NEEDED, peerCount()));
    const isAhead = this.#ahead.size >= needed;
    const isBehind = this.#behind.size === BEHIND_IN_A_ROW;
    const least = Math.min(...Array.from(this.#ahead.values(), ({ aheadSeconds }) => aheadSeconds));
    const before = this.#problem;
    this.#problem = isAhead ? clockDiffers(least) : isBehind ? clockDiffers(this.#behindSeconds) : null;
    this.#timer?.cancel();
    this.#timer = this.#ahead.size === 0 ? null : clock.after(CLOCK_LOOK_AGAIN_MS, () => this.#judge());
    if (before?.cause !== this.#problem?.cause) onChange();
  }

  /** It is ahead no more, be it that our clock was set right; then it is taken, or refused for another reason. */
  #isOver({ timeSeconds, shownMs }: Testimony): boolean {
    const { clock, maxFutureSeconds } = this.#options;
    const isDue = timeSeconds - Math.floor(clock.nowMs() / 1000) <= maxFutureSeconds;
    return isDue || clock.monotonicMs() - shownMs > CLOCK_TESTIMONY_MS;
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
