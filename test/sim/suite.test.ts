/**
 * The short suite: each scenario of `npm run sim` once, with few nodes and few minutes. Seeds are fixed, so that a failure
 * is a change of the code; many seeds and 50 nodes are `npm run sim -- --suite`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type RunSummary, replayCommand, runScenario, Stage } from "./run.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { MINUTE_MS, SimWorld } from "./world.ts";

const NODES = 8;
const MINUTES = 2;

interface Traced {
  readonly summary: RunSummary;
  readonly lines: readonly string[];
}

async function run(scenario: string, seed: number): Promise<Traced> {
  const lines: string[] = [];
  const trace = (line: string): void => void lines.push(line);
  return { summary: await runScenario({ scenario, seed, nodes: NODES, minutes: MINUTES, trace }), lines };
}

const ran = new Map<string, Promise<Traced>>();

/** The run that other tests look at too. */
function runOnce(scenario: string, seed: number): Promise<Traced> {
  const name = `${scenario} ${seed}`;
  const running = ran.get(name) ?? run(scenario, seed);
  ran.set(name, running);
  return running;
}

/** The place in the suite is the seed. */
function seedOf(scenario: string): number {
  return SCENARIOS.findIndex(({ name }) => name === scenario) + 1;
}

for (const { name, what } of SCENARIOS) {
  test(`${name}: ${what}; all agree in the end, and nothing is lost`, async () => {
    const { summary } = await runOnce(name, seedOf(name));
    assert.ok(summary.minutesChecked > 0, "checked after every simulated minute");
  });
}

test("the same seed gives the same run, to the last line of its trace", async () => {
  const scenario = "hostile-third";
  const seed = seedOf(scenario);
  assert.deepEqual(await run(scenario, seed), await runOnce(scenario, seed));
});

test("another seed gives another run", async () => {
  const one = await runOnce("calm", seedOf("calm"));
  const other = await run("calm", seedOf("calm") + 1);
  assert.notEqual(other.summary.tip, one.summary.tip);
});

test("what must hold is looked at in every minute of a wait, however long", async () => {
  const world = new SimWorld({ seed: 1, nodes: 2, trace: () => undefined });
  const stage = new Stage(world, MINUTES, 0);
  await world.startAll();
  const beforeMs = world.clock.monotonicMs();
  world.clock.after(2.5 * MINUTE_MS, () => world.faults.push("on purpose"));
  await assert.rejects(world.clock.advance(60 * MINUTE_MS), /on purpose/);
  assert.ok(world.clock.monotonicMs() - beforeMs <= 3.5 * MINUTE_MS, "within the minute");
  assert.equal(stage.minutesChecked, 3);
});

test("a run in which nothing came about is a failure", async () => {
  await assert.rejects(runScenario({ scenario: "calm", seed: 1, nodes: NODES, minutes: 0 }));
});

test("a failure names the command that replays it", async () => {
  const options = { scenario: "calm", seed: 3, nodes: NODES, minutes: MINUTES };
  const broken = runScenario({
    ...options,
    trace: () => {
      throw new Error("on purpose");
    },
  });
  await assert.rejects(broken, (error: Error) => error.message.includes(replayCommand(options)));
});
