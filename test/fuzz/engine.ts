/**
 * Owns a run of the fuzzer against one target: inputs that gave a new shape of verdict become parents of further ones,
 * the first broken promise ends it, made as small as simple cuts make it.
 */
import { seededRandom } from "#test/kit/random.ts";
import { mutate } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

export interface Broken {
  readonly input: Uint8Array;
  readonly cause: string;
}

export interface FuzzRun {
  readonly inputs: number;
  /** Kinds of verdict seen. */
  readonly shapes: number;
  /** The longest that one input took. */
  readonly slowestMs: number;
  /** Inputs beyond the samples that showed a new shape. */
  readonly found: readonly Uint8Array[];
  readonly broken: Broken | null;
}

/** Longer than any decoder may think about {@link mutate}'s largest input. */
const INPUT_MS_MAX = 500;
/** So often is an input fed again that took longer than all before: the shortest counts, a busy computer does not. */
const TIMED_AGAIN = 4;
/** Shapes can be without number; parents are not. */
const PARENTS_MAX = 2_000;

/** The cause when the input breaks the target's promise, or its shape. */
export function feedOnce(
  target: FuzzTarget,
  input: Uint8Array,
): { readonly shape: string } | { readonly cause: string } {
  try {
    return { shape: target.feed(input) };
  } catch (error) {
    return { cause: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

function timed(target: FuzzTarget, input: Uint8Array) {
  const startedMs = performance.now();
  const outcome = feedOnce(target, input);
  return { outcome, tookMs: performance.now() - startedMs };
}

/** @param isOver asked before each input. */
export function fuzz(target: FuzzTarget, seed: number, isOver: (inputs: number) => boolean): FuzzRun {
  const random = seededRandom(seed);
  const parents = [...target.samples];
  const found: Uint8Array[] = [];
  const shapes = new Set<string>();
  let [inputs, slowestMs] = [0, 0];
  let broken: Broken | null = null;
  const feed = (input: Uint8Array): void => {
    const { outcome, tookMs: firstMs } = timed(target, input);
    let tookMs = firstMs;
    for (let again = 0; again < TIMED_AGAIN && tookMs > slowestMs; again++) {
      tookMs = Math.min(tookMs, timed(target, input).tookMs);
    }
    inputs += 1;
    slowestMs = Math.max(slowestMs, tookMs);
    if ("cause" in outcome) broken = { input: smaller(target, input), cause: outcome.cause };
    else if (tookMs > INPUT_MS_MAX) broken = { input, cause: `took ${Math.round(tookMs)} ms` };
    else if (!shapes.has(outcome.shape)) {
      shapes.add(outcome.shape);
      if (inputs > target.samples.length && parents.length < PARENTS_MAX) {
        parents.push(input);
        found.push(input);
      }
    }
  };
  for (const sample of target.samples) if (broken === null) feed(sample);
  while (broken === null && !isOver(inputs)) {
    const mutant = mutate(random.pick(parents), random, parents);
    feed(random.chance(0.7) ? target.mend(mutant) : mutant);
  }
  return { inputs, shapes: shapes.size, slowestMs, found, broken };
}

/** Cuts pieces out, large ones first, for as long as the promise stays broken. */
function smaller(target: FuzzTarget, input: Uint8Array): Uint8Array {
  let least = input;
  for (let piece = input.length >> 1; piece >= 1; piece >>= 1) {
    for (let at = 0; at + piece <= least.length; ) {
      const without = Uint8Array.from([...least.subarray(0, at), ...least.subarray(at + piece)]);
      if ("cause" in feedOnce(target, without)) least = without;
      else at += piece;
    }
  }
  return least;
}
