/**
 * Owns mining at a simulated speed: blocks really meet their targets, but when they are found is simulated time. Either
 * the nonces are searched at once and the answer is held back (`openSimulatedSearch`), or the time is drawn from the
 * distribution that a search has, and the nonce is sought only when it is due (`openTimedSearch`): that costs nothing
 * for the many searches that a new tip ends.
 */
import { type NonceSearch, type SearchJob, searchNonce } from "#mining/index.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { SeededRandom } from "./random.ts";

/** More than any target of a simulated network asks for. */
const HASHES_MAX = 1 << 24;
const TARGET_BITS = 256;

export function openSimulatedSearch(clock: Clock, hashesPerSecond: number): NonceSearch {
  let tried = 0;
  return {
    run: async (job, signal) => {
      if (signal.aborted) return null;
      const first = firstNonce(job);
      return new Promise((resolve) => {
        const timer = clock.after((first.hashes / hashesPerSecond) * 1000, () => {
          tried += first.hashes;
          resolve(first.nonce);
        });
        signal.addEventListener("abort", () => {
          timer.cancel();
          resolve(null);
        });
      });
    },
    hashes: () => tried,
    close: async () => undefined,
  };
}

/** A search whose speed may change while it runs. */
export interface TimedSearch extends NonceSearch {
  /** 0 stops it without ending the search. */
  setSpeed(hashesPerSecond: number): void;
}

/** A search has no memory, so when its speed changes the time that is left is drawn anew. */
export function openTimedSearch(
  dependencies: { readonly clock: Clock; readonly random: SeededRandom },
  hashesPerSecond: number,
): TimedSearch {
  const { clock, random } = dependencies;
  let speed = hashesPerSecond;
  const redraws = new Set<() => void>();
  return {
    run: (job, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(null);
        let timer: Timer | null = null;
        const draw = () => {
          timer?.cancel();
          timer = null;
          if (speed <= 0) return;
          const seconds = (-Math.log(1 - random.fraction()) * expectedHashes(job.target)) / speed;
          timer = clock.after(seconds * 1000, () => end(firstNonce(job).nonce));
        };
        const end = (nonce: bigint | null) => {
          timer?.cancel();
          redraws.delete(draw);
          resolve(nonce);
        };
        redraws.add(draw);
        signal.addEventListener("abort", () => end(null), { once: true });
        draw();
      }),
    setSpeed: (next) => {
      if (next === speed) return;
      speed = next;
      for (const redraw of redraws) redraw();
    },
    hashes: () => 0,
    close: async () => undefined,
  };
}

/** Of a target of 32 bytes, big-endian. Exact enough for a draw. */
function expectedHashes(target: Uint8Array): number {
  let value = 0;
  for (const byte of target) value = value * 256 + byte;
  return 2 ** TARGET_BITS / (value + 1);
}

/** How many hashes the search takes: the upper half of the nonce counts up from 0. */
function firstNonce(job: SearchJob): { nonce: bigint; hashes: number } {
  const nonce = searchNonce(job, HASHES_MAX);
  if (nonce === null) throw new Error("a simulated network asks for too much work");
  return { nonce, hashes: Number(nonce >> 32n) + 1 };
}
