/** Owns how figures are gathered, summed up and printed. Knows nothing of what is measured. */

export interface Figure {
  readonly part: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Single runs, in the same unit. */
  readonly runs: readonly number[];
  /** What it should be, in words; `met` says whether it was. */
  readonly target?: { readonly words: string; readonly met: boolean };
}

/** What could not be measured here, and why. */
export interface Gap {
  readonly part: string;
  readonly what: string;
  readonly why: string;
}

export interface Findings {
  readonly figures: readonly Figure[];
  readonly gaps: readonly Gap[];
}

/** @param share 0.5 for the median, 0.95 for the value that 95 of 100 stay below. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function numberText(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

/** One line for each figure: part, what, value, spread of the runs, target. */
export function findingsText({ figures, gaps }: Findings): string {
  const lines = figures.map(({ part, what, value, unit, runs, target }) => {
    const spread =
      runs.length > 1
        ? `  (${runs.length} runs, ${numberText(Math.min(...runs))} to ${numberText(Math.max(...runs))})`
        : "";
    const judged = target === undefined ? "" : `  target ${target.words}: ${target.met ? "met" : "MISSED"}`;
    return `${part.padEnd(9)} ${what.padEnd(58)} ${numberText(value).padStart(10)} ${unit}${spread}${judged}`;
  });
  return [
    ...lines,
    ...gaps.map(({ part, what, why }) => `${part.padEnd(9)} ${what}: not measured, ${why}`),
  ].join("\n");
}
