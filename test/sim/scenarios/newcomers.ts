/** Owns nodes that begin with a snapshot, and nodes that keep few bodies: nobody may need what others let go of. */
import assert from "node:assert/strict";
import type { Scenario } from "./scenario.ts";

const POLICY = { everyBlocks: 10, depthMinBlocks: 5, worthBlocks: 20 } as const;
const KEEP_BLOCKS = 30;
/** Blocks that must stand before newcomers have a snapshot to begin with. */
const GROWN_BLOCKS = 40;
const GROWING_MINUTES_MAX = 30;

export const newcomers: Scenario = {
  name: "newcomers",
  what: "half keep few bodies, and a quarter comes late and begins with a snapshot",
  world: () => ({
    // The first one, and every second of the others, keep everything.
    thriftOf: (at) => ({ keepBlocks: at % 2 === 0 ? null : KEEP_BLOCKS, snapshotPolicy: POLICY }),
    minesAlways: true,
    trafficSeconds: 4,
  }),
  run: async (stage) => {
    const { world, minutes } = stage;
    const count = Math.max(1, Math.floor(world.honest.length / 4));
    const late = world.honest.slice(-count);
    await world.startAll(world.honest.filter((node) => !late.includes(node)));
    world.beginTraffic();
    const [first] = world.honest;
    assert.ok(first);
    for (let minute = 0; first.chain.tip().height < GROWN_BLOCKS; minute++) {
      assert.ok(minute < GROWING_MINUTES_MAX, `${GROWN_BLOCKS} blocks within ${GROWING_MINUTES_MAX} minutes`);
      await stage.pass(1);
    }
    await world.startAll(late);
    await stage.pass(minutes);
    const began = late.filter(
      (node) => node.content.body(first.chain.headerAt(2)?.previous ?? first.chain.tip().id) === null,
    );
    stage.count("newcomers", count);
    stage.count("newcomers that began with a snapshot", began.length);
  },
  shows: ({ counts }) => (counts["newcomers that began with a snapshot"] ?? 0) > 0,
};
