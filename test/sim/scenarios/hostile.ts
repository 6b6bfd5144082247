/** Owns peers that mean harm: a third of all who try whatever a peer can try. */
import { Attacker } from "../attacks/attacker.ts";
import type { SimWorld } from "../world.ts";
import type { Scenario } from "./scenario.ts";

const attackersOf = new WeakMap<SimWorld, Attacker[]>();

export const hostileThird: Scenario = {
  name: "hostile-third",
  what: "one third makes each attack that a peer can make",
  world: (nodes) => ({
    malicious: {
      count: Math.floor(nodes / 3),
      wrap: (network, at, world) => {
        const attacker = new Attacker(network, at, world);
        attackersOf.set(world, [...(attackersOf.get(world) ?? []), attacker]);
        return attacker.network;
      },
    },
  }),
  run: async (stage) => {
    const { world, minutes } = stage;
    await world.startAll();
    world.beginTraffic();
    await stage.pass(1);
    const attackers = attackersOf.get(world) ?? [];
    for (const attacker of attackers) attacker.begin();
    await stage.pass(minutes - 1);
    for (const node of world.malicious) await world.stop(node);
    const kinds = new Set(attackers.flatMap((attacker) => [...attacker.made.keys()]));
    const made = attackers.flatMap((attacker) => [...attacker.made.values()]);
    stage.count(
      "attacks",
      made.reduce((sum, count) => sum + count, 0),
    );
    stage.count("kinds of attack", kinds.size);
    await stage.pass(1);
  },
  shows: ({ counts }) => (counts["kinds of attack"] ?? 0) > 0,
};
