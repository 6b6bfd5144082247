/** Owns how the miner's doings are worded for the API. */
import type { MiningView } from "#api/views.ts";
import type { AccountId } from "#base/brand.ts";
import type { Chain } from "#chain/index.ts";
import type { Miner } from "#mining/index.ts";

export function miningView(
  miner: Miner,
  chain: Pick<Chain, "blocksMinedBy">,
  account: AccountId,
): MiningView {
  const status = miner.status();
  return {
    mode: status.mode,
    active: status.active,
    hashesPerSecond: status.hashesPerSecond,
    blocksMined: chain.blocksMinedBy(account),
    reason: status.reason,
  };
}
