/**
 * Owns a network whose keys co-sign checkpoints, a third of it hostile: strangers and malicious signers, fewer than a
 * quorum, try all that can be said about checkpoints, while the network is cut in two ways and one honest signer comes
 * back from an old copy of its folder.
 */
import assert from "node:assert/strict";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import { CheckpointAttacker, CheckpointCoalition } from "../attacks/checkpoint-attacker.ts";
import { BOTH_SIDES } from "../attacks/checkpoint-attacks.ts";
import { heaviest } from "../checks.ts";
import { forgetFinality, untilEvidence, untilFinal } from "../finality-checks.ts";
import { perWorld } from "../per-world.ts";
import type { Stage } from "../run.ts";
import { MINUTE_MS, type SimWorld } from "../world.ts";
import { BEHIND_FINAL_BLOCKS_MAX, EVERY_BLOCKS, NODES_MIN, PACE } from "./cosigned.ts";
import type { Scenario } from "./scenario.ts";

const HONEST_SIGNERS_MAX = 8;
const DIALLED_PER_ATTACKER = 8;
/** Long enough that both sides of an equal cut have blocks of their own that are due. */
const EQUAL_CUT_MINUTES = 3;
const LONELY_CUT_MINUTES = 2;
/** Of all others together. */
const LONELY_SPEED = 3;
/** Of the minutes given; the rest is what cuts and the return of a signer take. */
const BOLD_PART = 0.4;
const AGREED_WITHIN_MS = 2 * MINUTE_MS;
/** Whoever broke the rules before many is shut out for ten minutes. */
const MINUTES_MAX = 15;
/**
 * Who signs. Of the honest ones all but one suffice, so that one may be away. The malicious ones are so few that with half
 * of the honest ones they complete nothing: else whoever is cut off could be led to a second final block, which no rule
 * can prevent (decision 0126).
 */
function signersOf(nodes: number) {
  const malicious = Math.floor(nodes / 3);
  const honest = nodes - malicious;
  const signing = Math.min(HONEST_SIGNERS_MAX, honest - (honest % 2));
  const hostile = signing / 2 - 2;
  const numbers = [...Array(signing).keys(), ...Array.from({ length: hostile }, (_, at) => honest + at)];
  return {
    malicious,
    signing,
    cosigned: { signers: numbers, needed: signing - 1, everyBlocks: EVERY_BLOCKS },
  };
}

const coalitionOf = perWorld((world) => new CheckpointCoalition(world));

/** The hostile ones sit on both sides. */
function cut(world: SimWorld, isOnOneSide: (at: number) => boolean): void {
  const one = world.honest.filter((_, at) => isOnOneSide(at));
  const other = world.honest.filter((_, at) => !isOnOneSide(at));
  world.partition(one, other);
  const idsOf = (nodes: readonly ChainNode[], remainder: number) =>
    [...nodes, ...world.malicious.filter((_, at) => at % 2 === remainder)].map(({ id }) => id);
  world.network.partition(idsOf(one, 0), idsOf(other, 1));
}

async function fromOldCopy(stage: Stage, signer: ChainNode, copy: ReturnType<ChainNode["copyCheckpoints"]>) {
  const { world } = stage;
  world.say(`${signer.name} comes back from an old copy`);
  signer.crash();
  await world.clock.advance(5_000);
  signer.putCheckpointsBack(copy);
  forgetFinality(world, signer);
  const before = signer.signed.length;
  await world.start(signer);
  await stage.pass(2);
  await world.clock.advanceUntil(() => signer.signed.length > before, 3 * 60_000, "it signs again");
}

/** Of two honest nodes, at one of their next writes; a signer's mark may be that write. */
async function powerCuts(stage: Stage): Promise<void> {
  const { world } = stage;
  const random = world.random.fork("power cuts");
  const some = [world.honest[2], world.honest.at(-1)].flatMap((node) => (node === undefined ? [] : [node]));
  for (const node of some) node.cutPowerAfter(random.below(8), random.chance(0.5));
  await world.clock.advance(30_000);
  for (const node of some) {
    if (node.running) node.crash();
    await world.start(node);
    // Before peers tell it again what it may have forgotten.
    stage.check();
  }
}

/** All agree soon; a little later where they have to hear of a final block first, which some neighbours keep to themselves. */
async function heal(world: SimWorld): Promise<void> {
  world.heal();
  const agreed = () => new Set(world.running().map((node) => node.chain.tip().id)).size === 1;
  await world.clock.advanceUntil(agreed, AGREED_WITHIN_MS, "agreement after a healing");
}

/** Neither side has a quorum, not even with all the malicious ones, who sign for both. */
async function equalCut(stage: Stage, coalition: CheckpointCoalition): Promise<void> {
  cut(stage.world, (at) => at % 2 === 0);
  await stage.pass(EQUAL_CUT_MINUTES);
  await passUntil(stage, () => coalition.made.has(BOTH_SIDES));
  await heal(stage.world);
  await untilFinal(stage.world, BEHIND_FINAL_BLOCKS_MAX, 4);
}

/**
 * One signer alone with a few others: the many go on without it. But the few have by far the most work, and must leave
 * it all for what the many signed.
 */
async function lonelyCut(stage: Stage, lonely: number): Promise<void> {
  const { world } = stage;
  cut(world, (at) => at < lonely || (at !== lonely && at % 4 !== 3));
  const node = world.honest[lonely];
  const total = world.honest.reduce((sum, { hashesPerSecond }) => sum + hashesPerSecond, 0);
  node?.setSpeed(total * LONELY_SPEED);
  await stage.pass(LONELY_CUT_MINUTES);
  const [few, many] = world.groups().toSorted((a, b) => a.length - b.length);
  assert.ok(few !== undefined && many !== undefined);
  const [theirs, ours] = [heaviest(few), heaviest(many)].map(({ chain }) => chain.tip().header.chainWork);
  assert.ok(theirs !== undefined && ours !== undefined && theirs > ours, "the few have more work");
  const finals = many.map(({ chain }) => chain.finalBlock()?.height ?? 0);
  node?.setSpeed(world.speedEach);
  await heal(stage.world);
  const left = few.map(({ chain }) => chain.finalBlock()?.height ?? 0);
  assert.ok(
    Math.min(...left) >= Math.max(...finals),
    `the few went to what the many signed: ${left}, ${finals}`,
  );
}

async function passUntil(stage: Stage, isSo: () => boolean): Promise<void> {
  for (let minute = 0; !isSo() && minute < MINUTES_MAX; minute++) await stage.pass(1);
}

/** Hostile peers seek many neighbours. */
function connectHostile(world: SimWorld): void {
  const random = world.random.fork("hostile wiring");
  for (const { id } of world.malicious) {
    const rest = [...world.honest];
    for (let dialled = 0; dialled < DIALLED_PER_ATTACKER && rest.length > 0; dialled++) {
      for (const node of rest.splice(random.below(rest.length), 1)) world.network.connect(id, node.id);
    }
  }
}

async function hostileToSigners(stage: Stage): Promise<void> {
  const { world, minutes } = stage;
  const coalition = coalitionOf(world);
  const { signing } = signersOf(world.honest.length + world.malicious.length);
  assert.ok(coalition.signers.length > 0, `${NODES_MIN} nodes at least, so that one signer may be malicious`);
  connectHostile(world);
  await world.startAll();
  world.beginTraffic();
  await untilFinal(world, BEHIND_FINAL_BLOCKS_MAX, 6);
  const [, returning] = world.honest;
  assert.ok(returning);
  const copy = returning.copyCheckpoints();
  for (const attacker of coalition.members) attacker.begin();
  await equalCut(stage, coalition);
  coalition.stage = "sound";
  await powerCuts(stage);
  coalition.stage = "all";
  await stage.pass(minutes * BOLD_PART);
  await fromOldCopy(stage, returning, copy);
  await lonelyCut(stage, signing - 1);
  await passUntil(stage, () => coalition.missing().length === 0);
  for (const node of world.malicious) await world.stop(node);
  assert.deepEqual(coalition.missing(), [], "kinds that nobody tried");
  await untilFinal(world, BEHIND_FINAL_BLOCKS_MAX, 4);
  assert.ok(coalition.equivocators.length > 0, "somebody signed two blocks of one height");
  await untilEvidence(world, coalition.equivocators, 4);
  stage.countAttacks(coalition.made);
  stage.count("final blocks", new Set(world.history.finals.map(({ block }) => block.id)).size);
}

export const hostileSigners: Scenario = {
  name: "hostile-signers",
  what: "a third attacks co-signed checkpoints, malicious signers among them; cuts, and a signer from an old copy",
  world: (nodes) => {
    const { malicious, cosigned } = signersOf(nodes);
    return {
      cosigned,
      params: PACE,
      minesAlways: true,
      malicious: {
        count: malicious,
        wrap: (network, at, world) => new CheckpointAttacker(network, at, coalitionOf(world)).network,
      },
    };
  },
  run: hostileToSigners,
  shows: ({ counts }) => (counts["kinds of attack"] ?? 0) > 0 && (counts["final blocks"] ?? 0) > 0,
};
