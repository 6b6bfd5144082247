/**
 * Owns how a nonce search runs: on this thread in short turns, or in a worker thread that ends when idle.
 * Takes a header and a target, gives a nonce; knows no chain.
 */
import { HALF_NONCES, HeaderSearch } from "./kernel.ts";
import { IN_PROCESS_SLICE_HASHES, WORKER_IDLE_MS } from "./limits.ts";

export interface SearchJob {
  /** The 176 bytes; the nonce in them is ignored. */
  readonly header: Uint8Array;
  /** 32 bytes, big-endian. */
  readonly target: Uint8Array;
  /** Lower half of the first nonce: two searches of one header begun at different places share no work. */
  readonly low: number;
}

export interface NonceSearch {
  /** The nonce, or `null` once `signal` is aborted. One search at a time. */
  run(job: SearchJob, signal: AbortSignal): Promise<bigint | null>;
  /** Nonces tried since the beginning; grows while a search runs. */
  hashes(): number;
  close(): Promise<void>;
}

/** The part of a clock that a search needs. */
export interface SearchClock {
  after(delayMs: number, task: () => void): { cancel(): void };
}

/** Messages to the worker. */
export type SearchRequest =
  | { readonly type: "search"; readonly id: number; readonly job: SearchJob }
  | { readonly type: "cancel" };

/** Messages from the worker. */
export type SearchReport =
  | { readonly type: "progress"; readonly hashes: number }
  | { readonly type: "found"; readonly id: number; readonly hashes: number; readonly nonce: bigint };

/** Walks the whole space of nonces slice by slice. */
export class NonceWalk {
  readonly #search: HeaderSearch;
  #low: number;
  #high = 0;

  constructor(job: SearchJob) {
    this.#search = new HeaderSearch(job.header, job.target);
    this.#low = job.low >>> 0;
  }

  /** Tries the next `count` nonces (fewer at the end of a half). */
  step(count: number): { readonly nonce: bigint | null; readonly hashes: number } {
    const hashes = Math.min(count, HALF_NONCES - this.#high);
    const nonce = this.#search.search(this.#low, this.#high, hashes);
    this.#high += hashes;
    if (this.#high === HALF_NONCES) {
      this.#high = 0;
      this.#low = (this.#low + 1) >>> 0;
    }
    return { nonce, hashes };
  }
}

/** The first nonce of at most `hashesMax` tried, at once and on this thread; `null` when there is none. */
export function searchNonce(job: SearchJob, hashesMax: number): bigint | null {
  return new NonceWalk(job).step(Math.min(hashesMax, HALF_NONCES)).nonce;
}

/** On this thread, a short turn at a time: for simulations, and for machines without threads to spare. */
export function openInProcessSearch(clock: SearchClock): NonceSearch {
  let tried = 0;
  return {
    run: (job, signal) =>
      new Promise((resolve) => {
        const walk = new NonceWalk(job);
        const turn = (): void => {
          const { nonce, hashes } = signal.aborted
            ? { nonce: null, hashes: 0 }
            : walk.step(IN_PROCESS_SLICE_HASHES);
          tried += hashes;
          if (signal.aborted || nonce !== null) resolve(nonce);
          else clock.after(1, turn);
        };
        turn();
      }),
    hashes: () => tried,
    close: async () => undefined,
  };
}

/** The part of `node:worker_threads` Worker that is used here. */
export interface SearchThread {
  postMessage(request: SearchRequest): void;
  on(event: "message", listener: (report: SearchReport) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

/** In a thread that is started for the first search and ended after {@link WORKER_IDLE_MS} without one. */
export function openThreadSearch(dependencies: {
  readonly clock: SearchClock;
  readonly startThread: () => SearchThread;
}): NonceSearch {
  return new ThreadSearch(dependencies.clock, dependencies.startThread);
}

class ThreadSearch implements NonceSearch {
  readonly #clock: SearchClock;
  readonly #startThread: () => SearchThread;
  #thread: SearchThread | null = null;
  #idle: { cancel(): void } | null = null;
  #tried = 0;
  #lastId = 0;
  #running: { id: number; resolve: (nonce: bigint | null) => void; reject: (error: Error) => void } | null =
    null;

  constructor(clock: SearchClock, startThread: () => SearchThread) {
    this.#clock = clock;
    this.#startThread = startThread;
  }

  hashes(): number {
    return this.#tried;
  }

  run(job: SearchJob, signal: AbortSignal): Promise<bigint | null> {
    if (this.#running !== null) throw new Error("a search is running already");
    if (signal.aborted) return Promise.resolve(null);
    this.#idle?.cancel();
    const thread = this.#thread ?? this.#start();
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        thread.postMessage({ type: "cancel" });
        this.#settle(null);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      const done = (nonce: bigint | null): void => {
        signal.removeEventListener("abort", onAbort);
        resolve(nonce);
      };
      this.#running = { id, resolve: done, reject };
      thread.ref();
      thread.postMessage({ type: "search", id, job });
    });
  }

  async close(): Promise<void> {
    this.#idle?.cancel();
    const thread = this.#thread;
    this.#thread = null;
    this.#running?.resolve(null);
    this.#running = null;
    await thread?.terminate();
  }

  #start(): SearchThread {
    const thread = this.#startThread();
    thread.on("message", (report) => this.#heard(report));
    thread.on("error", (error) => {
      if (this.#thread === thread) this.#thread = null;
      this.#running?.reject(error);
      this.#running = null;
    });
    this.#thread = thread;
    return thread;
  }

  #heard(report: SearchReport): void {
    this.#tried += report.hashes;
    // A nonce found just before its cancellation arrived belongs to a search that nobody waits for any more.
    if (report.type === "found" && report.id === this.#running?.id) this.#settle(report.nonce);
  }

  #settle(nonce: bigint | null): void {
    this.#running?.resolve(nonce);
    this.#running = null;
    this.#thread?.unref();
    this.#idle?.cancel();
    this.#idle = this.#clock.after(WORKER_IDLE_MS, () => void this.#endIdleThread());
  }

  async #endIdleThread(): Promise<void> {
    if (this.#running !== null) return;
    const thread = this.#thread;
    this.#thread = null;
    await thread?.terminate();
  }
}
