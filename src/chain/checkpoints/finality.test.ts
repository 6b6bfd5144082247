import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockId } from "#base/brand.ts";
import type { IdentifiedHeader } from "#ledger/index.ts";
import type { BlockStore } from "../store.ts";
import { Finality, type FinalityOutcome } from "./finality.ts";

const id = (name: string) => name.padEnd(64, "0") as BlockId;
const ref = (name: string, height: number) => ({ id: id(name), height });

/** A tree of blocks by name, `parent` before `child`; those of the best chain are named. */
function tree(links: Readonly<Record<string, string | null>>, best: readonly string[]) {
  const onBest = new Set(best.map(id));
  const invalid = new Set<BlockId>();
  const unreached = new Set<BlockId>();
  const heightOf = (name: string): number => {
    const parent = links[name] ?? null;
    return parent === null ? 0 : 1 + heightOf(parent);
  };
  const entries = new Map(
    Object.entries(links).map(([name, parent]) => [
      id(name),
      { id: id(name), height: heightOf(name), previous: id(parent ?? "none") },
    ]),
  );
  const entry = (of: BlockId) => {
    const found = entries.get(of);
    return found === undefined
      ? null
      : { ...found, invalid: invalid.has(of), isWithinReach: !unreached.has(of) };
  };
  const store = { entry, best: (of: BlockId) => (onBest.has(of) ? entry(of) : null) };
  return { store: store as unknown as Pick<BlockStore, "entry" | "best">, onBest, invalid, unreached };
}

const FORK = { g: null, a1: "g", a2: "a1", a3: "a2", b1: "g", b2: "b1", b3: "b2" };
const headerOf = (name: string, height: number) =>
  ({ id: id(name), header: { height } }) as unknown as IdentifiedHeader;

function finality(world: ReturnType<typeof tree>, floor: ReturnType<typeof ref> | null) {
  const outcomes: FinalityOutcome[] = [];
  const asked = new Finality(world.store, { floor, sought: null });
  asked.onOutcome((outcome) => outcomes.push(outcome));
  return { asked, outcomes };
}

test("without final blocks every branch may be chosen", () => {
  const { asked } = finality(tree(FORK, ["g", "a1", "a2"]), null);
  assert.deepEqual([asked.due(), asked.outsideFrom(id("b3")), asked.isSeeking], [null, null, false]);
  assert.equal(asked.isOutside(headerOf("x", 1)), false);
});

test("a branch that leaves below the final block is outside from its first block on; one above is not", () => {
  const { asked } = finality(tree({ ...FORK, c3: "a2" }, ["g", "a1", "a2", "a3"]), ref("a2", 2));
  assert.equal(asked.outsideFrom(id("b3")), id("b1"));
  assert.equal(asked.outsideFrom(id("c3")), null);
  assert.equal(asked.isOutside(headerOf("x", 2)), true);
  assert.equal(asked.isOutside(headerOf("x", 3)), false);
  assert.equal(asked.isOutside(headerOf("a1", 1)), false);
});

test("a final block of another branch is gone to once it is within reach, and then is the floor", () => {
  const world = tree(FORK, ["g", "a1", "a2", "a3"]);
  const { asked, outcomes } = finality(world, null);
  asked.seek(ref("b2", 2));
  world.unreached.add(id("b2"));
  assert.deepEqual([asked.due(), asked.isSeeking], [null, true]);
  world.unreached.clear();
  assert.equal(asked.due(), id("b2"));
  world.onBest.clear();
  for (const name of ["g", "b1", "b2"]) world.onBest.add(id(name));
  assert.equal(asked.due(), null);
  assert.deepEqual([asked.floor, asked.isSeeking], [ref("b2", 2), false]);
  assert.deepEqual(outcomes, [{ code: "reached", block: ref("b2", 2) }]);
  assert.equal(asked.outsideFrom(id("a3")), id("a1"));
});

test("a final block that contradicts an earlier one, or is invalid, is refused", () => {
  for (const isInvalid of [false, true]) {
    const world = tree(FORK, ["g", "a1", "a2", "a3"]);
    const { asked, outcomes } = finality(world, isInvalid ? null : ref("a1", 1));
    if (isInvalid) world.invalid.add(id("b3"));
    asked.seek(ref("b3", 3));
    assert.equal(asked.due(), null);
    assert.deepEqual(outcomes, [{ code: "refused", block: ref("b3", 3) }]);
    assert.equal(asked.isSeeking, false);
  }
});

test("while a final block is sought headers of any branch come in, and they alone show that it contradicts", () => {
  const { b2: _, b3: __, ...unheard } = FORK;
  const world = tree(unheard, ["g", "a1", "a2", "a3"]);
  const { asked, outcomes } = finality(world, ref("a1", 1));
  asked.seek(ref("b3", 3));
  assert.deepEqual([asked.due(), asked.isOutside(headerOf("b1", 1))], [null, false]);
  const heard = tree(FORK, ["g", "a1", "a2", "a3"]);
  for (const name of ["b1", "b2", "b3"]) heard.unreached.add(id(name));
  Object.assign(world.store, heard.store);
  assert.deepEqual([asked.due(), asked.isSeeking], [null, false]);
  assert.deepEqual(outcomes, [{ code: "refused", block: ref("b3", 3) }]);
  assert.equal(asked.isOutside(headerOf("b1", 1)), true);
});

test("while the chain is built again from genesis nothing is outside, and the final block is gone to again", () => {
  const world = tree(FORK, ["g", "a1", "a2", "a3"]);
  const { asked } = finality(world, ref("a2", 2));
  world.onBest.clear();
  world.onBest.add(id("g"));
  assert.equal(asked.outsideFrom(id("a3")), null);
  assert.equal(asked.isOutside(headerOf("a1", 1)), false);
  assert.equal(asked.due(), id("a2"));
  for (const name of ["a1", "a2"]) world.onBest.add(id(name));
  assert.equal(asked.due(), null);
  assert.deepEqual(asked.floor, ref("a2", 2));
  assert.equal(asked.outsideFrom(id("b3")), id("b1"));
});
