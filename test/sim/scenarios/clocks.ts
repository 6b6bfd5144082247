/** Owns clocks that are wrong: by half of what is allowed, by all of it, by an hour, and such as jump back. */
import assert from "node:assert/strict";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { Stage } from "../run.ts";
import type { Scenario } from "./scenario.ts";

const HOUR_MS = 3_600_000;
const JUMP_MS = -120_000;

/** Who is told that clocks differ has been told the truth; who stands an hour off must have been told. */
function assertTold(node: ChainNode): void {
  assert.equal(node.chain.problem()?.code, "clock-differs", `${node.name} knows that its clock is wrong`);
}

async function wrongClocks(stage: Stage): Promise<void> {
  const { world, minutes } = stage;
  const halfMs = (world.params.maxFutureSeconds * 1000) / 2;
  const offs = [halfMs, -halfMs, halfMs, -halfMs, 2 * halfMs, -2 * halfMs, HOUR_MS, -HOUR_MS];
  const wrong = world.honest.slice(1, 1 + offs.length);
  const jumping = world.honest.slice(1 + offs.length, 3 + offs.length);
  wrong.forEach((node, at) => {
    const offMs = offs[at] ?? 0;
    node.setClockOff(offMs);
    if (Math.abs(offMs) > halfMs) world.astray.add(node);
  });
  await world.startAll();
  world.beginTraffic();
  await stage.pass(minutes * 0.5);
  const behind = wrong.find((_, at) => offs[at] === -HOUR_MS);
  if (behind !== undefined) assertTold(behind);
  world.say("some clocks jump back");
  for (const node of jumping) {
    node.setClockOff(JUMP_MS);
    world.astray.add(node);
  }
  await stage.pass(minutes * 0.3);
  world.say("all clocks are set right");
  for (const node of world.honest) node.setClockOff(0);
  world.astray.clear();
  for (const node of world.honest) world.movedMs.set(node, world.clock.monotonicMs());
  await stage.pass(Math.max(2, minutes * 0.2));
}

export const clocks: Scenario = {
  name: "clocks",
  what: "clocks off by F/2, F and an hour, and clocks that jump back",
  run: wrongClocks,
};
