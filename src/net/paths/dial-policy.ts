/** Owns when somebody is dialled again: pauses that grow, sooner for whom the user wants. Pure. */
import type { PeerId } from "#base/brand.ts";
import {
  DIAL_TURN_MS,
  REDIAL_FACTOR,
  REDIAL_FIRST_MS,
  REDIAL_ON_WORD_MIN_MS,
  REDIAL_OTHERS_MAX_MS,
  REDIAL_WANTED_MAX_MS,
} from "../limits.ts";

/** What is remembered of attempts on one target. Times are monotonic. */
export interface Attempts {
  readonly failures: number;
  readonly lastMs: number | null;
  readonly nextMs: number;
}

export function firstAttempt(nowMs: number): Attempts {
  return { failures: 0, lastMs: null, nextMs: nowMs };
}

/**
 * When to dial whom both sides may have heard of in the same moment: the smaller id at once, the other when that dial
 * did not come. Two connections would be one too many, and whichever is given up breaks what began on it.
 */
export function turnMs(self: PeerId, peer: PeerId, nowMs: number): number {
  return self < peer ? nowMs : nowMs + DIAL_TURN_MS;
}

export function isDue(attempts: Attempts, nowMs: number): boolean {
  return nowMs >= attempts.nextMs;
}

/**
 * @param isWanted typed by the user, or seen recently: then the pause stays short.
 * @param chance uniform in [0, 1): spreads those who would otherwise all dial in the same moment.
 */
export function afterFailure(attempts: Attempts, nowMs: number, isWanted: boolean, chance: number): Attempts {
  const maxMs = isWanted ? REDIAL_WANTED_MAX_MS : REDIAL_OTHERS_MAX_MS;
  const pauseMs = Math.min(maxMs, REDIAL_FIRST_MS * REDIAL_FACTOR ** attempts.failures);
  const spreadMs = Math.round(Math.min(maxMs, pauseMs * (0.75 + 0.5 * chance)));
  return { failures: attempts.failures + 1, lastMs: nowMs, nextMs: nowMs + spreadMs };
}

/** The target itself was heard: it is there now. At once, unless it was tried a moment ago. */
export function afterWord(attempts: Attempts, nowMs: number): Attempts {
  const soonestMs =
    attempts.lastMs === null ? nowMs : Math.max(nowMs, attempts.lastMs + REDIAL_ON_WORD_MIN_MS);
  return { failures: 0, lastMs: attempts.lastMs, nextMs: Math.min(attempts.nextMs, soonestMs) };
}

/** A connection ended: a restart on the other side takes a moment. */
export function afterLoss(nowMs: number, chance: number): Attempts {
  return { failures: 0, lastMs: null, nextMs: nowMs + REDIAL_FIRST_MS * (0.25 + 0.5 * chance) };
}
