/** Owns power cuts at chosen writes: while blocks come in, while branches are changed, while a node starts up again. */
import type { SeededRandom } from "#test/kit/random.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { Stage } from "../run.ts";
import type { Scenario } from "./scenario.ts";

const WRITES_MAX = 12;
const CUTS_PER_ROUND = 6;

function cutSoon(node: ChainNode, random: SeededRandom, writesMax: number): void {
  node.cutPowerAfter(random.below(writesMax), random.chance(0.5));
}

/** Who is down comes up; of some the power fails again on the way. */
async function restart(stage: Stage, random: SeededRandom): Promise<void> {
  for (const node of stage.world.honest) {
    if (node.running) continue;
    if (random.chance(0.3)) cutSoon(node, random, 2);
    await stage.world.start(node);
  }
}

async function crashes(stage: Stage): Promise<void> {
  const { world, minutes } = stage;
  const random = world.random.fork("crashes");
  await world.startAll();
  world.beginTraffic();
  await stage.pass(1);
  const rounds = Math.max(2, Math.round(minutes - 1));
  for (let round = 0; round < rounds; round++) {
    const isCut = round % 3 === 2;
    if (isCut) {
      const some = world.honest.filter(() => random.chance(0.5));
      if (some.length > 0 && some.length < world.honest.length) {
        world.partition(
          some,
          world.honest.filter((node) => !some.includes(node)),
        );
        await stage.pass(1);
      }
    }
    // Just before branches meet, so that the power fails in the middle of changing them.
    for (let cut = 0; cut < CUTS_PER_ROUND; cut++) {
      const running = world.running();
      if (running.length > 1) cutSoon(random.pick(running), random, WRITES_MAX);
    }
    if (isCut) world.heal();
    await world.clock.advance(20_000);
    await restart(stage, random);
    await stage.pass(0.5);
  }
  await restart(stage, random);
  await world.startAll();
  const cuts = world.honest.reduce((sum, node) => sum + node.cuts.all, 0);
  const opening = world.honest.reduce((sum, node) => sum + node.cuts.opening, 0);
  stage.count("power cuts", cuts);
  stage.count("power cuts while starting", opening);
  await stage.pass(1);
}

export const powerCuts: Scenario = {
  name: "power-cuts",
  what: "nodes lose power at random writes, in reorganisations and while starting too",
  run: crashes,
  shows: ({ counts }) => (counts["power cuts"] ?? 0) > 0 && (counts["power cuts while starting"] ?? 0) > 0,
};
