/** Owns hash rates that change at once, and chains that nobody mined for days. */
import type { Header } from "#ledger/types.ts";
import { heaviest } from "../checks.ts";
import type { Stage } from "../run.ts";
import type { Scenario } from "./scenario.ts";

/** A quarter of the usual memory, so that the target follows within minutes. */
const QUICK = { tauSeconds: 100 } as const;
const WEEKEND_HOURS = 64;
/** The most simulated minutes a scenario waits for the target to follow. */
const FOLLOW_MINUTES_MAX = 90;

/** Lets time pass until the newest blocks come within a factor of three of the spacing. */
async function untilOnPace(stage: Stage): Promise<void> {
  const { world } = stage;
  const { targetSpacingSeconds } = world.params;
  const onPace = (): boolean => {
    const [node] = world.running();
    const newest = node?.chain.blocks({ limit: 8 }) ?? [];
    const [last, first] = [newest[0], newest.at(-1)];
    if (last === undefined || first === undefined || newest.length < 8) return false;
    const sinceLast = world.clock.nowMs() / 1000 - last.header.time;
    const mean = (last.header.time - first.header.time) / (newest.length - 1);
    return mean > targetSpacingSeconds / 3 && Math.max(mean, sinceLast) < targetSpacingSeconds * 3;
  };
  const sinceSeconds = world.seconds;
  for (let minute = 0; minute < FOLLOW_MINUTES_MAX; minute++) {
    await stage.pass(1);
    if (onPace()) {
      stage.count("minutes until on pace again", Math.round((world.seconds - sinceSeconds) / 60));
      return;
    }
  }
  throw new Error(`blocks do not come at their pace after ${FOLLOW_MINUTES_MAX} minutes`);
}

async function afterFactor(stage: Stage, factor: number): Promise<void> {
  const { world, minutes } = stage;
  await world.startAll();
  world.beginTraffic();
  await stage.pass(minutes * 0.4);
  world.setRate(factor);
  const { height } = heaviest(world.running()).chain.tip();
  await untilOnPace(stage);
  const after = blocksFrom(stage, height).map(({ time }) => time);
  await stage.pass(minutes * 0.2);
  const apart = after.slice(1).map((time, at) => time - (after[at] ?? time));
  // The first of them lies before the change.
  stage.count("seconds between blocks at the most", Math.max(...apart));
  stage.count("blocks within two minutes", after.filter((time) => time - (after[0] ?? time) <= 120).length);
}

/** Headers of the best chain, from this height on. */
function blocksFrom(stage: Stage, height: number): Header[] {
  const { chain } = heaviest(stage.world.running());
  const headers: Header[] = [];
  for (let at = height; at <= chain.tip().height; at++) {
    const header = chain.headerAt(at);
    if (header !== null) headers.push(header);
  }
  return headers;
}

export const rateUp: Scenario = {
  name: "rate-up",
  what: "a thousand times the hash rate at once",
  world: () => ({ workPerBlock: 16, params: QUICK, trafficSeconds: 2 }),
  behindBlocks: 12,
  run: (stage) => afterFactor(stage, 1_000),
  // On schedule there would be twelve.
  shows: ({ counts }) => (counts["blocks within two minutes"] ?? 0) > 24,
};

export const rateDown: Scenario = {
  name: "rate-down",
  what: "a thousandth of the hash rate stays",
  world: () => ({ workPerBlock: 4_096, params: QUICK, trafficSeconds: 8 }),
  run: (stage) => afterFactor(stage, 1 / 1_000),
  shows: ({ counts }) => (counts["seconds between blocks at the most"] ?? 0) > 60,
};

export const weekend: Scenario = {
  name: "weekend",
  what: "everybody but one goes home for 64 hours, and comes back",
  world: () => ({ params: QUICK, trafficSeconds: 2 }),
  behindBlocks: 8,
  run: async (stage) => {
    const { world, minutes } = stage;
    await world.startAll();
    world.beginTraffic();
    await stage.pass(minutes * 0.4);
    world.endTraffic();
    await stage.pass(1);
    for (const node of world.honest.slice(1)) await world.stop(node);
    const { height } = heaviest(world.running()).chain.tip();
    await stage.pass(WEEKEND_HOURS * 60);
    await world.startAll();
    world.beginTraffic();
    await untilOnPace(stage);
    await stage.pass(minutes * 0.2);
    const [last, first] = blocksFrom(stage, height).map(({ time }) => time);
    stage.count("hours without a block", Math.floor(((first ?? 0) - (last ?? 0)) / 3_600));
  },
  shows: ({ counts }) => (counts["hours without a block"] ?? 0) >= WEEKEND_HOURS - 1,
};
