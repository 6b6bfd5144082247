/**
 * Owns the three kinds of network that people start from, and the file that a network's parameters are written to.
 * Why the numbers are these: docs/decisions/0010, 0011 and 0017. Reading a file is `genesis.ts`.
 */
import { GENESIS_VERSION } from "./genesis.ts";
import type { Allocation, ChainParams, CheckpointRules } from "./params.ts";

/** `classroom`: one room, one switch. `default`: friends, on a few networks. `internet`: strangers, all over the world. */
export type PresetKind = "classroom" | "default" | "internet";

export const PRESET_KINDS: readonly PresetKind[] = ["classroom", "default", "internet"];

export interface PresetOptions {
  /** 1 to 32 of `a-z 0-9 -`, no hyphen at either end. */
  readonly name: string;
  /** Seconds since the Unix epoch: of block 0, so not in the future. */
  readonly genesisTime: number;
  /** 1 to 8 of `A-Z 0-9`, a letter first. */
  readonly symbol?: string;
  readonly allocations?: readonly Allocation[];
  readonly checkpoints?: CheckpointRules | null;
}

/** What distinguishes the kinds; all else follows from it. */
interface Kind {
  readonly spacingSeconds: number;
  readonly minGapSeconds: number;
  readonly maxFutureSeconds: number;
  readonly powLimitBits: number;
  readonly payoutDelayBlocks: number;
  readonly freeAnchors: ChainParams["freeAnchors"];
}

const KINDS: Readonly<Record<PresetKind, Kind>> = {
  classroom: {
    spacingSeconds: 10,
    minGapSeconds: 1,
    maxFutureSeconds: 60,
    // 2^237: half a million hashes.
    powLimitBits: 0x1e20_0000,
    payoutDelayBlocks: 2,
    freeAnchors: { perBlock: 100, perAccountPerBlock: 4, stampBits: 14 },
  },
  default: {
    spacingSeconds: 15,
    minGapSeconds: 3,
    maxFutureSeconds: 60,
    // 2^236: a million.
    powLimitBits: 0x1e10_0000,
    payoutDelayBlocks: 4,
    freeAnchors: { perBlock: 100, perAccountPerBlock: 2, stampBits: 18 },
  },
  internet: {
    spacingSeconds: 30,
    minGapSeconds: 6,
    maxFutureSeconds: 120,
    // 2^234: four millions.
    powLimitBits: 0x1e04_0000,
    payoutDelayBlocks: 100,
    freeAnchors: { perBlock: 200, perAccountPerBlock: 2, stampBits: 20 },
  },
};

const YEAR_SECONDS = 365 * 24 * 3600;
const DAY_SECONDS = 24 * 3600;
const UNITS_PER_COIN = 1_000_000;
/** Being late by so many blocks makes the target twice as easy. */
const TAU_BLOCKS = 40;
/** A block's own time eases its target after so many: 1.8 % of blocks in steady use. */
const EASE_AFTER_BLOCKS = 4;

/** Parameters of a new network of this kind. Whether the options can stand is for `loadNetwork` to say. */
export function presetParams(kind: PresetKind, options: PresetOptions): ChainParams {
  const { spacingSeconds, minGapSeconds, maxFutureSeconds, powLimitBits, ...rest } = KINDS[kind];
  const blocksOf = (seconds: number) => Math.round(seconds / spacingSeconds);
  return {
    name: options.name,
    coin: { symbol: options.symbol ?? "WB", unitsPerCoin: UNITS_PER_COIN },
    genesisTime: options.genesisTime,
    targetSpacingSeconds: spacingSeconds,
    tauSeconds: TAU_BLOCKS * spacingSeconds,
    minGapSeconds,
    maxFutureSeconds,
    easeAfterSeconds: EASE_AFTER_BLOCKS * spacingSeconds,
    powLimitBits,
    initialBits: powLimitBits,
    maxBlockBytes: 320 * 1024,
    maxBlockSignatures: 2_000,
    reward: {
      initial: 50 * UNITS_PER_COIN,
      halvingBlocks: blocksOf(YEAR_SECONDS),
      tail: UNITS_PER_COIN,
    },
    validUntilMaxBlocks: blocksOf(DAY_SECONDS),
    ...rest,
    names: {
      commitPrice: UNITS_PER_COIN / 100,
      basePrice: UNITS_PER_COIN,
      cheapFromChars: 8,
      claimAfterBlocks: 2,
      claimWithinBlocks: blocksOf(DAY_SECONDS),
      lifeBlocks: blocksOf(YEAR_SECONDS),
      graceBlocks: blocksOf(30 * DAY_SECONDS),
      claimsPerAccountPerBlock: 4,
    },
    checkpoints: options.checkpoints ?? null,
    allocations: options.allocations ?? [],
    signatureRule: "ed25519-strict-1",
  };
}

/** The genesis file of a new network of this kind: JSON, to be read by `loadNetwork` like any other. */
export function presetGenesis(kind: PresetKind, options: PresetOptions): string {
  return genesisText(presetParams(kind, options));
}

/** The genesis file of these parameters: `loadNetwork` of it gives them back, whatever they are. */
export function genesisText({ powLimitBits, initialBits, ...params }: ChainParams): string {
  const { name, coin, genesisTime, targetSpacingSeconds, tauSeconds, minGapSeconds, ...rest } = params;
  const { maxFutureSeconds, easeAfterSeconds, ...others } = rest;
  const bits = (compact: number) => compact.toString(16).padStart(8, "0");
  const members = {
    genesisVersion: GENESIS_VERSION,
    ...{ name, coin, genesisTime, targetSpacingSeconds, tauSeconds, minGapSeconds },
    ...{ maxFutureSeconds, easeAfterSeconds },
    powLimitBits: bits(powLimitBits),
    initialBits: bits(initialBits),
    ...others,
  };
  return `${JSON.stringify(members, null, 2)}\n`;
}
