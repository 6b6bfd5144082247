/** Owns what is concluded from other clocks. Pure. The middle counts, so that a few that lie or are off move nothing. */
import { finding } from "./catalogue.ts";
import { CLOCK_OFF_MS } from "./limits.ts";
import { spanText } from "./text.ts";
import type { ClockSeen, Detail, Finding } from "./types.ts";

export function judgeClock(seen: ClockSeen): Finding {
  const { trackers, peers, blockFutureMs, ledgerProblem } = seen;
  const details: Detail[] = [
    ...trackers.map((offset): Detail => ({ label: "A tracker", value: offsetText(offset) })),
    ...peers.map((offset): Detail => ({ label: "A peer", value: offsetText(offset) })),
  ];
  // Trackers keep time by trade; peers are asked where there is none.
  const middle = median(trackers.length > 0 ? trackers : peers);
  if (middle === null) {
    if (ledgerProblem === null) return finding("clock-alone");
    return finding("clock-off", { cause: ledgerProblem.cause, nextStep: ledgerProblem.nextStep });
  }
  const where = middle > 0 ? "behind" : "ahead of";
  const cause = `This computer's clock is ${spanText(middle)} ${where} those of others.`;
  if (Math.abs(middle) > blockFutureMs) return finding("clock-wrong", { cause, details });
  if (Math.abs(middle) > CLOCK_OFF_MS) return finding("clock-off", { cause, details });
  return finding("clock-agrees", { cause: `The difference to others is ${spanText(middle)}.`, details });
}

function offsetText(offsetMs: number): string {
  if (Math.abs(offsetMs) < 1_000) return "agrees within a second";
  return `${spanText(offsetMs)} ${offsetMs > 0 ? "ahead of" : "behind"} ours`;
}

/** The middle value; of two middle ones the one nearer to zero. Null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) return null;
  return Math.abs(low) <= Math.abs(high) ? low : high;
}
