/**
 * One transfer's standing task: does what its stored phase asks for, again and again until there is nothing left.
 * Owns the pauses between attempts. What is to be done is `work`, given by the side that owns the transfer.
 */
import type { Problem } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import { RETRY_FIRST_MS, RETRY_LAST_MS } from "./limits.ts";
import { STORAGE_FAILED } from "./problems.ts";

export type Verdict =
  /** Something was achieved: look again at once. */
  | { readonly is: "again" }
  /** Nothing left to do, ever. */
  | { readonly is: "done" }
  /** Somebody else has to move first; a nudge comes when they do. */
  | { readonly is: "idle"; readonly reason: Problem | null }
  /** Did not work; `delayMs` overrides the growing pause. */
  | { readonly is: "wait"; readonly reason: Problem; readonly delayMs?: number };

export interface ErrandDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly work: () => Promise<Verdict>;
  readonly onReason: (reason: Problem | null) => void;
  readonly onDone: () => void;
}

export class Errand {
  readonly #deps: ErrandDependencies;
  #running: Promise<void> | null = null;
  #retry: Timer | null = null;
  #again = false;
  #failures = 0;
  #closed = false;

  constructor(dependencies: ErrandDependencies) {
    this.#deps = dependencies;
  }

  /** Looks now at what is to be done; while it is at it, once more after. */
  nudge(): void {
    if (this.#closed) return;
    this.#retry?.cancel();
    this.#retry = null;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (this.#again) this.nudge();
    });
  }

  /** As `nudge`, with earlier failures forgotten: the peer is here again. */
  arrived(): void {
    this.#failures = 0;
    this.nudge();
  }

  /** Begins no more work and awaits what runs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#again = false;
    this.#retry?.cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    let verdict: Verdict = { is: "again" };
    while (verdict.is === "again" && !this.#closed) {
      this.#again = false;
      verdict = await this.#attempt();
      if (verdict.is === "again") this.#failures = 0;
    }
    if (this.#closed || verdict.is === "again") return;
    if (verdict.is === "done") {
      this.#closed = true;
      this.#again = false;
      this.#deps.onDone();
      return;
    }
    this.#deps.onReason(verdict.reason);
    if (verdict.is === "idle" || this.#again) return;
    const pauseMs = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    this.#retry = this.#deps.clock.after(verdict.delayMs ?? pauseMs, () => this.nudge());
  }

  async #attempt(): Promise<Verdict> {
    try {
      return await this.#deps.work();
    } catch (error) {
      // The store could not be written (full disk), or a fault of ours: what is stored stays true, so try later.
      this.#deps.log.fault("a transfer could not go on", error);
      return { is: "wait", reason: STORAGE_FAILED };
    }
  }
}
