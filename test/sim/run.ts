/**
 * Owns one run of one scenario: the world, its minutes with their checks, the quiet end in which all must agree, and the
 * line that tells of it. A failure names the command that replays it.
 */
import assert from "node:assert/strict";
import { checkFaults, checkRecordedOnce, checkWorld, fateOf, heaviest } from "./checks.ts";
import { SCENARIOS, type Scenario } from "./scenarios/index.ts";
import { MINUTE_MS, SECOND_MS, SimWorld } from "./world.ts";

export interface RunOptions {
  readonly scenario: string;
  readonly seed: number;
  readonly nodes: number;
  /** Of traffic, simulated. What a scenario needs besides is added. */
  readonly minutes: number;
  readonly trace?: (line: string) => void;
}

export interface RunSummary {
  readonly scenario: string;
  readonly seed: number;
  readonly nodes: number;
  readonly simulatedMinutes: number;
  readonly tip: string;
  /** On the best chain in the end. */
  readonly blocks: number;
  /** Blocks that stood on some honest best chain and do not in the end, as part of all that stood on one. */
  readonly staleRate: number;
  /** Counted at each node. */
  readonly reorganisations: number;
  readonly deepest: number;
  readonly transactions: number;
  readonly expired: number;
  /** The most blocks found between a healing and agreement; `null` when nothing was healed. */
  readonly blocksToAgree: number | null;
  /** The longest time, simulated, from a healing to agreement. */
  readonly secondsToAgree: number;
  /** Simulated minutes after which everything was checked. */
  readonly minutesChecked: number;
  /** How often what this scenario is for came about. */
  readonly counts: Readonly<Record<string, number>>;
  /** What only this scenario measures. */
  readonly notes: readonly string[];
}

/**
 * To agreement, from a healing or from the last block found after it: branches of equal work wait for the next block, and
 * when that is found is chance.
 */
const AGREED_WITHIN_SPACINGS = 4;
/** Branches of equal work are told apart by the next block, and one more may be found while that one is on its way. */
const AGREED_WITHIN_BLOCKS = 2;
/** After the last word: branches meet, and what waits is recorded. */
const QUIET_LIMIT_MS = 60 * MINUTE_MS;

export function replayCommand({ scenario, seed, nodes, minutes }: RunOptions): string {
  return `npm run sim -- --seed ${seed} --nodes ${nodes} --minutes ${minutes} --scenario ${scenario} --trace`;
}

export function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario is called ${name}`);
  return scenario;
}

/** @throws an error that names the command which replays it. */
export async function runScenario(options: RunOptions): Promise<RunSummary> {
  try {
    return await run(options);
  } catch (error) {
    throw new Error(`${options.scenario}, seed ${options.seed}, failed; ${replayCommand(options)}`, {
      cause: error,
    });
  }
}

async function run({ scenario: name, seed, nodes, minutes, trace }: RunOptions): Promise<RunSummary> {
  const scenario = scenarioOf(name);
  const world = new SimWorld({
    ...scenario.world?.(nodes),
    seed,
    nodes,
    trace: trace ?? (() => undefined),
  });
  const stage = new Stage(world, minutes, scenario.behindBlocks ?? BEHIND_BLOCKS);
  await scenario.run(stage);
  world.endTraffic();
  await untilQuiet(world);
  checkWorld(world, { behindBlocks: 0 });
  const best = heaviest(world.running());
  // The first node keeps all bodies in every scenario, and by now it agrees with the others.
  checkRecordedOnce(world.honest[0] ?? best);
  const summary = summarise(world, stage, { scenario: name, seed, nodes, minutes });
  for (const node of [...world.malicious, ...world.honest]) if (node.running) await world.stop(node);
  checkFaults(world);
  assert.equal(stage.minutesChecked, Math.floor(world.seconds / 60), "checked after every simulated minute");
  assert.ok(summary.blocks > 0 && summary.transactions > summary.expired, "something happened");
  assert.ok(scenario.shows(summary), `what the scenario is for came about: ${JSON.stringify(summary)}`);
  return summary;
}

/** One block that is still under way, and one fork of one block. */
const BEHIND_BLOCKS = 3;

/** What a scenario acts on: the world, and time that passes. Whoever lets it pass, everything is checked each minute. */
export class Stage {
  readonly world: SimWorld;
  /** Of traffic; how a scenario divides them is its own. */
  readonly minutes: number;
  readonly notes: string[] = [];
  readonly counts: Record<string, number> = {};
  minutesChecked = 0;
  blocksToAgree: number | null = null;
  secondsToAgree = 0;
  readonly #behindBlocks: number;

  constructor(world: SimWorld, minutes: number, behindBlocks: number) {
    this.world = world;
    this.minutes = minutes;
    this.#behindBlocks = behindBlocks;
    // A timer of the world itself: what is thrown ends the run, wherever it waits.
    world.clock.every(MINUTE_MS, () => {
      this.minutesChecked += 1;
      this.check();
    });
  }

  /** Lets so many minutes pass, whole or not, and checks after the last one too. */
  async pass(minutes: number): Promise<void> {
    for (let left = minutes * MINUTE_MS; left > 0; left -= MINUTE_MS) {
      await this.world.clock.advance(Math.min(left, MINUTE_MS));
      this.world.say(this.world.describeTips());
    }
    this.check();
  }

  check(): void {
    checkWorld(this.world, { behindBlocks: this.#behindBlocks });
  }

  /** What the scenario is for came about so many times more. */
  count(what: string, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  /** @param made by kind, how often. */
  countAttacks(made: ReadonlyMap<string, number>): void {
    this.count(
      "attacks",
      [...made.values()].reduce((sum, times) => sum + times, 0),
    );
    this.count("kinds of attack", made.size);
  }

  /** Heals, and measures how many blocks are found until all agree. */
  async heal(): Promise<void> {
    const { world } = this;
    const before = heaviest(world.running()).chain.tip().height;
    const since = world.seconds;
    world.heal();
    let [known, foundSeconds] = [world.history.seen.size, since];
    const agreed = (): boolean => {
      if (world.history.seen.size > known) foundSeconds = world.seconds;
      known = world.history.seen.size;
      return new Set(world.running().map((node) => node.chain.tip().id)).size === 1;
    };
    await world.clock.advanceUntil(agreed, QUIET_LIMIT_MS, "agreement after a healing");
    const blocks = heaviest(world.running()).chain.tip().height - before;
    const seconds = world.seconds - since;
    world.say(`agreed after ${blocks} blocks and ${seconds.toFixed(1)} s`);
    const limit = AGREED_WITHIN_SPACINGS * world.params.targetSpacingSeconds;
    const settled = world.seconds - foundSeconds;
    assert.ok(settled <= limit, `agreed ${settled} s after the last block, and ${limit} s are the most`);
    assert.ok(blocks <= AGREED_WITHIN_BLOCKS, `agreed ${blocks} blocks after a healing`);
    this.blocksToAgree = Math.max(this.blocksToAgree ?? 0, blocks);
    this.secondsToAgree = Math.max(this.secondsToAgree, seconds);
  }
}

/** Everything ended that was begun: all stand on one tip, and nothing waits any more. */
async function untilQuiet(world: SimWorld): Promise<void> {
  const untilMs = world.clock.monotonicMs() + QUIET_LIMIT_MS;
  let waiting = firstWaiting(world);
  while (waiting !== null && world.clock.monotonicMs() < untilMs) {
    await world.clock.advance(SECOND_MS);
    waiting = firstWaiting(world);
  }
  assert.equal(waiting, null, `still so after ${QUIET_LIMIT_MS / MINUTE_MS} quiet minutes`);
}

function firstWaiting(world: SimWorld): string | null {
  const tips = new Set(world.running().map((node) => node.chain.tip().id));
  if (tips.size !== 1) return `${tips.size} tips: ${world.describeTips()}`;
  for (const submitted of world.submitted) {
    if (submitted.from.running && fateOf(submitted) === "waits") {
      return `transaction ${submitted.id} of ${submitted.from.name}, seq ${submitted.seq}, waits`;
    }
  }
  return null;
}

function summarise(world: SimWorld, stage: Stage, options: Omit<RunOptions, "trace">): RunSummary {
  const best = heaviest(world.running());
  const tip = best.chain.tip();
  const stale = [...world.history.seen].filter((id) => best.chain.confirmationsOf(id) === 0);
  const expired = world.submitted.filter(
    (submitted) => submitted.from.running && fateOf(submitted) === "expired",
  );
  return {
    scenario: options.scenario,
    seed: options.seed,
    nodes: options.nodes,
    simulatedMinutes: Math.round(world.seconds / 6) / 10,
    tip: tip.id,
    blocks: tip.height,
    staleRate: stale.length / Math.max(1, world.history.seen.size),
    reorganisations: world.history.reorganisations,
    deepest: world.history.deepest,
    transactions: world.submitted.length,
    expired: expired.length,
    blocksToAgree: stage.blocksToAgree,
    secondsToAgree: stage.secondsToAgree,
    minutesChecked: stage.minutesChecked,
    counts: stage.counts,
    notes: stage.notes,
  };
}

/** One line for people. */
export function describeSummary(summary: RunSummary, wallSeconds: number): string {
  const { scenario, seed, blocks, staleRate, blocksToAgree, notes } = summary;
  return [
    `${scenario.padEnd(20)} seed ${String(seed).padEnd(5)}`,
    `${summary.nodes} nodes ${summary.simulatedMinutes} min`,
    `${blocks} blocks`,
    `${summary.reorganisations} reorganisations, deepest ${summary.deepest}`,
    `stale ${(staleRate * 100).toFixed(1)} %`,
    `${summary.transactions} transactions`,
    ...(summary.expired === 0 ? [] : [`${summary.expired} expired`]),
    ...(blocksToAgree === null
      ? []
      : [`agreed within ${blocksToAgree} blocks and ${summary.secondsToAgree.toFixed(1)} s`]),
    ...Object.entries(summary.counts).map(([what, times]) => `${times} ${what}`),
    ...notes,
    `${wallSeconds.toFixed(1)} s`,
  ].join("  ");
}
