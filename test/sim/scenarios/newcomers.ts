/** Owns nodes that begin with a snapshot, and nodes that keep few bodies: nobody may need what others let go of. */
import type { Scenario } from "./scenario.ts";
import { beganWithSnapshot, SNAPSHOT_POLICY, untilGrown } from "./with-snapshots.ts";

const KEEP_BLOCKS = 30;
const GROWING_MINUTES_MAX = 30;

export const newcomers: Scenario = {
  name: "newcomers",
  what: "half keep few bodies, and a quarter comes late and begins with a snapshot",
  world: () => ({
    // The first one, and every second of the others, keep everything.
    thriftOf: (at) => ({ keepBlocks: at % 2 === 0 ? null : KEEP_BLOCKS, snapshotPolicy: SNAPSHOT_POLICY }),
    minesAlways: true,
    trafficSeconds: 4,
  }),
  run: async (stage) => {
    const { world, minutes } = stage;
    const count = Math.max(1, Math.floor(world.honest.length / 4));
    const late = world.honest.slice(-count);
    await world.startAll(world.honest.filter((node) => !late.includes(node)));
    world.beginTraffic();
    await untilGrown(stage, GROWING_MINUTES_MAX);
    await world.startAll(late);
    await stage.pass(minutes);
    stage.count("newcomers", count);
    stage.count("newcomers that began with a snapshot", late.filter(beganWithSnapshot).length);
  },
  shows: ({ counts }) => (counts["newcomers that began with a snapshot"] ?? 0) > 0,
};
