/**
 * Owns how firmly a block stands, for people: signatures where there are enough, else work and an estimate. The word
 * "final" is never used without signatures.
 */
import type { StandingView } from "#api/views.ts";
import type { AccountId, BlockId } from "#base/brand.ts";
import type { Chain, Checkpoints } from "#chain/index.ts";
import { reversalProbability } from "#ledger/reversal.ts";
import { MINER_SHARE_BLOCKS, MINER_SHARE_BLOCKS_MIN } from "./limits.ts";

export interface StandingSources {
  readonly chain: Pick<Chain, "tip" | "headerAt" | "minerShares">;
  readonly checkpoints: Pick<Checkpoints, "status">;
  /** Our own, which works for nobody else. */
  readonly account: AccountId;
}

/** Of a block of the best chain; `null` above the tip. */
export type StandingAt = (height: number) => StandingView | null;

export function standings({ chain, checkpoints, account }: StandingSources): StandingAt {
  // Counted once for each tip: a wallet asks for fifty blocks at a time.
  let counted: { readonly tip: BlockId; readonly share: number | null } | null = null;
  const rivalShareAt = (tip: BlockId): number | null => {
    if (counted === null || counted.tip !== tip) counted = { tip, share: strongestRival(chain, account) };
    return counted.share;
  };
  return (height) => {
    const header = chain.headerAt(height);
    if (header === null) return null;
    const tip = chain.tip();
    const status = checkpoints.status();
    const final = status?.final ?? null;
    const rivalShare = rivalShareAt(tip.id);
    return {
      cosigned:
        status === null || final === null || final.height < height
          ? null
          : { signed: final.cosigned, of: status.signers.length, height: final.height },
      workSince: (tip.header.chainWork - header.chainWork).toString(),
      rivalShare,
      reversal: rivalShare === null ? null : reversalProbability(tip.height - height + 1, rivalShare),
    };
  };
}

function strongestRival(chain: Pick<Chain, "tip" | "minerShares">, account: AccountId): number | null {
  // A few blocks say little about who works how much.
  if (chain.tip().height < MINER_SHARE_BLOCKS_MIN) return null;
  const rivals = chain.minerShares(MINER_SHARE_BLOCKS).filter((each) => each.account !== account);
  return Math.max(0, ...rivals.map(({ share }) => share));
}
