/**
 * Owns peers that mean harm: a third of all who try whatever a peer can try, while others register names. Their blocks
 * have all the work that they must have and cost them nothing, and pools are small, so that floods fill them.
 */
import assert from "node:assert/strict";
import { simulatedParams } from "#test/kit/sim-params.ts";
import { Attacker } from "../attacks/attacker.ts";
import { Crew } from "../attacks/crew.ts";
import { KINDS, REPERTOIRE } from "../attacks/kinds.ts";
import { perWorld } from "../per-world.ts";
import { Registrations } from "../registrations.ts";
import type { Stage } from "../run.ts";
import { MINUTE_MS, SECOND_MS, type SimWorld } from "../world.ts";
import type { Scenario } from "./scenario.ts";

/** In less, not every kind finds its moment. */
const ATTACK_MINUTES_MIN = 4;
/** Mean time between two attacks of one attacker, where there are many attackers. */
const ATTACK_PERIOD_MS_MAX = 10_000;
/** How often all attacks are gone through where there are few: some find their moment only the third or fourth time. */
const ROUNDS_MIN = 4;
/** Accounts that attackers hold together: several times as many as one flood takes. */
const ACCOUNTS = 40;
/** As much as one attacker can fill in one go. */
const POOL_BOUNDS = { countMax: 100, freeCountMax: 16, heldCountMax: 24 } as const;

/** Long beside the time in which a fee that a flood has raised falls again, as it is in every preset. */
const CLAIM_WITHIN_BLOCKS = 240;

const crewOf = perWorld((world) => {
  const { attacks, manners } = REPERTOIRE;
  return new Crew(world, { attacks: Object.keys(attacks), manners: Object.keys(manners) });
});

/** Kinds of room in a pool, as the chain counts them, and at how many honest nodes each was taken up to its bound. */
class FullPools {
  readonly #full = new Map<string, Set<string>>([
    ["free anchors", new Set()],
    ["transactions behind a gap", new Set()],
    ["waiting transactions", new Set()],
  ]);

  look(world: SimWorld): void {
    for (const node of world.running()) {
      for (const { what, count, limit } of node.holdings) {
        // What was let go for want of room raises the fee that is asked for from then on.
        const isFull = what === "waiting transactions" ? node.chain.feePerByte() > 1 : count >= limit;
        if (isFull) this.#full.get(what)?.add(node.name);
      }
    }
  }

  counts(): readonly (readonly [string, number])[] {
    return [...this.#full].map(([what, nodes]) => [`pools full of ${what}`, nodes.size]);
  }
}

async function attacks(stage: Stage): Promise<void> {
  const { world } = stage;
  const crew = crewOf(world);
  const minutes = Math.max(ATTACK_MINUTES_MIN, stage.minutes - 1);
  const turns = (minutes * MINUTE_MS * crew.attackers.length) / Object.keys(REPERTOIRE.attacks).length;
  const periodMs = Math.min(ATTACK_PERIOD_MS_MAX, turns / ROUNDS_MIN);
  const full = new FullPools();
  const looking = world.clock.every(SECOND_MS, () => full.look(world));
  for (const attacker of crew.attackers) attacker.begin(periodMs);
  await stage.pass(minutes);
  looking.cancel();
  for (const attacker of crew.attackers) attacker.end();
  for (const node of world.malicious) await world.stop(node);
  stage.countAttacks(crew.made);
  for (const [what, nodes] of full.counts()) stage.count(what, nodes);
  const missing = KINDS.filter((kind) => !crew.made.has(kind));
  assert.deepEqual(missing, [], "attacks that were never made");
}

export const hostileThird: Scenario = {
  name: "hostile-third",
  what: "one third makes each attack that a peer can make",
  world: (nodes) => ({
    poolBounds: POOL_BOUNDS,
    params: { names: { ...simulatedParams().names, claimWithinBlocks: CLAIM_WITHIN_BLOCKS } },
    malicious: {
      count: Math.floor(nodes / 3),
      accounts: ACCOUNTS,
      wrap: (network, at, world) => new Attacker(network, at, crewOf(world), REPERTOIRE).network,
    },
  }),
  run: async (stage) => {
    const { world } = stage;
    await world.startAll();
    world.beginTraffic();
    const registrations = new Registrations(world);
    registrations.begin();
    await stage.pass(1);
    await attacks(stage);
    world.endTraffic();
    await registrations.end(stage);
    stage.count("names claimed meanwhile", registrations.count);
    await stage.pass(1);
  },
  shows: ({ counts }) =>
    ["kinds of attack", "names claimed meanwhile"]
      .concat(
        ["waiting transactions", "free anchors", "transactions behind a gap"].map(
          (what) => `pools full of ${what}`,
        ),
      )
      .every((what) => (counts[what] ?? 0) > 0),
};
