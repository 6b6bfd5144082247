/** Owns what scenarios of newcomers have in common: snapshots after few blocks, and who began with one. */
import assert from "node:assert/strict";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import type { Stage } from "../run.ts";

export const SNAPSHOT_POLICY = { everyBlocks: 10, depthMinBlocks: 5, worthBlocks: 20 } as const;
/** Blocks that must stand before there is a snapshot to begin with. */
const GROWN_BLOCKS = 40;

export async function untilGrown(stage: Stage, minutesMax: number): Promise<void> {
  const [first] = stage.world.honest;
  assert.ok(first);
  for (let minute = 0; first.chain.tip().height < GROWN_BLOCKS; minute++) {
    assert.ok(minute < minutesMax, `${GROWN_BLOCKS} blocks within ${minutesMax} minutes`);
    await stage.pass(1);
  }
}

/** Who took every block has the first one; what is checked below a snapshot afterwards is not kept. */
export function beganWithSnapshot({ chain, content }: ChainNode): boolean {
  const first = chain.headerAt(2)?.previous;
  return first !== undefined && content.body(first) === null;
}
