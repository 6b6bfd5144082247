/**
 * Owns what co-signed checkpoints promise in a simulated world, whatever peers and fewer than the quorum of signers do:
 * final blocks never exclude each other and are never left, honest keys sign upwards and once, and finality goes on
 * where a quorum is there. Each check throws with what it saw. In a world where nobody signs nothing is looked at.
 */
import assert from "node:assert/strict";
import type { AccountId, BlockId } from "#base/brand.ts";
import type { ChainNode } from "#test/kit/sim-chain-node.ts";
import { perWorld } from "./per-world.ts";
import { MINUTE_MS, type SimWorld } from "./world.ts";

interface Watched {
  /** The final block of each height, by the first honest node that had it. */
  readonly finals: Map<number, { readonly id: BlockId; readonly by: string }>;
  /** How many of the world's finals were looked at. */
  looked: number;
  /** The highest that was seen final at each node. */
  readonly highest: Map<ChainNode, number>;
}

const watchedIn = perWorld((): Watched => ({ finals: new Map(), looked: 0, highest: new Map() }));

/** A node whose folder was lost or put back may know of less than before. */
export function forgetFinality(world: SimWorld, node: ChainNode): void {
  watchedIn(world).highest.delete(node);
}

export function checkFinality(world: SimWorld): void {
  if (world.params.checkpoints === null) return;
  const watched = watchedIn(world);
  for (const { node, block } of world.history.finals.slice(watched.looked)) {
    const first = watched.finals.get(block.height) ?? { id: block.id, by: node.name };
    watched.finals.set(block.height, first);
    assert.equal(block.id, first.id, `final at ${block.height}: ${node.name}, and ${first.by} before`);
  }
  watched.looked = world.history.finals.length;
  for (const node of world.running()) checkFinalBlocksOf(node, watched);
  for (const node of world.honest) checkSignatures(node);
  const honest = new Set<AccountId>(world.honest.map(({ account }) => account));
  for (const node of world.running()) {
    const blamed = node.checkpoints.evidence().filter(({ signer }) => honest.has(signer));
    assert.deepEqual(blamed, [], `evidence of ${node.name} against honest signers`);
    assert.equal(node.checkpoints.status()?.problem ?? null, null, `checkpoints of ${node.name}`);
  }
}

/** Its own final block, and all that became final for anybody at or below that height, stand on its best chain. */
function checkFinalBlocksOf(node: ChainNode, { finals, highest }: Watched): void {
  const final = node.chain.finalBlock();
  const before = highest.get(node) ?? 0;
  const height = final?.height ?? 0;
  assert.ok(height >= before, `final at ${node.name}: ${height}, and ${before} before`);
  highest.set(node, height);
  if (final === null) return;
  assert.ok(node.chain.confirmationsOf(final.id) > 0, `${node.name} left its final block ${height}`);
  for (const [at, { id, by }] of finals) {
    if (at > height) continue;
    assert.ok(
      node.chain.confirmationsOf(id) > 0,
      `block ${at} is final at ${by}, and not on the chain of ${node.name} though ${height} is final there`,
    );
  }
}

/** Over all runs, and whatever was put back: heights only go up, so that none is signed twice. */
function checkSignatures({ name, signed }: ChainNode): void {
  signed.forEach(({ height }, at) => {
    const before = signed[at - 1]?.height ?? 0;
    assert.ok(height > before, `${name} signed ${height} after ${before}`);
  });
}

/** Waits, a few minutes at most, until every honest node knows a block as final that lies so near its tip. */
export async function untilFinal(
  world: SimWorld,
  behindBlocksMax: number,
  minutesMax: number,
): Promise<void> {
  const behind = (): string[] =>
    world.running().flatMap((node) => {
      const [tip, final] = [node.chain.tip().height, node.chain.finalBlock()?.height ?? 0];
      return final > 0 && tip - final <= behindBlocksMax ? [] : [`${node.name} at ${tip}, final ${final}`];
    });
  await untilNone(world, behind, minutesMax);
}

/** Waits, a few minutes at most, until every honest node can show what these signers did. */
export async function untilEvidence(
  world: SimWorld,
  signers: readonly AccountId[],
  minutesMax: number,
): Promise<void> {
  const lacking = (): string[] =>
    world.running().flatMap((node) => {
      const shown = new Set(node.checkpoints.evidence().map(({ signer }) => signer));
      const missing = signers.filter((signer) => !shown.has(signer));
      return missing.length === 0 ? [] : [`${node.name} has no evidence against ${missing.join(", ")}`];
    });
  await untilNone(world, lacking, minutesMax);
}

async function untilNone(world: SimWorld, lacking: () => readonly string[], minutes: number): Promise<void> {
  const untilMs = world.clock.monotonicMs() + minutes * MINUTE_MS;
  while (lacking().length > 0 && world.clock.monotonicMs() < untilMs) await world.clock.advance(1_000);
  assert.deepEqual(lacking(), [], `still so after ${minutes} minutes`);
}
