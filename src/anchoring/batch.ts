/**
 * Owns how a batch is put together: each receipt salted, the leaves padded to a power of two and shuffled, so that
 * the root tells nobody whose receipts, or how many, it stands for.
 */
import { merklePaths, merkleRoot } from "#crypto/merkle.ts";
import type { Random } from "#ports/random.ts";
import { type BatchProof, batchLeaf, type Receipt } from "#receipts/index.ts";
import { BATCH_LEAVES_MIN, BATCH_RECEIPTS_MAX } from "./limits.ts";

const SALT_BYTES = 32;
/** Salt and hash: padding must look like a leaf. */
const LEAF_BYTES = 64;

export interface Batch {
  readonly root: Uint8Array;
  /** In the order of the receipts. */
  readonly proofs: readonly BatchProof[];
}

function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}

/** @param receipts 1 to `BATCH_RECEIPTS_MAX`. */
export function buildBatch(receipts: readonly Receipt[], random: Random): Batch {
  if (receipts.length < 1 || receipts.length > BATCH_RECEIPTS_MAX) {
    throw new RangeError(`a batch of ${receipts.length} receipts`);
  }
  let count = BATCH_LEAVES_MIN;
  while (count < receipts.length) count *= 2;
  const places = shuffled(count, random);
  const salted = receipts.map((receipt, at) => ({
    salt: random.bytes(SALT_BYTES),
    receipt,
    index: places[at] ?? 0,
  }));
  const leaves = Array.from({ length: count }, () => random.bytes(LEAF_BYTES));
  for (const { salt, receipt, index } of salted) leaves[index] = batchLeaf(salt, receipt);
  const paths = merklePaths(leaves);
  return {
    root: merkleRoot(leaves),
    proofs: salted.map(({ salt, index }) => ({ salt, place: { index, count, path: paths[index] ?? [] } })),
  };
}
