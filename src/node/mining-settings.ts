/**
 * Owns the check of what a person asks of the miner, wherever it comes from: `config.json`, flags or the API. Values
 * out of bounds are refused with the bound.
 */
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import {
  DEFAULT_MINING,
  MINE_AFTER_COUNT_MAX,
  MINE_AFTER_SECONDS_MAX,
  MINING_MODES,
  MINING_THREADS_MAX,
  type MiningSettings,
} from "#mining/index.ts";

interface Bound {
  readonly field: "threads" | "dutyPercent" | "afterCount" | "afterSeconds";
  readonly least: number;
  readonly most: number;
  readonly words: string;
}

const BOUNDS: readonly Bound[] = [
  { field: "threads", least: 1, most: MINING_THREADS_MAX, words: "The number of threads" },
  { field: "dutyPercent", least: 1, most: 100, words: "The part of the time, in percent," },
  {
    field: "afterCount",
    least: 1,
    most: MINE_AFTER_COUNT_MAX,
    words: "The number of transactions to wait for",
  },
  {
    field: "afterSeconds",
    least: 0,
    most: MINE_AFTER_SECONDS_MAX,
    words: "The wait for company, in seconds,",
  },
];

/** The given changes, as they are, once they are all within their bounds. */
export function checkMining(changes: Partial<MiningSettings>): Result<Partial<MiningSettings>, Problem> {
  for (const { field, least, most, words } of BOUNDS) {
    const value = changes[field];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) continue;
    return fail(
      problem(
        "mining-refused",
        `${words} must be a whole number from ${least} to ${most}.`,
        "Choose another.",
      ),
    );
  }
  return ok(changes);
}

/** What stands in `config.json` under `mining`; fields left out are the usual ones. `null` when it is malformed. */
export function decodeMining(value: unknown): MiningSettings | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { mode = DEFAULT_MINING.mode, onBattery = DEFAULT_MINING.onBattery, ...rest } = value as Fields;
  const known = MINING_MODES.find((each) => each === mode);
  if (known === undefined || typeof onBattery !== "boolean") return null;
  const fields = Object.entries(rest);
  const isNumber = ([name, each]: [string, unknown]) =>
    typeof each === "number" && BOUNDS.some(({ field }) => field === name);
  if (!fields.every(isNumber)) return null;
  const settings = { ...DEFAULT_MINING, ...Object.fromEntries(fields), mode: known, onBattery };
  return checkMining(settings).ok ? settings : null;
}

interface Fields {
  readonly [name: string]: unknown;
  readonly mode?: unknown;
  readonly onBattery?: unknown;
}
