/** Owns a miner with a third to a half of the hash rate that keeps its blocks to itself. */
import { Withholder } from "../attacks/withholder.ts";
import { heaviest } from "../checks.ts";
import type { Stage } from "../run.ts";
import type { SimWorld } from "../world.ts";
import type { Scenario } from "./scenario.ts";

const withholderOf = new WeakMap<SimWorld, Withholder>();
const SHARE_MIN = 0.3;
const SHARE_SPAN = 0.19;
/** Blocks are few in a simulation of minutes, and shares are only seen in many. */
const MINUTES_FACTOR = 3;

async function withholds(stage: Stage): Promise<void> {
  const { world, minutes } = stage;
  const share = SHARE_MIN + SHARE_SPAN * world.random.fork("share").fraction();
  const [withholder] = world.malicious;
  if (withholder === undefined) throw new Error("nobody withholds");
  const honestSpeed = world.honest.reduce((sum, node) => sum + node.hashesPerSecond, 0);
  // Together as fast as the schedule asks for.
  for (const node of world.honest) node.setSpeed(node.hashesPerSecond * (1 - share));
  withholder.setSpeed(honestSpeed * share);
  await world.startAll();
  world.beginTraffic();
  await stage.pass(minutes * MINUTES_FACTOR);
  withholder.setSpeed(0);
  withholderOf.get(world)?.release();
  await stage.pass(1);
  const { chain } = heaviest(world.running());
  const blocks = chain.blocks({ limit: 500 });
  const own = blocks.filter(({ miner }) => miner === withholder.account).length;
  const [of, reward] = [share, own / Math.max(1, blocks.length)].map((part) => (part * 100).toFixed(0));
  stage.notes.push(`withholding ${of} % of the hash rate earned ${reward} %`);
  stage.count("blocks withheld", withholderOf.get(world)?.withheld ?? 0);
}

export const withholding: Scenario = {
  name: "withholding",
  what: "30 to 49 % of the hash rate keeps its blocks to itself",
  world: (nodes) => ({
    miners: Math.min(nodes - 1, 10),
    trafficSeconds: 5,
    minesAlways: true,
    malicious: {
      count: 1,
      wrap: (network, _, world) => {
        const withholder = new Withholder(network, world);
        withholderOf.set(world, withholder);
        return withholder.network;
      },
    },
  }),
  // Branches of the withheld blocks win again and again, a few blocks deep.
  behindBlocks: 12,
  run: withholds,
  // Some of them were shown after all, and what others had found meanwhile was undone.
  shows: ({ counts, reorganisations }) => (counts["blocks withheld"] ?? 0) > 4 && reorganisations > 0,
};
