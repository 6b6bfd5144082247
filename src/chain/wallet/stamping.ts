/**
 * Owns how strong our stamps are: as the network asks for while its blocks have room for free anchors, and above the
 * weakest that was taken once they are full. Whoever floods them with fresh accounts then works for every single place,
 * every block anew; an honest peer works once. The rule that stronger stamps go first is the pool's.
 */
import {
  type Block,
  type Network,
  type StampSubject,
  searchStamp,
  stampPrefix,
  stampStrength,
} from "#ledger/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Random } from "#ports/random.ts";
import { STAMP_RAISE_BITS_MAX, STAMP_SLICE_HASHES } from "../limits.ts";

type StampNetwork = Pick<Network, "params" | "chainId">;

/**
 * Zero bits with which a stamp can expect to be taken up soon.
 * @param newest block of the best chain; `null` when it is not there.
 */
export function strengthNeeded(newest: Block | null, { params, chainId }: StampNetwork): number {
  const { perBlock, stampBits } = params.freeAnchors;
  const taken = (newest?.transactions ?? []).filter((tx) => tx.type === "stamped-anchor");
  if (taken.length < perBlock || taken.length === 0) return stampBits;
  const weakest = Math.min(...taken.map((anchor) => stampStrength(anchor, chainId)));
  return Math.min(weakest + 1, stampBits + STAMP_RAISE_BITS_MAX);
}

export interface StampSearch {
  readonly chainId: Uint8Array;
  readonly bits: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Asked between slices. */
  readonly isEnded: () => boolean;
}

/** Some thousand hashes at a time, so that the node goes on meanwhile. `null` when it was ended. */
export async function findStamp(
  subject: StampSubject,
  { chainId, bits, clock, random, isEnded }: StampSearch,
): Promise<bigint | null> {
  const prefix = stampPrefix(subject, chainId);
  // Any place to begin does; below 2^32, so that counting up from it never ends.
  let from = BigInt(random.below(2 ** 32));
  while (!isEnded()) {
    const stamp = searchStamp(prefix, bits, from, STAMP_SLICE_HASHES);
    if (stamp !== null) return stamp;
    from += BigInt(STAMP_SLICE_HASHES);
    await new Promise<void>((resolve) => clock.after(1, resolve));
  }
  return null;
}
