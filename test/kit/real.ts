/** Real time and chance for tests on real sockets, and a log that keeps what would have been a fault of ours. */
import { systemClock, systemRandom } from "#node/system.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";

export const realClock: Clock = systemClock(0);
export const realRandom: Random = systemRandom;

/** A log whose faults a test can look at afterwards. */
export function faultLog(): { readonly log: Log; readonly faults: unknown[] } {
  const faults: unknown[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    fault: (message, error) => faults.push([message, error]),
    child: () => log,
  };
  return { log, faults };
}
