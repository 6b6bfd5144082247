/**
 * Owns newcomers among hostile peers: they begin with a snapshot where they can, while a third of the network, and most
 * of their neighbours, offer and bring snapshots that are not so. They lose their folders and come again until each kind
 * was met. Some keys co-sign, so that newcomers go to what is final too.
 */
import assert from "node:assert/strict";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import { SnapshotAttacker, SnapshotCoalition } from "../attacks/snapshot-attacker.ts";
import { blocksApart } from "../checks.ts";
import { forgetFinality, untilFinal } from "../finality-checks.ts";
import { perWorld } from "../per-world.ts";
import type { Stage } from "../run.ts";
import { MINUTE_MS, type SimWorld } from "../world.ts";
import { BEHIND_FINAL_BLOCKS_MAX, EVERY_BLOCKS, NODES_MIN, PACE } from "./cosigned.ts";
import type { Scenario } from "./scenario.ts";
import { beganWithSnapshot, SNAPSHOT_POLICY, untilGrown } from "./with-snapshots.ts";

const GROWING_MINUTES_MAX = 15;
const SIGNERS = 4;
const NEWCOMERS_MAX = 8;
const NEAR_BLOCKS = 3;
const ATTACKERS_EACH = 6;
const WAVES_MAX = 20;
/** Three that fail, two snapshots given up, each answer awaited to its end; then block by block. */
const LEVEL_MINUTES_MAX = 5;
const HISTORY_MINUTES_MAX = 10;
const coalitionOf = perWorld((world) => new SnapshotCoalition(world));

/**
 * Hostile peers are near. A newcomer hears three peers before it begins, and the third is asked first: so one honest peer
 * is nearer still, and where there are but two hostile ones, one of them is the third.
 */
function surround(world: SimWorld, newcomers: readonly ChainNode[]): void {
  newcomers.forEach((newcomer, first) => {
    const nearest = world.honest[first % SIGNERS];
    assert.ok(nearest);
    world.network.connect(newcomer.id, nearest.id);
    world.network.setLink(newcomer.id, nearest.id, { delayMs: 1, jitterMs: 0, streamLoss: 0 });
    for (let at = 0; at < Math.min(ATTACKERS_EACH, world.malicious.length); at++) {
      const hostile = world.malicious[(first + at) % world.malicious.length];
      if (hostile === undefined) continue;
      world.network.connect(newcomer.id, hostile.id);
      world.network.setLink(newcomer.id, hostile.id, { delayMs: 5, jitterMs: 5, streamLoss: 0 });
    }
  });
}

/** Each comes new, and follows the others within minutes. Until then it is not held to where they stand. */
async function comeNew(stage: Stage, newcomers: readonly ChainNode[]): Promise<void> {
  const { world } = stage;
  for (const newcomer of newcomers) {
    if (newcomer.running) await world.stop(newcomer);
    newcomer.loseFolder();
    forgetFinality(world, newcomer);
    world.astray.add(newcomer);
    await world.start(newcomer);
  }
  const [first] = world.honest;
  assert.ok(first);
  const isLevel = (node: ChainNode): boolean =>
    node.chain.tip().height > 0 && blocksApart(node, first) + behind(node, first) <= NEAR_BLOCKS;
  const areLevel = () => newcomers.every(isLevel);
  await world.clock.advanceUntil(areLevel, LEVEL_MINUTES_MAX * MINUTE_MS, "newcomers follow the others");
  for (const newcomer of newcomers) world.astray.delete(newcomer);
  stage.count("newcomers", newcomers.length);
  stage.count("newcomers that began with a snapshot", newcomers.filter(beganWithSnapshot).length);
  stage.check();
}

function behind(node: ChainNode, other: ChainNode): number {
  return Math.max(0, other.chain.tip().height - node.chain.tip().height);
}

async function hostileToNewcomers(stage: Stage): Promise<void> {
  const { world, minutes } = stage;
  const coalition = coalitionOf(world);
  const newcomers = newcomersOf(world);
  const nodes = world.honest.length + world.malicious.length;
  assert.ok(nodes >= NODES_MIN, `${NODES_MIN} nodes at least, so that newcomers are beside those who sign`);
  surround(world, newcomers);
  coalition.newcomers = newcomers;
  for (const newcomer of newcomers) world.silent.add(newcomer);
  await world.startAll([...world.honest.filter((node) => !newcomers.includes(node)), ...world.malicious]);
  world.beginTraffic();
  await untilGrown(stage, GROWING_MINUTES_MAX);
  for (let wave = 0; wave === 0 || (coalition.missing().length > 0 && wave < WAVES_MAX); wave++) {
    await comeNew(stage, newcomers);
  }
  assert.deepEqual(coalition.missing(), [], "kinds that no newcomer met");
  await stage.pass(minutes);
  for (const node of world.malicious) await world.stop(node);
  await untilFinal(world, BEHIND_FINAL_BLOCKS_MAX, 4);
  const areChecked = () => newcomers.every(({ chain }) => chain.syncState().history === null);
  await world.clock.advanceUntil(areChecked, HISTORY_MINUTES_MAX * MINUTE_MS, "all history is checked");
  stage.countAttacks(coalition.made);
}

/** The last of the honest ones; the first ones sign, mine and keep everything. */
function newcomersOf({ honest }: SimWorld): readonly ChainNode[] {
  const count = Math.min(NEWCOMERS_MAX, Math.max(1, Math.floor((honest.length - SIGNERS + 2) / 2)));
  return honest.slice(-count);
}

export const hostileNewcomers: Scenario = {
  name: "hostile-newcomers",
  what: "newcomers begin among hostile peers that offer and bring false snapshots",
  world: (nodes) => ({
    thriftOf: () => ({ keepBlocks: null, snapshotPolicy: SNAPSHOT_POLICY }),
    cosigned: { signers: [...Array(SIGNERS).keys()], needed: SIGNERS - 1, everyBlocks: EVERY_BLOCKS },
    params: PACE,
    minesAlways: true,
    miners: SIGNERS,
    malicious: {
      count: Math.floor(nodes / 3),
      wrap: (network, at, world) => new SnapshotAttacker(coalitionOf(world), network.self, at).wrap(network),
    },
  }),
  run: hostileToNewcomers,
  shows: ({ counts }) =>
    (counts["kinds of attack"] ?? 0) > 0 && (counts["newcomers that began with a snapshot"] ?? 0) > 0,
};
