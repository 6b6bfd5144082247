/**
 * Owns a model of mining under the difficulty rule: miners with shares of a hash rate, delays between them, and habits
 * (honest, dating forward or back, withholding). Which target a block needs, and which lag it states, is the product's
 * integer rule (`src/ledger/target.ts`); finding is a Poisson process. No bytes, no nodes: a hundred thousand blocks
 * take seconds.
 */
import type { ChainParams } from "#ledger/index.ts";
import { nextWork, workOfBits } from "#ledger/target.ts";
import { BURST_BLOCKS, FUTURE_MARGIN_MS } from "#mining/limits.ts";
import type { SeededRandom } from "#test/kit/random.ts";

export interface ModelBlock {
  readonly parent: ModelBlock | null;
  readonly height: number;
  /** As its header states it, seconds. */
  readonly time: number;
  readonly lag: number;
  /** Expected hashes of this block. */
  readonly work: number;
  /** Of the chain up to here. */
  readonly total: number;
  /** Index of the miner; -1 for the first block. */
  readonly miner: number;
  /** When it was really found, seconds. */
  readonly foundAt: number;
}

/** What a miner writes as the time of a block, and when it may work on it. All in seconds. */
export interface Habit {
  /** Not below `tip.time + g`. */
  stamp(nowSeconds: number, tip: ModelBlock, params: ChainParams): number;
  /** From when on it mines on this tip, of which it heard at `heardAt`. */
  readyAt(tip: ModelBlock, heardAt: number, params: ChainParams): number;
}

/** The least time that lets `stamp` be at most F ahead. */
function soonest(stamp: number, params: ChainParams): number {
  return stamp - params.maxFutureSeconds;
}

/** States its own clock, and works at once: where the gap rule asks for it, on a time a little ahead. */
export const honest: Habit = {
  stamp: (now, tip, { minGapSeconds }) => Math.max(Math.floor(now), tip.time + minGapSeconds),
  readyAt: (tip, heardAt, params) => Math.max(heardAt, soonest(tip.time + params.minGapSeconds, params)),
};

/**
 * As Waybill's miner did before decision 0122: after a tip that leaves no room it waits out the gap, and runs ahead of
 * its clock by F/2 at most.
 */
export const patient: Habit = {
  stamp: honest.stamp,
  readyAt: (tip, heardAt, { minGapSeconds, maxFutureSeconds }) => {
    const due = tip.time + minGapSeconds;
    return Math.max(heardAt, Math.min(due, heardAt + minGapSeconds), due - maxFutureSeconds / 2);
  },
};

/**
 * As Waybill's miner does (decision 0122): it waits out the gap only while blocks come in a burst, and leaves a margin to
 * F for clocks that are a little behind its own.
 */
export const paced: Habit = {
  stamp: honest.stamp,
  readyAt: (tip, heardAt, params) => {
    const due = tip.time + params.minGapSeconds;
    const latest = Math.max(heardAt, soonest(due, params) + FUTURE_MARGIN_MS / 1000);
    return isBurst(tip, params) ? Math.max(latest, Math.min(due, heardAt + params.minGapSeconds)) : latest;
  },
};

function isBurst(tip: ModelBlock, { targetSpacingSeconds }: ChainParams): boolean {
  let at: ModelBlock | null = tip;
  for (let back = 0; back < BURST_BLOCKS && at !== null; back++) at = at.parent;
  return at !== null && tip.time - at.time < (BURST_BLOCKS * targetSpacingSeconds) / 2;
}

/** States the latest time that others take. */
export const forward: Habit = {
  stamp: (now, tip, { minGapSeconds, maxFutureSeconds }) =>
    Math.max(Math.floor(now) + maxFutureSeconds, tip.time + minGapSeconds),
  readyAt: honest.readyAt,
};

/** States the earliest time that the rules allow. */
export const backward: Habit = {
  stamp: (_, tip, { minGapSeconds }) => tip.time + minGapSeconds,
  readyAt: honest.readyAt,
};

export interface MinerPlan {
  /** Of the hash rate. */
  readonly share: number;
  readonly habit: Habit;
  /** Keeps what it finds to itself as Eyal and Sirer describe (2013). */
  readonly withholds?: boolean;
  /** Seconds until it hears of a block, and until others hear of its blocks. */
  readonly delay: number;
}

interface Miner extends MinerPlan {
  tip: ModelBlock;
  heardAt: number;
  /** Of a withholding one: its newest block that others know. */
  published: ModelBlock;
}

interface Arrival {
  readonly at: number;
  readonly order: number;
  readonly to: number;
  readonly block: ModelBlock;
}

export class MiningModel {
  readonly #params: ChainParams;
  readonly #random: SeededRandom;
  readonly #miners: Miner[];
  #now = 0;
  #rate: number;
  #arrivals: Arrival[] = [];
  #order = 0;
  found = 0;
  /** The most blocks that one miner gave up at once. */
  deepest = 0;

  /** @param hashesPerSecond of all miners together. */
  constructor(
    params: ChainParams,
    random: SeededRandom,
    plans: readonly MinerPlan[],
    start: Pick<ModelBlock, "time" | "lag">,
    hashesPerSecond: number,
  ) {
    this.#params = params;
    this.#random = random;
    this.#rate = hashesPerSecond;
    this.#now = start.time;
    const first = { parent: null, height: 0, work: 0, total: 0, miner: -1, foundAt: start.time, ...start };
    this.#miners = plans.map((plan) => ({
      ...plan,
      tip: first,
      heardAt: Number.NEGATIVE_INFINITY,
      published: first,
    }));
  }

  get now(): number {
    return this.#now;
  }

  /** The heaviest chain that anybody has published, its blocks oldest first. */
  chain(): readonly ModelBlock[] {
    let best: ModelBlock | null = null;
    for (const { tip, published, withholds } of this.#miners) {
      const shown = withholds === true ? published : tip;
      if (best === null || shown.total > best.total) best = shown;
    }
    const blocks: ModelBlock[] = [];
    for (let at = best; at !== null && at.parent !== null; at = at.parent) blocks.push(at);
    return blocks.reverse();
  }

  setRate(hashesPerSecond: number): void {
    this.#rate = hashesPerSecond;
  }

  /** Lets time pass until `until` seconds, or until so many more blocks were found. */
  run(limits: { readonly until?: number; readonly blocks?: number }): void {
    const until = limits.until ?? Number.POSITIVE_INFINITY;
    const last = this.found + (limits.blocks ?? Number.POSITIVE_INFINITY);
    while (this.#now < until && this.found < last) this.#step(until);
  }

  /** To the next arrival, find, or moment at which somebody's target or readiness changes. */
  #step(until: number): void {
    const rates = this.#miners.map((miner) => this.#rateOf(miner));
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    const changes = Math.min(
      until,
      this.#arrivals[0]?.at ?? until,
      ...this.#miners.map((one) => this.#changeOf(one)),
    );
    const wait = total > 0 ? -Math.log(1 - this.#random.fraction()) / total : Number.POSITIVE_INFINITY;
    if (this.#now + wait >= changes) {
      this.#now = changes;
      while ((this.#arrivals[0]?.at ?? Number.POSITIVE_INFINITY) <= this.#now) this.#arrive();
      return;
    }
    this.#now += wait;
    this.#find(this.#pick(rates, this.#random.fraction() * total));
  }

  /** The miner in whose stretch of the sum `at` lies. */
  #pick(rates: readonly number[], at: number): number {
    let left = at;
    for (const [index, rate] of rates.entries()) {
      left -= rate;
      if (left < 0) return index;
    }
    return rates.length - 1;
  }

  /** Blocks per second that this miner finds now. */
  #rateOf(miner: Miner): number {
    if (this.#now < miner.habit.readyAt(miner.tip, miner.heardAt, this.#params)) return 0;
    return (miner.share * this.#rate) / this.#workOn(miner.tip, this.#stampOf(miner));
  }

  #stampOf({ habit, tip }: Miner): number {
    return habit.stamp(this.#now, tip, this.#params);
  }

  /** The next moment at which {@link #rateOf} gives another answer, were nothing to happen. */
  #changeOf(miner: Miner): number {
    const readyAt = miner.habit.readyAt(miner.tip, miner.heardAt, this.#params);
    if (this.#now < readyAt) return readyAt;
    const { targetSpacingSeconds: spacing, easeAfterSeconds: easeAfter } = this.#params;
    if (easeAfter === 0) return Number.POSITIVE_INFINITY;
    const elapsed = this.#stampOf(miner) - miner.tip.time;
    const nextStep = (Math.floor(Math.max(0, elapsed - easeAfter) / spacing) + 1) * spacing + easeAfter;
    return Math.floor(this.#now) + (nextStep - elapsed);
  }

  #workOn(tip: ModelBlock, time: number): number {
    return workOf(nextWork(tip, time, this.#params).bits);
  }

  #find(at: number): void {
    const miner = this.#miners[at];
    if (miner === undefined) return;
    const { tip } = miner;
    const time = this.#stampOf(miner);
    const { bits, lag } = nextWork(tip, time, this.#params);
    const work = workOf(bits);
    const block = {
      parent: tip,
      height: tip.height + 1,
      time,
      lag,
      work,
      total: tip.total + work,
      miner: at,
      foundAt: this.#now,
    };
    this.found += 1;
    const wasRace = miner.withholds === true && miner.published === tip && this.#isRaced(at, tip);
    miner.tip = block;
    miner.heardAt = this.#now;
    if (miner.withholds !== true) this.#publish(at, block);
    else if (wasRace) this.#publish(at, block);
  }

  /** Whether others stand on a branch beside this one, as heavy: the withholding miner has shown what it had. */
  #isRaced(at: number, tip: ModelBlock): boolean {
    return this.#miners.some(
      (other, index) => index !== at && other.tip !== tip && other.tip.total >= tip.total,
    );
  }

  #publish(at: number, block: ModelBlock): void {
    const miner = this.#miners[at];
    if (miner === undefined) return;
    miner.published = block;
    this.#miners.forEach((other, to) => {
      if (to !== at)
        this.#schedule({ at: this.#now + miner.delay + other.delay, order: this.#order++, to, block });
    });
  }

  #schedule(arrival: Arrival): void {
    let index = this.#arrivals.length;
    while (index > 0 && (this.#arrivals[index - 1]?.at ?? 0) > arrival.at) index -= 1;
    this.#arrivals.splice(index, 0, arrival);
  }

  #arrive(): void {
    const arrival = this.#arrivals.shift();
    const miner = arrival === undefined ? undefined : this.#miners[arrival.to];
    if (arrival === undefined || miner === undefined) return;
    const { block, to } = arrival;
    if (block.total > miner.tip.total) {
      this.deepest = Math.max(this.deepest, blocksApart(miner.tip, block));
      miner.tip = block;
      miner.heardAt = this.#now;
      if (miner.withholds === true) miner.published = block;
    } else if (miner.withholds === true) this.#answer(to, miner, block);
  }

  /** Others found a block while the withholding miner is not behind them: it shows as much as keeps them off. */
  #answer(at: number, miner: Miner, theirs: ModelBlock): void {
    if (theirs.total <= miner.published.total || miner.published === miner.tip) return;
    const lead = miner.tip.height - theirs.height;
    let shown: ModelBlock = miner.tip;
    // A lead of one is not worth keeping: all is shown, and it wins.
    if (lead > 1) while (shown.height > theirs.height && shown.parent !== null) shown = shown.parent;
    this.#publish(at, shown);
  }
}

/** How many blocks of the branch of `left` are not on that of `taken`. */
function blocksApart(left: ModelBlock, taken: ModelBlock): number {
  let [a, b]: [ModelBlock | null, ModelBlock | null] = [left, taken];
  while (a !== b && a !== null && b !== null) {
    if (a.height >= b.height) a = a.parent;
    else b = b.parent;
  }
  return left.height - (a?.height ?? 0);
}

const works = new Map<number, number>();

function workOf(bits: number): number {
  let work = works.get(bits);
  if (work === undefined) {
    work = Number(workOfBits(bits));
    works.set(bits, work);
  }
  return work;
}
