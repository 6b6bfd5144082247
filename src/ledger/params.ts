/**
 * Owns what a genesis fixes for good: every number and name on which all peers of one network must agree.
 * Reading a genesis is `genesis.ts`; the rules that use these are in `target.ts`, `check.ts` and `apply.ts`.
 */
import type { AccountId } from "#base/brand.ts";
import type { Block } from "./types.ts";

/** Amounts are integers of the smallest unit, exact as JavaScript numbers and SQLite integers: 2^53 - 1. */
export const MAX_MONEY = Number.MAX_SAFE_INTEGER;

/** Reward of height h (from 1): `max(tail, floor(initial / 2^floor((h - 1) / halvingBlocks)))`. */
export interface RewardSchedule {
  readonly initial: number;
  readonly halvingBlocks: number;
  readonly tail: number;
}

/** The share of each block for anchors of people who own no coin, paid by a small work stamp. */
export interface FreeAnchorRules {
  readonly perBlock: number;
  readonly perAccountPerBlock: number;
  /** Leading zero bits of the stamp hash. */
  readonly stampBits: number;
}

/**
 * What names cost and how long they last. Prices are burned. A name of `n` characters costs `basePrice`, twice as much
 * for each character that it is shorter than `cheapFromChars`.
 */
export interface NameRules {
  /** Burned by a commitment: what stands in the state is paid for, whoever mines it. */
  readonly commitPrice: number;
  readonly basePrice: number;
  readonly cheapFromChars: number;
  /** A claim stands at least this many blocks above its commitment. */
  readonly claimAfterBlocks: number;
  /** A claim stands at most this many blocks above its commitment, which is then forgotten. */
  readonly claimWithinBlocks: number;
  /** From the claim or the last renewal. */
  readonly lifeBlocks: number;
  /** After its life: only its owner may renew it. */
  readonly graceBlocks: number;
  readonly claimsPerAccountPerBlock: number;
}

/** Who may co-sign checkpoints: a block with `needed` signatures of these keys is final for all peers. */
export interface CheckpointRules {
  /** Distinct, ascending; above two thirds of them are needed. */
  readonly keys: readonly AccountId[];
  readonly needed: number;
  /** Heights that are multiples of this are signed. */
  readonly everyBlocks: number;
}

export interface Allocation {
  readonly account: AccountId;
  readonly amount: number;
}

/** Frozen. Heights and counts are u32, times are seconds. */
export interface ChainParams {
  readonly name: string;
  readonly coin: { readonly symbol: string; readonly unitsPerCoin: number };
  /** Time of the genesis block, in seconds since the Unix epoch. */
  readonly genesisTime: number;
  /** T: the mean time between blocks that difficulty steers for. */
  readonly targetSpacingSeconds: number;
  /** Being late by this much makes the target twice as easy. */
  readonly tauSeconds: number;
  /** g: the least time between a block and its parent. */
  readonly minGapSeconds: number;
  /** F: how far ahead of the local clock a header may stand. */
  readonly maxFutureSeconds: number;
  /** After so long without a block, its target eases by whole T; 0 for never. */
  readonly easeAfterSeconds: number;
  /** The easiest target, compact. */
  readonly powLimitBits: number;
  /** The target while the chain is exactly on schedule, compact. */
  readonly initialBits: number;
  readonly maxBlockBytes: number;
  readonly maxBlockSignatures: number;
  readonly reward: RewardSchedule;
  /** Block h pays the miner of block h - payoutDelayBlocks. At least 1. */
  readonly payoutDelayBlocks: number;
  /** How far above the including height `validUntil` may lie. */
  readonly validUntilMaxBlocks: number;
  readonly freeAnchors: FreeAnchorRules;
  readonly names: NameRules;
  /** `null`: no peer's signature outweighs work. */
  readonly checkpoints: CheckpointRules | null;
  readonly allocations: readonly Allocation[];
  readonly signatureRule: "ed25519-strict-1";
}

/** A genesis, read and checked. Two networks are the same when their chain ids are. */
export interface Network {
  readonly params: ChainParams;
  /** 32 bytes: SHA-256 of the domain and the canonical genesis. */
  readonly chainId: Uint8Array;
  readonly chainIdHex: string;
  readonly genesis: Block;
}
