/**
 * Owns what a nonce search is, and the one that runs on this thread in short turns. Takes a header and a target, gives
 * a nonce; knows no chain. On threads of its own: `thread-search.ts`.
 */
import { HALF_NONCES, HeaderSearch } from "./kernel.ts";
import { IN_PROCESS_SLICE_HASHES } from "./limits.ts";

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
  /** Absent where there are no threads to spread it over. Holds from the next search on; the duty at once. */
  tune?(effort: SearchEffort): void;
  close(): Promise<void>;
}

/** How much of the computer a search takes. */
export interface SearchEffort {
  /** At least 1. */
  readonly threads: number;
  /** 1 to 100: the part of the time that each of them works. */
  readonly dutyPercent: number;
}

/** The part of a clock that a search needs. */
export interface SearchClock {
  after(delayMs: number, task: () => void): { cancel(): void };
}

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
