/**
 * Owns the questions put to the difficulty rule, and their answers as numbers: sudden changes of the hash rate, idle
 * time, dates that are not true, blocks that are withheld, and many big miners who wait for one moment.
 */
import type { ChainParams } from "#ledger/index.ts";
import { nextWork } from "#ledger/target.ts";
import type { SeededRandom } from "#test/kit/random.ts";
import { simulatedParams } from "#test/kit/sim-params.ts";
import { type Habit, honest, type MinerPlan, MiningModel, type ModelBlock } from "./model.ts";

/** On schedule a block takes 2^30 hashes; the easiest target is a 1024th of that. */
const WORK_EVEN = 2 ** 30;
const INITIAL_BITS = 0x1d040000;
const LIMIT_BITS = 0x1e100000;

/** A preset of the rule, in seconds. */
export interface Timing {
  readonly spacing: number;
  readonly tau: number;
  readonly gap: number;
  readonly future: number;
  /** 0 for never. */
  readonly easeAfter: number;
}

export const DEFAULT: Timing = { spacing: 15, tau: 600, gap: 3, future: 60, easeAfter: 60 };
export const CLASSROOM: Timing = { spacing: 10, tau: 400, gap: 2, future: 60, easeAfter: 40 };
export const INTERNET: Timing = { spacing: 30, tau: 1200, gap: 6, future: 120, easeAfter: 120 };

export function paramsOf(timing: Timing): ChainParams {
  return simulatedParams({
    genesisTime: 0,
    targetSpacingSeconds: timing.spacing,
    tauSeconds: timing.tau,
    minGapSeconds: timing.gap,
    maxFutureSeconds: timing.future,
    easeAfterSeconds: timing.easeAfter,
    initialBits: INITIAL_BITS,
    powLimitBits: LIMIT_BITS,
  });
}

/** Hashes per second that keep a chain of this timing on schedule. */
export function evenRate(timing: Timing): number {
  return WORK_EVEN / timing.spacing;
}

const FRESH = { time: 0, lag: 0 };
const ALONE: readonly MinerPlan[] = [{ share: 1, habit: honest, delay: 0 }];

export interface Recovery {
  /** Until the first block, seconds. */
  readonly firstSeconds: number;
  /** Until a block takes work within a factor of two of what the hash rate asks for. */
  readonly recoveredSeconds: number;
  readonly recoveredBlocks: number;
  /** The most blocks within any 60 s, by the time they state. */
  readonly densestMinute: number;
  readonly blocks: readonly ModelBlock[];
}

/** The hash rate is `factor` times the even one from a moment at which the chain was on schedule. */
export function afterChange(timing: Timing, factor: number, random: SeededRandom): Recovery {
  return recover(timing, factor, FRESH, random);
}

/** Nobody mined for so long, and then all do as before. */
export function afterIdle(timing: Timing, idleSeconds: number, random: SeededRandom): Recovery {
  const start = { time: 0, lag: nextWork(FRESH, idleSeconds, paramsOf(timing)).lag };
  return recover(timing, 1, start, random);
}

function recover(
  timing: Timing,
  factor: number,
  start: Pick<ModelBlock, "time" | "lag">,
  random: SeededRandom,
): Recovery {
  const wanted = WORK_EVEN * factor;
  const model = new MiningModel(paramsOf(timing), random, ALONE, start, evenRate(timing) * factor);
  const isThere = ({ work }: ModelBlock) => work > wanted / 2 && work < wanted * 2;
  let at = -1;
  while (at < 0) {
    model.run({ blocks: 200 });
    at = model.chain().findIndex(isThere);
  }
  const blocks = model.chain();
  return {
    firstSeconds: blocks[0]?.foundAt ?? 0,
    recoveredSeconds: blocks[at]?.foundAt ?? 0,
    recoveredBlocks: at,
    densestMinute: densest(blocks, 60),
    blocks,
  };
}

/** The most blocks within any window of so many seconds. */
function densest(blocks: readonly ModelBlock[], seconds: number): number {
  let [most, from] = [0, 0];
  for (const [at, { time }] of blocks.entries()) {
    while ((blocks[from]?.time ?? time) <= time - seconds) from += 1;
    most = Math.max(most, at - from + 1);
  }
  return most;
}

/** Of so many runs, each from a seed of its own. */
export function many<Value>(
  runs: number,
  random: SeededRandom,
  one: (random: SeededRandom) => Value,
): Value[] {
  return Array.from({ length: runs }, (_, at) => one(random.fork(`run ${at}`)));
}

/** The value below which a part of all lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** Seconds between blocks in a long steady run. */
export function steadyIntervals(timing: Timing, blocks: number, random: SeededRandom): number[] {
  const model = new MiningModel(paramsOf(timing), random, ALONE, FRESH, evenRate(timing));
  model.run({ blocks });
  return model.chain().map((block) => block.foundAt - (block.parent?.foundAt ?? 0));
}

export interface Share {
  /** Of the blocks on the chain in the end. */
  readonly reward: number;
  /** Reward over hash share, less one. */
  readonly gain: number;
  /** Found and not on the chain in the end, as part of all found. */
  readonly stale: number;
  /** Mean seconds between blocks of the chain, over the spacing. */
  readonly pace: number;
  readonly chain: readonly ModelBlock[];
}

/** One miner of another habit among ten honest ones of equal size. */
export function deviant(
  timing: Timing,
  plan: {
    readonly share: number;
    readonly habit: Habit;
    readonly withholds?: boolean;
    readonly delay?: number;
  },
  others: { readonly habit: Habit; readonly delay: number },
  blocks: number,
  random: SeededRandom,
): Share {
  // Without delays nobody can tell ten from one.
  const count = others.delay === 0 ? 1 : 10;
  const crowd = Array.from({ length: count }, () => ({ share: (1 - plan.share) / count, ...others }));
  const model = new MiningModel(
    paramsOf(timing),
    random,
    [{ delay: others.delay, ...plan }, ...crowd],
    FRESH,
    evenRate(timing),
  );
  model.run({ blocks });
  return shareOf(model, timing, plan.share);
}

function shareOf(model: MiningModel, timing: Timing, share: number): Share {
  const chain = model.chain();
  const reward = chain.filter((block) => block.miner === 0).length / chain.length;
  return {
    reward,
    gain: reward / share - 1,
    stale: 1 - chain.length / model.found,
    pace: (chain.at(-1)?.foundAt ?? 0) / chain.length / timing.spacing,
    chain,
  };
}

/** The share of rewards of a withholding miner by Eyal and Sirer's formula: `gamma` of the others take its side in a race. */
export function eyalSirer(share: number, gamma: number): number {
  const honestPart = 1 - share;
  const above = share * honestPart ** 2 * (4 * share + gamma * (1 - 2 * share)) - share ** 3;
  return above / (1 - share * (1 + (2 - share) * share));
}

/** Part of the blocks that ten equal miners find in vain while each block takes `delay` to reach the others. */
export function staleAtDelay(
  timing: Timing,
  habit: Habit,
  delay: number,
  blocks: number,
  random: SeededRandom,
): number {
  const plans = Array.from({ length: 10 }, () => ({ share: 0.1, habit, delay: delay / 2 }));
  const model = new MiningModel(paramsOf(timing), random, plans, FRESH, evenRate(timing));
  model.run({ blocks });
  return 1 - model.chain().length / model.found;
}

export interface CrowdOptions {
  readonly timing: Timing;
  readonly miners: number;
  /** Of the even hash rate, all together. */
  readonly factor: number;
  /** Seconds from each to each. */
  readonly delay: number;
  readonly seconds: number;
  readonly habit: Habit;
}

/** So many miners of equal size, all waiting for the gap to end. */
export function crowdAtGap(
  { timing, miners, factor, delay, seconds, habit }: CrowdOptions,
  random: SeededRandom,
): { readonly stale: number; readonly deepest: number } {
  const plans = Array.from({ length: miners }, () => ({ share: 1 / miners, habit, delay: delay / 2 }));
  const model = new MiningModel(paramsOf(timing), random, plans, FRESH, evenRate(timing) * factor);
  model.run({ until: seconds });
  return { stale: 1 - model.chain().length / model.found, deepest: model.deepest };
}
