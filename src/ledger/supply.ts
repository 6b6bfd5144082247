/** Owns how much money there is: the reward of each height, and the sum issued up to it. Integers, exact. */
import { type ChainParams, MAX_MONEY, type RewardSchedule } from "./params.ts";
import type { AccountId, Block } from "./types.ts";

const HEIGHT_MAX = 0xffff_ffff;

/** New coin for the miner of this height; none for the genesis block. */
export function rewardAt(height: number, schedule: RewardSchedule): number {
  if (height === 0) return 0;
  const halvings = Math.floor((height - 1) / schedule.halvingBlocks);
  return Math.max(schedule.tail, halve(schedule.initial, halvings));
}

/** floor(amount / 2^times). Division by a power of two is exact in a double, so only the floor rounds. */
function halve(amount: number, times: number): number {
  return times > 53 ? 0 : Math.floor(amount / 2 ** times);
}

/** All coin that exists after the block of this height, paid out or not: allocations and rewards. */
export function issuedAt(height: number, params: Pick<ChainParams, "reward" | "allocations">): number {
  const { reward, allocations } = params;
  let issued = allocations.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  for (let from = 1; from <= height; ) {
    // Every stretch of one reward at once: after 53 halvings the tail goes on to the end.
    const amount = rewardAt(from, reward);
    const isTail = amount === reward.tail;
    const upTo = isTail ? height : Math.min(height, from + reward.halvingBlocks - 1);
    issued += BigInt(amount) * BigInt(upTo - from + 1);
    from = upTo + 1;
  }
  if (issued > BigInt(MAX_MONEY)) throw new RangeError(`${issued} issued at ${height} is above 2^53 - 1`);
  return Number(issued);
}

/** Whether the schedule can never issue more than {@link MAX_MONEY}, up to the last height there is. */
export function isSupplyBounded(params: Pick<ChainParams, "reward" | "allocations">): boolean {
  try {
    issuedAt(HEIGHT_MAX, params);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** What a block earned its miner, to be paid `payoutDelayBlocks` later; `null` for the genesis block. */
export interface Earned {
  readonly height: number;
  readonly miner: AccountId;
  /** Reward and fees. */
  readonly amount: number;
}

export function payoutOfBlock(block: Pick<Block, "transactions">, params: ChainParams): Earned | null {
  const [coinbase, ...others] = block.transactions;
  if (coinbase?.type !== "coinbase") return null;
  const fees = others.reduce((sum, tx) => (tx.type === "coinbase" ? sum : sum + tx.fee), 0);
  const amount = rewardAt(coinbase.height, params.reward) + fees;
  return { height: coinbase.height, miner: coinbase.miner, amount };
}
