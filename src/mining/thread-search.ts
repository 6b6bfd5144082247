/**
 * Owns a nonce search on several threads: each walks its own part of the space of nonces, and the first that finds one
 * ends the others. Threads start with the first search and end when idle. One that dies is missed, not mourned: the
 * search goes on with the rest, and the next search starts another.
 */
import { SearchControl } from "./control.ts";
import { WORKER_IDLE_MS } from "./limits.ts";
import type { NonceSearch, SearchClock, SearchEffort, SearchJob } from "./search.ts";

/** To a thread. Its search is current until the control says otherwise. */
export interface SearchRequest {
  readonly id: number;
  readonly job: SearchJob;
}

/** From a thread: its search is over. */
export interface SearchReport {
  readonly id: number;
  /** `null` when it was ended. */
  readonly nonce: bigint | null;
}

/** The part of `node:worker_threads` Worker that is used here. */
export interface SearchThread {
  postMessage(request: SearchRequest): void;
  on(event: "message", listener: (report: SearchReport) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

export interface ThreadSearchDependencies {
  readonly clock: SearchClock;
  readonly startThread: (control: SharedArrayBuffer) => SearchThread;
}

const FULL_EFFORT: SearchEffort = { threads: 1, dutyPercent: 100 };

export function openThreadSearch(
  dependencies: ThreadSearchDependencies,
  effort: SearchEffort = FULL_EFFORT,
): NonceSearch {
  return new ThreadSearch(dependencies, effort);
}

interface Member {
  readonly thread: SearchThread;
  readonly control: SearchControl;
}

interface Running {
  readonly id: number;
  readonly settle: (nonce: bigint | null) => void;
  readonly fail: (error: Error) => void;
}

const HALF_NONCES = 0x1_0000_0000;

/** Where the n-th of so many threads begins: their parts of the lower halves are equal and do not touch. */
export function lowOf(job: SearchJob, member: number, members: number): number {
  return (job.low + member * Math.floor(HALF_NONCES / members)) >>> 0;
}

class ThreadSearch implements NonceSearch {
  readonly #dependencies: ThreadSearchDependencies;
  #effort: SearchEffort;
  readonly #members = new Set<Member>();
  #idle: { cancel(): void } | null = null;
  /** By threads that ended. */
  #triedBefore = 0;
  #lastId = 0;
  #running: Running | null = null;

  constructor(dependencies: ThreadSearchDependencies, effort: SearchEffort) {
    this.#dependencies = dependencies;
    this.#effort = effort;
  }

  hashes(): number {
    return [...this.#members].reduce((sum, { control }) => sum + control.hashes(), this.#triedBefore);
  }

  tune(effort: SearchEffort): void {
    this.#effort = effort;
    for (const { control } of this.#members) control.setDuty(effort.dutyPercent);
  }

  async run(job: SearchJob, signal: AbortSignal): Promise<bigint | null> {
    if (this.#running !== null) throw new Error("a search is running already");
    if (signal.aborted) return null;
    this.#idle?.cancel();
    this.#muster();
    this.#lastId += 1;
    const id = this.#lastId;
    return await new Promise((resolve, reject) => {
      const onAbort = (): void => this.#end(null);
      const over = (): void => signal.removeEventListener("abort", onAbort);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#running = {
        id,
        settle: (nonce) => {
          over();
          resolve(nonce);
        },
        fail: (error) => {
          over();
          reject(error);
        },
      };
      let at = 0;
      for (const { thread, control } of this.#members) {
        thread.ref();
        control.begin(id);
        thread.postMessage({ id, job: { ...job, low: lowOf(job, at, this.#members.size) } });
        at += 1;
      }
    });
  }

  async close(): Promise<void> {
    this.#idle?.cancel();
    const running = this.#running;
    this.#running = null;
    running?.settle(null);
    await this.#dismiss(0);
  }

  /** As many threads as are asked for, or as the system allows, but one at least; those above are ended. */
  #muster(): void {
    const { threads, dutyPercent } = this.#effort;
    void this.#dismiss(threads);
    while (this.#members.size < threads) {
      const control = new SearchControl();
      control.setDuty(dutyPercent);
      const thread = this.#started(control);
      if (thread === null) return;
      const member = { thread, control };
      this.#members.add(member);
      thread.on("message", (report) => this.#heard(report));
      thread.on("error", (error) => this.#died(member, error));
      thread.on("exit", () => this.#died(member, new Error("the thread ended by itself")));
    }
  }

  /** `null` when it could not be started and there are others. */
  #started({ buffer }: SearchControl): SearchThread | null {
    try {
      return this.#dependencies.startThread(buffer);
    } catch (error) {
      if (this.#members.size === 0) throw error;
      return null;
    }
  }

  #heard({ id, nonce }: SearchReport): void {
    // A nonce found just as its search ended belongs to nobody any more.
    if (nonce !== null && id === this.#running?.id) this.#end(nonce);
  }

  #died(member: Member, error: Error): void {
    if (!this.#forget(member) || this.#members.size > 0) return;
    const running = this.#running;
    this.#running = null;
    running?.fail(error);
  }

  #end(nonce: bigint | null): void {
    const running = this.#running;
    this.#running = null;
    for (const { thread, control } of this.#members) {
      control.stop();
      thread.unref();
    }
    running?.settle(nonce);
    this.#idle?.cancel();
    this.#idle = this.#dependencies.clock.after(WORKER_IDLE_MS, () => {
      if (this.#running === null) void this.#dismiss(0);
    });
  }

  /** Ends threads until so many are left. */
  async #dismiss(left: number): Promise<void> {
    const surplus = [...this.#members].slice(left);
    await Promise.all(
      surplus.map((member) => {
        this.#forget(member);
        return member.thread.terminate();
      }),
    );
  }

  #forget(member: Member): boolean {
    if (!this.#members.delete(member)) return false;
    this.#triedBefore += member.control.hashes();
    return true;
  }
}
