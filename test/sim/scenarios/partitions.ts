/** Owns what cuts the network into parts, and what takes single nodes away from it. */

import type { SeededRandom } from "#test/kit/random.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { Stage } from "../run.ts";
import type { Scenario } from "./scenario.ts";

function shuffled(nodes: readonly ChainNode[], random: SeededRandom): ChainNode[] {
  const rest = [...nodes];
  const order: ChainNode[] = [];
  while (rest.length > 0) order.push(...rest.splice(random.below(rest.length), 1));
  return order;
}

/** Into parts of these sizes, each given as a share; the last takes the rest. */
function cut(stage: Stage, random: SeededRandom, shares: readonly number[]): void {
  const rest = shuffled(stage.world.honest, random);
  const parts = shares.map((share) =>
    rest.splice(0, Math.max(1, Math.round(share * stage.world.honest.length))),
  );
  stage.world.partition(...parts, rest);
}

/** A part of the minutes before, during and after one cut. */
async function onceCut(stage: Stage, shares: readonly number[]): Promise<void> {
  const { world, minutes } = stage;
  await world.startAll();
  world.beginTraffic();
  await stage.pass(minutes * 0.3);
  cut(stage, world.random.fork("cut"), shares);
  await stage.pass(minutes * 0.4);
  await stage.heal();
  await stage.pass(minutes * 0.3);
}

export const calm: Scenario = {
  name: "calm",
  what: "nothing happens but traffic",
  run: async (stage) => {
    await stage.world.startAll();
    stage.world.beginTraffic();
    await stage.pass(stage.minutes);
  },
};

export const equalParts: Scenario = {
  name: "equal-parts",
  what: "cut into halves, and healed",
  run: (stage) => onceCut(stage, [0.5]),
};

export const minorityPart: Scenario = {
  name: "minority-part",
  what: "a fifth is cut off, and healed",
  run: (stage) => onceCut(stage, [0.2]),
};

export const threeParts: Scenario = {
  name: "three-parts",
  what: "cut into thirds, and healed",
  run: (stage) => onceCut(stage, [0.33, 0.33]),
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
      await stage.pass(1 + random.fraction());
      await stage.heal();
      await stage.pass(1);
    }
  },
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
    const rounds = Math.ceil((minutes - 2) * 2);
    for (let round = 0; round < rounds; round++) {
      for (const node of shuffled(world.running(), random).slice(0, Math.ceil(world.honest.length / 12))) {
        if (random.chance(0.5)) await world.stop(node);
        else node.crash();
      }
      await world.clock.advance(10_000 + random.below(20_000));
      for (const node of world.honest) if (!node.running && random.chance(0.6)) await world.start(node);
      if (round % 2 === 1) stage.check();
    }
    await world.startAll();
    await stage.pass(1);
  },
};
