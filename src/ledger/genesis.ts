/**
 * Owns the genesis: the file people write, its canonical bytes, the chain id these give, and block 0. A file is
 * read strictly: what is unknown, repeated, missing, out of range or contradictory is refused with the place.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import { ByteWriter, compareBytes, concat, fromHex, toHex, utf8 } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { isAdmissibleKey, SIGNATURE_RULE } from "#crypto/ed25519.ts";
import { EMPTY_PEAKS, merkleRoot, rootOfPeaks } from "#crypto/merkle.ts";
import { sha256 } from "#crypto/sha256.ts";
import { bytesOfId, sealBlock } from "./codec.ts";
import type { GenesisFault } from "./faults.ts";
import { Fields, GenesisRefusal } from "./genesis-fields.ts";
import {
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_MIN,
  BLOCK_SIGNATURES_MAX,
  CHECKPOINT_KEYS_MAX,
  COIN_SYMBOL_BYTES_MAX,
  GENESIS_ALLOCATIONS_MAX,
  GENESIS_NAME_BYTES_MAX,
  GENESIS_TEXT_CHARS_MAX,
  NAME_CHARS_MAX,
  NAME_CHARS_MIN,
  NAME_LIFE_BLOCKS_MAX,
  STAMPED_ANCHOR_BYTES,
} from "./limits.ts";
import { nameCost } from "./names.ts";
import {
  type Allocation,
  type ChainParams,
  type CheckpointRules,
  MAX_MONEY,
  type NameRules,
  type Network,
} from "./params.ts";
import { LedgerState } from "./state.ts";
import { parseStrictJson } from "./strict-json.ts";
import { isSupplyBounded } from "./supply.ts";
import { targetOfBits } from "./target.ts";
import type { Block } from "./types.ts";

export const GENESIS_VERSION = 2;
export const HEADER_VERSION = 1;
const CHAIN_ID_DOMAIN = utf8("waybill-genesis-v1\0");
const U32_MAX = 0xffff_ffff;
/** Keeps `256 * tau`, the range of the schedule error on either side, within half of an i32: six weeks. */
const TAU_SECONDS_MAX = 4_000_000;
const SPACING_SECONDS_MAX = 86_400;
/** Below, the work of a block would change by a fifth or more with each block that comes at once. */
const TAU_SPACINGS_MIN = 4;
const NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const KEY_HEX = /^[0-9a-f]{64}$/;
const SYMBOL = /^[A-Z][A-Z0-9]*$/;

/** Reads a genesis file. The same file gives the same network on every computer. */
export function loadNetwork(text: string): Result<Network, GenesisFault> {
  if (text.length > GENESIS_TEXT_CHARS_MAX) {
    return fail({ code: "too-big", cause: `the file is longer than ${GENESIS_TEXT_CHARS_MAX} characters` });
  }
  const json = parseStrictJson(text);
  if (!json.ok) return json;
  try {
    return ok(networkOf(readParams(new Fields(json.value, "the genesis"))));
  } catch (error) {
    if (error instanceof GenesisRefusal) return fail(error.fault);
    throw error;
  }
}

/** The network of parameters that are known to be sound. */
export function networkOf(params: ChainParams): Network {
  const chainId = sha256(concat(CHAIN_ID_DOMAIN, encodeParams(params)));
  return Object.freeze({
    params,
    chainId,
    chainIdHex: toHex(chainId),
    genesis: genesisBlock(params, chainId),
  });
}

/** Block 0: no work, no transactions. Its `previous` is the chain id, which ties every later id to the genesis. */
function genesisBlock(params: ChainParams, chainId: Uint8Array): Block {
  const header = {
    version: HEADER_VERSION,
    height: 0,
    previous: toHex(chainId) as BlockId,
    txRoot: merkleRoot([]),
    stateRoot: LedgerState.atGenesis(params).root,
    historyRoot: rootOfPeaks(EMPTY_PEAKS),
    chainWork: 0n,
    lag: 0,
    time: params.genesisTime,
    bits: params.initialBits,
    nonce: 0n,
  };
  return sealBlock(header, []);
}

/** Canonical bytes of the parameters: every one of them, in a fixed order. */
function encodeParams(params: ChainParams): Uint8Array {
  const { coin, reward, freeAnchors, names, checkpoints, allocations } = params;
  const writer = new ByteWriter()
    .u32(GENESIS_VERSION)
    .short(utf8(params.name))
    .short(utf8(coin.symbol))
    .u64(coin.unitsPerCoin)
    .u64(params.genesisTime)
    .u32(params.targetSpacingSeconds)
    .u32(params.tauSeconds)
    .u32(params.minGapSeconds)
    .u32(params.maxFutureSeconds)
    .u32(params.easeAfterSeconds)
    .u32(params.powLimitBits)
    .u32(params.initialBits)
    .u32(params.maxBlockBytes)
    .u32(params.maxBlockSignatures)
    .u64(reward.initial)
    .u32(reward.halvingBlocks)
    .u64(reward.tail)
    .u32(params.payoutDelayBlocks)
    .u32(params.validUntilMaxBlocks)
    .u32(freeAnchors.perBlock)
    .u32(freeAnchors.perAccountPerBlock)
    .u32(freeAnchors.stampBits)
    .u64(names.commitPrice)
    .u64(names.basePrice)
    .u32(names.cheapFromChars)
    .u32(names.claimAfterBlocks)
    .u32(names.claimWithinBlocks)
    .u32(names.lifeBlocks)
    .u32(names.graceBlocks)
    .u32(names.claimsPerAccountPerBlock)
    .u32(checkpoints?.needed ?? 0)
    .u32(checkpoints?.everyBlocks ?? 0)
    .u32(checkpoints?.keys.length ?? 0);
  for (const key of checkpoints?.keys ?? []) writer.raw(bytesOfId(key));
  writer.short(utf8(params.signatureRule)).u32(allocations.length);
  for (const { account, amount } of allocations) writer.raw(bytesOfId(account)).u64(amount);
  return writer.done();
}

function readParams(fields: Fields): ChainParams {
  fields.integer("genesisVersion", GENESIS_VERSION, GENESIS_VERSION);
  const params: ChainParams = {
    name: fields.text("name", NAME, GENESIS_NAME_BYTES_MAX),
    coin: fields.group("coin", (coin) => ({
      symbol: coin.text("symbol", SYMBOL, COIN_SYMBOL_BYTES_MAX),
      unitsPerCoin: coin.integer("unitsPerCoin", 1, 1_000_000_000),
    })),
    genesisTime: fields.integer("genesisTime", 0, U32_MAX),
    targetSpacingSeconds: fields.integer("targetSpacingSeconds", 1, SPACING_SECONDS_MAX),
    tauSeconds: fields.integer("tauSeconds", 1, TAU_SECONDS_MAX),
    minGapSeconds: fields.integer("minGapSeconds", 1, SPACING_SECONDS_MAX),
    maxFutureSeconds: fields.integer("maxFutureSeconds", 1, SPACING_SECONDS_MAX),
    easeAfterSeconds: fields.integer("easeAfterSeconds", 0, SPACING_SECONDS_MAX),
    powLimitBits: readBits(fields, "powLimitBits"),
    initialBits: readBits(fields, "initialBits"),
    maxBlockBytes: fields.integer("maxBlockBytes", BLOCK_BYTES_MIN, BLOCK_BYTES_MAX),
    maxBlockSignatures: fields.integer("maxBlockSignatures", 1, BLOCK_SIGNATURES_MAX),
    reward: fields.group("reward", (reward) => ({
      initial: reward.integer("initial", 0, MAX_MONEY),
      halvingBlocks: reward.integer("halvingBlocks", 1, U32_MAX),
      tail: reward.integer("tail", 0, MAX_MONEY),
    })),
    payoutDelayBlocks: fields.integer("payoutDelayBlocks", 1, 10_000),
    validUntilMaxBlocks: fields.integer("validUntilMaxBlocks", 1, 1_000_000),
    freeAnchors: fields.group("freeAnchors", (free) => ({
      perBlock: free.integer("perBlock", 0, BLOCK_SIGNATURES_MAX),
      perAccountPerBlock: free.integer("perAccountPerBlock", 0, BLOCK_SIGNATURES_MAX),
      stampBits: free.integer("stampBits", 0, 64),
    })),
    names: fields.group("names", readNames),
    checkpoints: fields.groupOrNull("checkpoints", readCheckpoints),
    allocations: readAllocations(fields),
    signatureRule: fields.exactly("signatureRule", SIGNATURE_RULE),
  };
  fields.end();
  refuseContradictions(params);
  return Object.freeze(params);
}

function readBits(fields: Fields, key: string): number {
  const bits = Number.parseInt(fields.text(key, /^[0-9a-f]{8}$/, 8), 16);
  if (targetOfBits(bits) === null) {
    throw new GenesisRefusal("out-of-range", `"${key}" is not a canonical compact target`);
  }
  return bits;
}

function readNames(names: Fields): NameRules {
  return {
    commitPrice: names.integer("commitPrice", 0, MAX_MONEY),
    basePrice: names.integer("basePrice", 0, MAX_MONEY),
    cheapFromChars: names.integer("cheapFromChars", NAME_CHARS_MIN, NAME_CHARS_MAX),
    claimAfterBlocks: names.integer("claimAfterBlocks", 1, 10_000),
    claimWithinBlocks: names.integer("claimWithinBlocks", 1, 1_000_000),
    lifeBlocks: names.integer("lifeBlocks", 1, NAME_LIFE_BLOCKS_MAX),
    graceBlocks: names.integer("graceBlocks", 0, NAME_LIFE_BLOCKS_MAX),
    claimsPerAccountPerBlock: names.integer("claimsPerAccountPerBlock", 1, BLOCK_SIGNATURES_MAX),
  };
}

/** Keys in ascending order, whatever the order in the file. */
function readCheckpoints(checkpoints: Fields): CheckpointRules {
  const keys = checkpoints.texts("keys", CHECKPOINT_KEYS_MAX, KEY_HEX, 64).map(admissible).sort();
  if (new Set(keys).size < keys.length) {
    throw new GenesisRefusal("contradiction", 'a key stands twice in "checkpoints.keys"');
  }
  return {
    keys: Object.freeze(keys),
    needed: checkpoints.integer("needed", 1, CHECKPOINT_KEYS_MAX),
    everyBlocks: checkpoints.integer("everyBlocks", 1, 1_000_000),
  };
}

function admissible(account: string): AccountId {
  if (isAdmissibleKey(fromHex(account) ?? new Uint8Array(0))) return account as AccountId;
  throw new GenesisRefusal("out-of-range", `${account} cannot be a key: anyone could sign for it, or nobody`);
}

/** In the order of the accounts, whatever the order in the file. */
function readAllocations(fields: Fields): readonly Allocation[] {
  const seen = new Set<string>();
  const allocations = fields.list("allocations", GENESIS_ALLOCATIONS_MAX, (entry): Allocation => {
    const account = admissible(entry.text("account", KEY_HEX, 64));
    if (seen.has(account)) throw new GenesisRefusal("contradiction", `${account} has two allocations`);
    seen.add(account);
    return Object.freeze({ account, amount: entry.integer("amount", 1, MAX_MONEY) });
  });
  const byAccount = (a: Allocation, b: Allocation) => compareBytes(utf8(a.account), utf8(b.account));
  return Object.freeze(allocations.sort(byAccount));
}

/** Numbers that are each in range, but cannot stand together. */
function refuseContradictions(params: ChainParams): void {
  const refuse = (cause: string): never => {
    throw new GenesisRefusal("contradiction", cause);
  };
  const { targetSpacingSeconds, tauSeconds, minGapSeconds, maxFutureSeconds, easeAfterSeconds } = params;
  if (minGapSeconds >= targetSpacingSeconds) {
    refuse('"minGapSeconds" is not below "targetSpacingSeconds": the chain could never keep its schedule');
  }
  if (tauSeconds < TAU_SPACINGS_MIN * targetSpacingSeconds) {
    refuse(
      `"tauSeconds" is below ${TAU_SPACINGS_MIN} times "targetSpacingSeconds": chance alone would move the target`,
    );
  }
  if (2 * maxFutureSeconds > tauSeconds) {
    refuse('"maxFutureSeconds" is above half of "tauSeconds": stating false times would pay');
  }
  if (easeAfterSeconds !== 0 && easeAfterSeconds < targetSpacingSeconds) {
    refuse('"easeAfterSeconds" is below "targetSpacingSeconds": miners would gain by stating false times');
  }
  if (maxFutureSeconds < minGapSeconds) {
    refuse('"maxFutureSeconds" is below "minGapSeconds": a block could wait for no reason');
  }
  if ((targetOfBits(params.initialBits) ?? 0n) > (targetOfBits(params.powLimitBits) ?? 0n)) {
    refuse('"initialBits" is easier than "powLimitBits"');
  }
  refuseShareContradictions(params, refuse);
  refuseNameContradictions(params, refuse);
  const { checkpoints } = params;
  if (checkpoints !== null && checkpoints.needed > checkpoints.keys.length) {
    refuse('"checkpoints.needed" is above the number of keys');
  }
  if (checkpoints !== null && 3 * checkpoints.needed <= 2 * checkpoints.keys.length) {
    refuse('"checkpoints.needed" is not above two thirds of the keys: two halves could sign two chains');
  }
  if (!isSupplyBounded(params)) refuse('"reward" and "allocations" would issue more than 2^53 - 1 units');
}

function refuseShareContradictions(params: ChainParams, refuse: (cause: string) => never): void {
  const { freeAnchors, maxBlockSignatures, maxBlockBytes } = params;
  if (freeAnchors.perAccountPerBlock > freeAnchors.perBlock) {
    refuse('"freeAnchors.perAccountPerBlock" is above "freeAnchors.perBlock"');
  }
  if (2 * freeAnchors.perBlock > maxBlockSignatures) {
    refuse(
      '"freeAnchors.perBlock" is above half of "maxBlockSignatures": those who pay would have too little',
    );
  }
  if (2 * freeAnchors.perBlock * STAMPED_ANCHOR_BYTES > maxBlockBytes) {
    refuse(
      '"freeAnchors.perBlock" fills more than half of "maxBlockBytes": those who pay would have too little',
    );
  }
}

function refuseNameContradictions({ names }: ChainParams, refuse: (cause: string) => never): void {
  if (names.claimWithinBlocks < names.claimAfterBlocks) {
    refuse('"names.claimWithinBlocks" is below "names.claimAfterBlocks": no claim could ever stand');
  }
  if (names.lifeBlocks < names.claimWithinBlocks) {
    refuse(
      '"names.lifeBlocks" is below "names.claimWithinBlocks": a name could end before its claim is settled',
    );
  }
  if (nameCost(NAME_CHARS_MIN, names) > MAX_MONEY) {
    refuse('"names.basePrice" and "names.cheapFromChars" give a price above 2^53 - 1');
  }
}
