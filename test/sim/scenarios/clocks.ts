/**
 * Owns clocks that are wrong: by half of what is allowed (F), by all of it, by an hour, and such as jump back. Whoever
 * is ahead by F or less, and of course who is right, follows and is told nothing. Behind by F/2 one follows too, but for
 * blocks that others date ahead: these are put off until they are due, as most are further behind. An hour off either
 * way, and a jump, is told as what it is.
 */
import assert from "node:assert/strict";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { Stage } from "../run.ts";
import type { Scenario } from "./scenario.ts";

const HOUR_MS = 3_600_000;
/** Twice F. */
const JUMP_MS = -120_000;
const LOOK_MS = 5_000;
/** Blocks have to come before a clock looks wrong, and some come late. */
const TOLD_MINUTES_MAX = 10;

const SLOW = /ahead of this computer's clock/;
const FAST = /behind this computer's clock/;

interface Clocks {
  readonly fast: readonly ChainNode[];
  readonly slow: readonly ChainNode[];
  readonly jumping: readonly ChainNode[];
  /** Those that must never be told. */
  readonly fine: Set<ChainNode>;
  /** Follows, but for what it has to put off. */
  readonly late: readonly ChainNode[];
}

function setClocks(stage: Stage): Clocks {
  const { world } = stage;
  const limitMs = world.params.maxFutureSeconds * 1000;
  const offs = [limitMs / 2, -limitMs / 2, limitMs, -limitMs, HOUR_MS, -HOUR_MS];
  const off = offs.map((offMs, at) => ({ offMs, node: world.honest[at + 1] }));
  const fine = new Set(world.honest);
  const [fast, slow, late]: [ChainNode[], ChainNode[], ChainNode[]] = [[], [], []];
  for (const { offMs, node } of off) {
    assert.ok(node, "a node for each wrong clock");
    node.setClockOff(offMs);
    if (offMs < -limitMs / 2 || offMs > limitMs) world.astray.add(node);
    if (offMs < 0 || offMs > limitMs) fine.delete(node);
    if (offMs === -limitMs / 2) late.push(node);
    if (offMs === HOUR_MS) fast.push(node);
    if (offMs === -HOUR_MS) slow.push(node);
  }
  const jumping = world.honest.slice(1 + offs.length, 3 + offs.length);
  return { fast, slow, late, jumping, fine };
}

/** Lets so many minutes pass, and more until each of these has been told that its clock is wrong, and how. */
async function untilTold(
  stage: Stage,
  minutes: number,
  nodes: readonly ChainNode[],
  cause: RegExp,
): Promise<void> {
  const isTold = (node: ChainNode): boolean => {
    const told = node.chain.problem();
    return told?.code === "clock-differs" && cause.test(told.cause);
  };
  await stage.pass(minutes);
  for (let minute = 0; !nodes.every(isTold); minute++) {
    const names = nodes.filter((node) => !isTold(node)).map(({ name }) => name);
    assert.ok(minute < TOLD_MINUTES_MAX, `${names.join(", ")} told within ${TOLD_MINUTES_MAX} minutes`);
    await stage.pass(1);
  }
  stage.count("wrong clocks told", nodes.length);
}

async function wrongClocks(stage: Stage): Promise<void> {
  const { world, minutes } = stage;
  const { fast, slow, late, jumping, fine } = setClocks(stage);
  await world.startAll();
  world.beginTraffic();
  const looks = world.clock.every(LOOK_MS, () => {
    for (const node of fine) assert.equal(node.chain.problem(), null, `${node.name} is told nothing`);
    // It has yet to fetch what came meanwhile.
    for (const node of late.filter(putsOff)) world.movedMs.set(node, world.clock.monotonicMs());
    if (world.running().some(putsOff)) stage.count("looks at blocks put off");
  });
  await untilTold(stage, minutes * 0.5, fast, FAST);
  await untilTold(stage, 0, slow, SLOW);
  world.say("some clocks jump back");
  for (const node of jumping) {
    node.setClockOff(JUMP_MS);
    world.astray.add(node);
    fine.delete(node);
  }
  await untilTold(stage, minutes * 0.3, jumping, SLOW);
  world.say("all clocks are set right");
  for (const node of world.honest) node.setClockOff(0);
  world.astray.clear();
  for (const node of world.honest) world.movedMs.set(node, world.clock.monotonicMs());
  await stage.pass(Math.max(2, minutes * 0.2));
  for (const node of world.honest) fine.add(node);
  await stage.pass(1);
  looks.cancel();
}

function putsOff(node: ChainNode): boolean {
  return node.holdings.some(({ what, count }) => what.endsWith("ahead of our clock") && count > 0);
}

export const clocks: Scenario = {
  name: "clocks",
  what: "clocks off by F/2, F and an hour, and clocks that jump back",
  run: wrongClocks,
  shows: ({ counts }) =>
    (counts["wrong clocks told"] ?? 0) > 2 && (counts["looks at blocks put off"] ?? 0) > 0,
};
