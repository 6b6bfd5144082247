/** Owns the words for how firmly a block stands. Pure; "final" is said of signatures alone. */
import type { StandingView } from "#api/views.ts";
import { countOf } from "../look/format.ts";

/** @param confirmations 1 for the newest block. */
export function standingWords(standing: StandingView | null, confirmations: number): string {
  const depth = countOf(confirmations, "confirmation");
  if (standing === null) return depth;
  const { cosigned, workSince, rivalShare, reversal } = standing;
  if (cosigned !== null) {
    return `${depth}. Final: block ${cosigned.height} is co-signed by ${cosigned.signed} of ${cosigned.of}`;
  }
  const since = `${depth}, ${countOf(Number(workSince), "hash", "hashes")} of work since`;
  if (rivalShare === null || reversal === null)
    return `${since}. Too few blocks to say how likely it is to stay`;
  if (rivalShare === 0) return `${since}. Nobody else found any of the newest blocks`;
  const share = `${Math.round(rivalShare * 100)} % of the newest blocks`;
  return `${since}. A miner of ${share} takes it back with a chance of ${chanceWords(reversal)}`;
}

/** `100 %`, `12 %`, `0.31 %`, `below 0.01 %`. */
export function chanceWords(part: number): string {
  const percent = part * 100;
  if (percent >= 10) return `${Math.round(percent)} %`;
  return percent < 0.01 ? "below 0.01 %" : `${percent.toPrecision(2)} %`;
}
