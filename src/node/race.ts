/**
 * Owns what can be told of the race for the next block from the newest blocks alone: how fast everybody together
 * hashes, and when a block is to be expected. Pure.
 */
import type { ChainView } from "#api/views.ts";
import { RACE_PAUSE_SPACINGS } from "./limits.ts";

/** What is asked of a block, newest first. */
export interface RacedBlock {
  readonly height: number;
  readonly header: { readonly time: number };
  /** Hashes that finding it took on average. */
  readonly work: bigint;
}

/**
 * Peers rest while nothing waits, so a long gap says nothing of their speed: one above {@link RACE_PAUSE_SPACINGS}
 * target spacings counts as that. The rate is then an estimate from below for a network that mines now and then.
 *
 * @param nextWork hashes that the next block takes on average.
 */
export function raceView(
  blocks: readonly RacedBlock[],
  nextWork: bigint,
  targetSpacingSeconds: number,
): ChainView["race"] {
  const longest = RACE_PAUSE_SPACINGS * targetSpacingSeconds;
  let [counted, seconds, work] = [0, 0, 0n];
  for (const [at, block] of blocks.entries()) {
    const parent = blocks[at + 1];
    // The first block's time is when the network was thought of, not when somebody began to mine.
    if (parent === undefined || parent.height === 0) break;
    seconds += Math.min(block.header.time - parent.header.time, longest);
    work += block.work;
    counted += 1;
  }
  if (seconds <= 0) return { blocks: counted, hashesPerSecond: null, expectedBlockSeconds: null };
  const hashesPerSecond = Number(work) / seconds;
  return { blocks: counted, hashesPerSecond, expectedBlockSeconds: Number(nextWork) / hashesPerSecond };
}
