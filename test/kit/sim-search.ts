/**
 * Owns mining at a simulated speed: nonces are really searched and blocks really meet their targets, but the answer
 * is held back until a computer of the given speed would have found it.
 */
import { type NonceSearch, searchNonce } from "#mining/index.ts";
import type { Clock } from "#ports/clock.ts";

/** More than any target of a simulated network asks for. */
const HASHES_MAX = 1 << 20;

export function openSimulatedSearch(clock: Clock, hashesPerSecond: number): NonceSearch {
  let tried = 0;
  return {
    run: (job, signal) => {
      const first = firstNonce(job);
      if (first === null) throw new Error("a simulated network asks for too much work");
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

/** How many hashes the search takes: the upper half of the nonce counts up from 0. */
function firstNonce(job: Parameters<NonceSearch["run"]>[0]): { nonce: bigint; hashes: number } | null {
  const nonce = searchNonce(job, HASHES_MAX);
  return nonce === null ? null : { nonce, hashes: Number(nonce >> 32n) + 1 };
}
