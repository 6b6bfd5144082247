/** Time as the rest of the program sees it. Tests move it; only the composition root gives the real one. */

export interface Timer {
  /** Idempotent. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch, by this computer's clock. May jump. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations and rates. */
  monotonicMs(): number;
  /** Runs `task` once, not before `delayMs` from now. Does not keep the process alive. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` every `periodMs`, first after one period. Does not keep the process alive. */
  every(periodMs: number, task: () => void): Timer;
}
