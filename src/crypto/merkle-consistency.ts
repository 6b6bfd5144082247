/**
 * Owns consistency proofs (RFC 6962, section 2.1.2): that the first leaves of a tree are all the leaves of an older one,
 * so that nothing was changed or taken out between. Over tree hashes as the RFC has them, without the count.
 */
import { equalBytes } from "#base/bytes.ts";
import { MERKLE_LEAVES_MAX, MERKLE_PATH_MAX } from "./limits.ts";
import { HASH_BYTES, type MerklePath, nodeHash, treeHash } from "./merkle.ts";

/** That a tree of `newer` leaves goes on from one of `older` leaves. */
export interface Consistency {
  readonly older: number;
  readonly newer: number;
  readonly path: MerklePath;
}

/** The largest power of two below `count`, which is at least 2. */
function leftOf(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}

/** The path from the first `older` leaves to all of them. Throws a `RangeError` when there are not so many. */
export function consistencyPath(leaves: readonly Uint8Array[], older: number): MerklePath {
  if (!Number.isInteger(older) || older < 1 || older > leaves.length) {
    throw new RangeError(`no older tree of ${older} leaves among ${leaves.length}`);
  }
  return subPath(leaves, older, true);
}

/** @param isWhole whether the older tree is one that the verifier has the hash of. */
function subPath(leaves: readonly Uint8Array[], older: number, isWhole: boolean): Uint8Array[] {
  if (older === leaves.length) return isWhole ? [] : [treeHash(leaves)];
  const split = leftOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  if (older <= split) return [...subPath(left, older, isWhole), treeHash(right)];
  return [...subPath(right, older - split, false), treeHash(left)];
}

/** Whether the newer tree goes on from the older one. False for anything malformed; never throws; at most 64 hashes. */
export function verifyConsistency(
  { older, newer, path }: Consistency,
  olderTreeHash: Uint8Array,
  newerTreeHash: Uint8Array,
): boolean {
  const isCount = (count: number) => Number.isInteger(count) && count >= 1 && count <= MERKLE_LEAVES_MAX;
  if (!isCount(older) || !isCount(newer) || older > newer) return false;
  if (olderTreeHash.length !== HASH_BYTES || newerTreeHash.length !== HASH_BYTES) return false;
  if (older === newer) return path.length === 0 && equalBytes(olderTreeHash, newerTreeHash);
  // One more than a path to a leaf: the oldest common node may have to be named too.
  if (path.length > MERKLE_PATH_MAX + 1 || path.some((hash) => hash.length !== HASH_BYTES)) return false;
  const hashes = hashesOf(older, newer, path, olderTreeHash);
  return (
    hashes !== null && equalBytes(hashes.older, olderTreeHash) && equalBytes(hashes.newer, newerTreeHash)
  );
}

/** Both tree hashes as the path gives them; `null` when it is too short or too long. */
function hashesOf(
  older: number,
  newer: number,
  path: MerklePath,
  olderTreeHash: Uint8Array,
): { readonly older: Uint8Array; readonly newer: Uint8Array } | null {
  const rest = [...path];
  let [at, last] = [older - 1, newer - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  // A whole subtree at the left edge is the older tree itself; any other stands at the head of the path.
  const start = at === 0 ? olderTreeHash : rest.shift();
  if (start === undefined) return null;
  let [oldHash, newHash] = [start, start];
  while (last > 0) {
    if (at % 2 === 1) {
      const left = rest.shift();
      if (left === undefined) return null;
      [oldHash, newHash] = [nodeHash(left, oldHash), nodeHash(left, newHash)];
    } else if (at < last) {
      const right = rest.shift();
      if (right === undefined) return null;
      newHash = nodeHash(newHash, right);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return rest.length === 0 ? { older: oldHash, newer: newHash } : null;
}
