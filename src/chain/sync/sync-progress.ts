/**
 * Owns what the user is told of catching up: what is being done, how far it is, and how long it will take at the rate
 * of the last half minute. Told at once when it becomes something else, otherwise once a second at most.
 */
import type { Clock } from "#ports/clock.ts";
import type { HistoryState, SyncPhase, SyncState } from "../types.ts";

export interface SyncProgressDependencies {
  readonly clock: Clock;
  /** Of our tip. */
  readonly height: () => number;
  readonly onChange: () => void;
}

const TOLD_PERIOD_MS = 1_000;
const RATE_SPAN_MS = 30_000;
/** Below this a rate is chance. */
const RATE_SPAN_MS_MIN = 1_500;

/** How long something will take that has come so far. */
class Pace {
  readonly #clock: Clock;
  #samples: { readonly atMs: number; readonly done: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  restart(): void {
    this.#samples = [];
  }

  saw(done: number): void {
    const atMs = this.#clock.monotonicMs();
    const last = this.#samples.at(-1);
    if (last !== undefined && atMs - last.atMs < TOLD_PERIOD_MS) return;
    this.#samples.push({ atMs, done });
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - RATE_SPAN_MS) this.#samples.shift();
  }

  /** Seconds; `null` when nothing can be said. */
  left(done: number, total: number): number | null {
    const first = this.#samples[0];
    if (first === undefined) return null;
    const spanMs = this.#clock.monotonicMs() - first.atMs;
    if (spanMs < RATE_SPAN_MS_MIN || done <= first.done) return null;
    return Math.ceil(((total - done) * spanMs) / (done - first.done) / 1000);
  }
}

interface Stage {
  readonly phase: SyncPhase;
  readonly isBehind: boolean;
  readonly targetHeight: number;
  readonly done: number;
  readonly total: number;
}

export class SyncProgress {
  readonly #dependencies: SyncProgressDependencies;
  readonly #pace: Pace;
  readonly #historyPace: Pace;
  #stage: Stage = { phase: "alone", isBehind: false, targetHeight: 0, done: 0, total: 0 };
  #history: { readonly height: number; readonly targetHeight: number } | null = null;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: SyncProgressDependencies) {
    this.#dependencies = dependencies;
    this.#pace = new Pace(dependencies.clock);
    this.#historyPace = new Pace(dependencies.clock);
  }

  get phase(): SyncPhase {
    return this.#stage.phase;
  }

  state(): SyncState {
    const { phase, isBehind, targetHeight, done, total } = this.#stage;
    const height = this.#dependencies.height();
    return {
      state: isBehind ? "syncing" : "synced",
      phase,
      height,
      targetHeight: Math.max(height, targetHeight),
      done,
      total,
      secondsLeft: total > 0 ? this.#pace.left(done, total) : null,
      history: this.#historyState(),
    };
  }

  #historyState(): HistoryState | null {
    if (this.#history === null) return null;
    const { height, targetHeight } = this.#history;
    return { height, targetHeight, secondsLeft: this.#historyPace.left(height, targetHeight) };
  }

  /** @param isBehind whether a branch better than ours has shown its work. */
  set(stage: Stage): void {
    const before = this.#stage;
    this.#stage = stage;
    const isNew = before.phase !== stage.phase || before.isBehind !== stage.isBehind;
    if (isNew) this.#pace.restart();
    if (stage.total > 0) this.#pace.saw(stage.done);
    this.#tell(isNew || before.targetHeight !== stage.targetHeight);
  }

  /** Nothing is being fetched. */
  rest(phase: "alone" | "asking" | "level"): void {
    this.set({ phase, isBehind: false, targetHeight: 0, done: 0, total: 0 });
  }

  /** The blocks under a snapshot are being checked; `null` when that is done. */
  setHistory(history: { readonly height: number; readonly targetHeight: number } | null): void {
    const isNew = (history === null) !== (this.#history === null);
    this.#history = history;
    if (isNew) this.#historyPace.restart();
    if (history !== null) this.#historyPace.saw(history.height);
    this.#tell(isNew);
  }

  #tell(isNew: boolean): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    const isUnderWay = this.#stage.total > 0 || this.#history !== null;
    if (!isNew && (!isUnderWay || nowMs - this.#toldMs < TOLD_PERIOD_MS)) return;
    this.#toldMs = nowMs;
    this.#dependencies.onChange();
  }
}
