/** Owns the words for catching up with the ledger: what is done, how far it is, and how long it will take. */
import type { ChainView } from "#api/views.ts";
import type { Problem } from "#base/result.ts";
import type { Chain } from "#chain/index.ts";

type SyncState = ReturnType<Chain["syncState"]>;

const SECONDS_PER_MINUTE = 60;
const MINUTES_PER_HOUR = 60;

/** @param problem what keeps the ledger from taking blocks, if anything does. */
export function syncView(sync: SyncState, problem: Pick<Problem, "code"> | null): ChainView["sync"] {
  const apart = sync.phase === "level" ? apartWords(problem) : null;
  return { ...sync, words: apart ?? phaseWords(sync), historyWords: historyWords(sync.history) };
}

/** Nothing is being fetched, and still this peer may not stand where the others do. */
function apartWords(problem: Pick<Problem, "code"> | null): string | null {
  switch (problem?.code) {
    case "ledger-not-written":
      return "stands still: it cannot be written";
    case "clock-differs":
      return "perhaps not in step with others: a clock is wrong";
    default:
      return null;
  }
}

function phaseWords({ phase, height, targetHeight, done, total, secondsLeft }: SyncState): string {
  switch (phase) {
    case "alone":
      return "no peer of this network is connected";
    case "asking":
      return "asking peers where they stand";
    case "headers":
      return `fetching headers, ${numberText(done)} of ${numberText(total)}${leftText(secondsLeft)}`;
    case "snapshot": {
      const percent = Math.floor((done * 100) / Math.max(1, total));
      return `taking over the state of block ${numberText(targetHeight)}, ${percent} %${leftText(secondsLeft)}`;
    }
    case "blocks":
      return `catching up to block ${numberText(targetHeight)}, now at ${numberText(height)}${leftText(secondsLeft)}`;
    case "level":
      return "in step with others";
  }
}

function historyWords(history: SyncState["history"]): string | null {
  if (history === null) return null;
  const { height, targetHeight, secondsLeft } = history;
  const part = `${numberText(height)} of ${numberText(targetHeight)}`;
  return `checking the blocks before it in the background, ${part}${leftText(secondsLeft)}`;
}

/** `12 345`, as everywhere in Waybill with a thin gap that does not break. */
function numberText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function leftText(seconds: number | null): string {
  if (seconds === null) return "";
  if (seconds < SECONDS_PER_MINUTE) return ", less than a minute left";
  const minutes = Math.round(seconds / SECONDS_PER_MINUTE);
  if (minutes < 2 * MINUTES_PER_HOUR) return `, about ${minutes} min left`;
  return `, about ${Math.round(minutes / MINUTES_PER_HOUR)} h left`;
}
