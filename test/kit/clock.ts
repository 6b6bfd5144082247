/**
 * Owns simulated time. Timers fire in the order of their time, and after each one all work that it set off is
 * given its turns before the next, so that a run depends on nothing but its inputs. Work on real sockets, worker
 * threads or asynchronous files is outside of it.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, Timer } from "#ports/clock.ts";

/** 2026-01-01T00:00:00Z: any fixed moment does; a plausible one keeps dates in failures readable. */
const START_MS = Date.UTC(2026, 0, 1);

/** Turns of the event loop after each timer: chains of awaits over resolved promises need one, streams a few. */
const TURNS_PER_STEP = 2;

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly task: () => void;
  cancelled: boolean;
}

export interface ComputerClock extends Clock {
  /** No timer of this computer fires any more. */
  end(): void;
}

export class SimulatedClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  #jumpedMs = 0;
  #order = 0;
  #queue: Scheduled[] = [];

  constructor(startMs: number = START_MS) {
    this.#startMs = startMs;
  }

  nowMs(): number {
    return Math.floor(this.#startMs + this.#elapsedMs + this.#jumpedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, task: () => void): Timer {
    const scheduled: Scheduled = {
      atMs: this.#elapsedMs + Math.max(0, delayMs),
      order: this.#order++,
      task,
      cancelled: false,
    };
    this.#insert(scheduled);
    return {
      cancel: () => {
        scheduled.cancelled = true;
      },
    };
  }

  every(periodMs: number, task: () => void): Timer {
    if (!(periodMs > 0)) throw new RangeError(`period of ${periodMs} ms`);
    let timer: Timer;
    const again = () => {
      timer = this.after(periodMs, again);
      task();
    };
    timer = this.after(periodMs, again);
    return { cancel: () => timer.cancel() };
  }

  /** Timers not yet fired or cancelled. */
  get pending(): number {
    return this.#queue.filter((scheduled) => !scheduled.cancelled).length;
  }

  /** Lets `durationMs` pass. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs;
    await this.settle();
    while (await this.#step(untilMs));
    this.#elapsedMs = untilMs;
    await this.settle();
  }

  /** Lets time pass from timer to timer until `condition` holds. @throws when it does not within `limitMs`. */
  async advanceUntil(condition: () => boolean, limitMs: number, what: string): Promise<void> {
    const untilMs = this.#elapsedMs + limitMs;
    await this.settle();
    while (!condition()) {
      if (!(await this.#step(untilMs))) throw new Error(`not within ${limitMs} simulated ms: ${what}`);
    }
  }

  /** Lets time pass from timer to timer until `promise` settles. @throws when it does not within `limitMs`. */
  async advanceUntilSettled<Value>(promise: Promise<Value>, limitMs: number, what: string): Promise<Value> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    await this.advanceUntil(() => settled, limitMs, what);
    return promise;
  }

  /** Sets the wall clock off by `byMs` more, as a person or a time server does; durations are unmoved. */
  jump(byMs: number): void {
    this.#jumpedMs += byMs;
  }

  /**
   * The clock of one simulated computer: its wall clock may be off by `offsetMs`, and its timers end with it, as
   * those of a process that was killed.
   */
  computer(offsetMs = 0): ComputerClock {
    const running = new Set<Timer>();
    let ended = false;
    const track = (start: (fired: () => void) => Timer, once: boolean): Timer => {
      if (ended) return { cancel: () => undefined };
      const timer = start(() => {
        if (once) running.delete(timer);
      });
      running.add(timer);
      return {
        cancel: () => {
          running.delete(timer);
          timer.cancel();
        },
      };
    };
    return {
      nowMs: () => this.nowMs() + offsetMs,
      monotonicMs: () => this.monotonicMs(),
      after: (delayMs, task) =>
        track(
          (fired) =>
            this.after(delayMs, () => {
              fired();
              task();
            }),
          true,
        ),
      every: (periodMs, task) => track(() => this.every(periodMs, task), false),
      end: () => {
        ended = true;
        for (const timer of running) timer.cancel();
        running.clear();
      },
    };
  }

  /** Gives all work that is ready its turns, without letting time pass. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS_PER_STEP; turn++) await nextTurn();
  }

  /** Fires all that is due at the next moment, up to `untilMs`. False when nothing is. */
  async #step(untilMs: number): Promise<boolean> {
    let next = this.#queue[0];
    while (next?.cancelled === true) {
      this.#queue.shift();
      next = this.#queue[0];
    }
    if (next === undefined || next.atMs > untilMs) return false;
    this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
    this.#queue.shift();
    next.task();
    await this.settle();
    return true;
  }

  /** Keeps the queue ordered by time, then by order of scheduling. */
  #insert(scheduled: Scheduled): void {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#queue[middle]?.atMs ?? Number.POSITIVE_INFINITY) <= scheduled.atMs) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, scheduled);
  }
}
