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

type Field = "threads" | "dutyPercent" | "afterCount" | "afterSeconds";

/** Least and most of each number, both allowed. */
export const MINING_BOUNDS: Readonly<Record<Field, readonly [least: number, most: number]>> = {
  threads: [1, MINING_THREADS_MAX],
  dutyPercent: [1, 100],
  afterCount: [1, MINE_AFTER_COUNT_MAX],
  afterSeconds: [0, MINE_AFTER_SECONDS_MAX],
};
const WORDS: Readonly<Record<Field, string>> = {
  threads: "The number of threads",
  dutyPercent: "The part of the time, in percent,",
  afterCount: "The number of transactions to wait for",
  afterSeconds: "The wait for company, in seconds,",
};
const FIELDS: readonly Field[] = ["threads", "dutyPercent", "afterCount", "afterSeconds"];

/** The given changes, as they are, once they are all within their bounds. */
export function checkMining(changes: Partial<MiningSettings>): Result<Partial<MiningSettings>, Problem> {
  for (const field of FIELDS) {
    const [least, most] = MINING_BOUNDS[field];
    const value = changes[field];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) continue;
    return fail(
      problem(
        "mining-refused",
        `${WORDS[field]} must be a whole number from ${least} to ${most}.`,
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
    typeof each === "number" && FIELDS.some((field) => field === name);
  if (!fields.every(isNumber)) return null;
  const settings = { ...DEFAULT_MINING, ...Object.fromEntries(fields), mode: known, onBattery };
  return checkMining(settings).ok ? settings : null;
}

interface Fields {
  readonly [name: string]: unknown;
  readonly mode?: unknown;
  readonly onBattery?: unknown;
}
