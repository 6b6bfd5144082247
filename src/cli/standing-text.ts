/** Owns the words for how firmly a block stands. Pure; "final" is said of signatures alone. */
import type { StandingView } from "#api/views.ts";
import { plural } from "./words.ts";

/** @param confirmations 1 for the newest block. */
export function standingText(standing: StandingView | null, confirmations: number): string {
  const depth = plural(confirmations, "confirmation");
  if (standing === null) return depth;
  const { cosigned, workSince, rivalShare, reversal } = standing;
  if (cosigned !== null) {
    return `${depth}; final: block ${cosigned.height} is co-signed by ${cosigned.signed} of ${cosigned.of}`;
  }
  const since = `${depth}, about ${workSince} hashes since`;
  if (rivalShare === null || reversal === null)
    return `${since}; too few blocks to say how likely it is to stay`;
  if (rivalShare === 0) return `${since}; nobody else found any of the newest blocks`;
  const share = `${Math.round(rivalShare * 100)} % of the newest blocks`;
  return `${since}; a miner of ${share} takes it back with a chance of ${percentText(reversal)}`;
}

/** `100 %`, `12 %`, `0.31 %`, `below 0.01 %`. */
export function percentText(part: number): string {
  const percent = part * 100;
  if (percent >= 10) return `${Math.round(percent)} %`;
  return percent < 0.01 ? "below 0.01 %" : `${percent.toPrecision(2)} %`;
}
