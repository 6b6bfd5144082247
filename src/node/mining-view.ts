/** Owns how the miner's doings are worded for the API. */
import { availableParallelism } from "node:os";
import type { MiningView } from "#api/views.ts";
import type { AccountId } from "#base/brand.ts";
import type { Chain } from "#chain/index.ts";
import type { Miner } from "#mining/index.ts";

export function miningView(
  miner: Miner,
  chain: Pick<Chain, "blocksMinedBy" | "tip">,
  account: AccountId,
): MiningView {
  const { settings, power, active, hashesPerSecond, reason } = miner.status();
  return {
    ...settings,
    cores: availableParallelism(),
    power,
    active,
    hashesPerSecond,
    expectedBlockSeconds: hashesPerSecond === 0 ? null : Number(chain.tip().nextWork) / hashesPerSecond,
    blocksMined: chain.blocksMinedBy(account),
    reason,
  };
}
