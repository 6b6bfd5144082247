/**
 * Owns every finding that the doctor knows: its area, how serious it is, what it means, and what to do. The one table
 * from which findings and docs/troubleshooting.md are made; a code never changes its meaning. Its rows are in the files
 * beside it.
 */
import { COMPUTER_ENTRIES } from "./catalogue-computer.ts";
import type { CatalogueEntry } from "./catalogue-entry.ts";
import { PERSON_ENTRIES } from "./catalogue-person.ts";
import { REACH_ENTRIES } from "./catalogue-reach.ts";
import { DETAILS_MAX } from "./limits.ts";
import type { Detail, Finding, Level } from "./types.ts";

const ENTRIES = { ...COMPUTER_ENTRIES, ...REACH_ENTRIES, ...PERSON_ENTRIES };

export type FindingCode = keyof typeof ENTRIES;

export const CATALOGUE: Readonly<Record<FindingCode, CatalogueEntry>> = ENTRIES;

/**
 * @param cause what is so on this computer, now; absent: what the code means.
 * @param nextStep in place of the usual one.
 */
export function finding(
  code: FindingCode,
  more: {
    readonly cause?: string;
    readonly nextStep?: string | null;
    readonly details?: readonly Detail[];
  } = {},
): Finding {
  const { area, level, title, means, advice } = CATALOGUE[code];
  return {
    area,
    code,
    level,
    title,
    cause: more.cause ?? means,
    nextStep: more.nextStep === undefined ? advice : more.nextStep,
    details: (more.details ?? []).slice(0, DETAILS_MAX),
  };
}

const LEVELS: readonly Level[] = ["bad", "warn", "info", "ok"];

/** Most serious first; otherwise the order is kept. */
export function bySeriousness(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}
