/** Owns what cuts the network into parts, and what takes single nodes away from it. */
import assert from "node:assert/strict";
import type { SeededRandom } from "#test/kit/random.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import { blocksApart, heaviest } from "../checks.ts";
import type { RunSummary, Stage } from "../run.ts";
import type { Scenario } from "./scenario.ts";

/** Few of fifty mine, and a small part may be dealt none of them. */
const DEALS_MAX = 1_000;
/** A part with a fifth of the hash rate finds a block in less than a minute as a rule. */
const PARTED_MINUTES_MAX = 30;
/** So that, of few nodes too, some crash and some end in order. */
const CHURN_ROUNDS_MIN = 6;
const PARTED = "cuts with a branch on each side";

function shuffled(nodes: readonly ChainNode[], random: SeededRandom): ChainNode[] {
  const rest = [...nodes];
  const order: ChainNode[] = [];
  while (rest.length > 0) order.push(...rest.splice(random.below(rest.length), 1));
  return order;
}

/** Into parts of these sizes, each given as a share; the last takes the rest. Somebody mines in each. */
function cut(stage: Stage, random: SeededRandom, shares: readonly number[]): void {
  const { world } = stage;
  for (let tried = 0; tried < DEALS_MAX; tried++) {
    const rest = shuffled(world.honest, random);
    const parts = shares.map((share) => rest.splice(0, Math.max(1, Math.round(share * world.honest.length))));
    if (![...parts, rest].every((part) => part.some(({ hashesPerSecond }) => hashesPerSecond > 0))) continue;
    world.partition(...parts, rest);
    return;
  }
  throw new Error("too few miners for so many parts");
}

/** Lets so many minutes pass, and more until each part has found a block that no other knows. */
async function untilParted(stage: Stage, minutes: number): Promise<void> {
  await stage.pass(minutes);
  const isParted = (): boolean => {
    const tips = stage.world.groups().map(heaviest);
    return tips.every((one) => tips.every((other) => one === other || blocksApart(one, other) > 0));
  };
  for (let minute = 0; !isParted(); minute++) {
    assert.ok(minute < PARTED_MINUTES_MAX, `each part finds a block within ${PARTED_MINUTES_MAX} minutes`);
    await stage.pass(1);
  }
  stage.count(PARTED);
}

/** A part of the minutes before, during and after one cut. */
async function onceCut(stage: Stage, shares: readonly number[]): Promise<void> {
  const { world, minutes } = stage;
  await world.startAll();
  world.beginTraffic();
  await stage.pass(minutes * 0.3);
  cut(stage, world.random.fork("cut"), shares);
  await untilParted(stage, minutes * 0.4);
  await stage.heal();
  await stage.pass(minutes * 0.3);
}

/** At least one part was undone for another, by all who stood on it. */
function wasPartedAndHealed({ counts, deepest, blocksToAgree }: RunSummary): boolean {
  return (counts[PARTED] ?? 0) > 0 && deepest > 0 && blocksToAgree !== null;
}

export const calm: Scenario = {
  name: "calm",
  what: "nothing happens but traffic",
  run: async (stage) => {
    await stage.world.startAll();
    stage.world.beginTraffic();
    await stage.pass(stage.minutes);
  },
  shows: ({ blocks, deepest, blocksToAgree, transactions, expired }) =>
    blocks > 1 && deepest <= 2 && blocksToAgree === null && transactions - expired > 10,
};

export const equalParts: Scenario = {
  name: "equal-parts",
  what: "cut into halves, and healed",
  run: (stage) => onceCut(stage, [0.5]),
  shows: wasPartedAndHealed,
};

export const minorityPart: Scenario = {
  name: "minority-part",
  what: "a fifth is cut off, and healed",
  run: (stage) => onceCut(stage, [0.2]),
  shows: wasPartedAndHealed,
};

export const threeParts: Scenario = {
  name: "three-parts",
  what: "cut into thirds, and healed",
  run: (stage) => onceCut(stage, [0.33, 0.33]),
  shows: wasPartedAndHealed,
};

export const repeatedCuts: Scenario = {
  name: "repeated-cuts",
  what: "cut and healed again and again, along other lines each time",
  run: async (stage) => {
    const { world, minutes } = stage;
    const random = world.random.fork("cuts");
    await world.startAll();
    world.beginTraffic();
    await stage.pass(1);
    const rounds = Math.max(2, Math.floor(minutes / 3));
    for (let round = 0; round < rounds; round++) {
      cut(stage, random, random.chance(0.5) ? [0.2 + 0.3 * random.fraction()] : [0.3, 0.3]);
      await untilParted(stage, 1 + random.fraction());
      await stage.heal();
      await stage.pass(1);
    }
  },
  shows: (summary) => wasPartedAndHealed(summary) && (summary.counts[PARTED] ?? 0) > 1,
};

export const churn: Scenario = {
  name: "churn",
  what: "nodes come and go all the time, and some come late",
  run: async (stage) => {
    const { world, minutes } = stage;
    const random = world.random.fork("churn");
    const late = world.honest.slice(-Math.ceil(world.honest.length / 10));
    await world.startAll(world.honest.filter((node) => !late.includes(node)));
    world.beginTraffic();
    await stage.pass(1);
    const rounds = Math.max(CHURN_ROUNDS_MIN, Math.ceil((minutes - 2) * 2));
    for (let round = 0; round < rounds; round++) {
      for (const node of shuffled(world.running(), random).slice(0, Math.ceil(world.honest.length / 12))) {
        const isInOrder = random.chance(0.5);
        if (isInOrder) await world.stop(node);
        else node.crash();
        stage.count(isInOrder ? "ends in order" : "crashes");
      }
      await world.clock.advance(10_000 + random.below(20_000));
      for (const node of world.honest) if (!node.running && random.chance(0.6)) await world.start(node);
    }
    await world.startAll();
    await stage.pass(1);
    const first = world.honest[0]?.chain.blockAt(1)?.id;
    const caughtUp = late.filter(({ chain }) => first !== undefined && chain.confirmationsOf(first) > 0);
    stage.count("late comers that caught up", caughtUp.length);
  },
  shows: ({ counts }) =>
    ["crashes", "ends in order", "late comers that caught up"].every((what) => (counts[what] ?? 0) > 0),
};
