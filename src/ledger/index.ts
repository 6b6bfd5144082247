/** The rules on which all peers of one network agree: pure, without clock, chance, files or network. */

export type * from "./faults.ts";
export {
  type Allocation,
  type ChainParams,
  type FreeAnchorRules,
  MAX_MONEY,
  type Network,
  type RewardSchedule,
} from "./params.ts";
export type * from "./types.ts";
