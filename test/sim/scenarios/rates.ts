/** Owns hash rates that change at once, and chains that nobody mined for days. */
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
      stage.notes.push(`on pace again after ${Math.round((world.seconds - sinceSeconds) / 60)} min`);
      return;
    }
  }
  throw new Error(`blocks do not come at their pace after ${FOLLOW_MINUTES_MAX} minutes`);
}

async function afterFactor(stage: Stage, factor: number): Promise<void> {
  await stage.world.startAll();
  stage.world.beginTraffic();
  await stage.pass(stage.minutes * 0.4);
  stage.world.setRate(factor);
  await untilOnPace(stage);
  await stage.pass(stage.minutes * 0.2);
}

export const rateUp: Scenario = {
  name: "rate-up",
  what: "a thousand times the hash rate at once",
  world: () => ({ workPerBlock: 16, params: QUICK, trafficSeconds: 2 }),
  behindBlocks: 12,
  run: (stage) => afterFactor(stage, 1_000),
};

export const rateDown: Scenario = {
  name: "rate-down",
  what: "a thousandth of the hash rate stays",
  world: () => ({ workPerBlock: 4_096, params: QUICK, trafficSeconds: 8 }),
  run: (stage) => afterFactor(stage, 1 / 1_000),
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
    await world.clock.advance(WEEKEND_HOURS * 3_600_000);
    stage.check();
    await world.startAll();
    world.beginTraffic();
    await untilOnPace(stage);
    await stage.pass(minutes * 0.2);
  },
};
