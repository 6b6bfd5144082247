/**
 * Owns the making and the showing of a network's genesis file: choices in, a file that every Waybill accepts out. What
 * contradicts is refused by the reader that joins networks, so that nothing is written that could not be joined.
 */
import { existsSync } from "node:fs";
import type { AccountId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { accountOfPeer, parseAccount, parsePeerId, peerOfAccount } from "#crypto/peer-id.ts";
import { loadNetwork } from "#ledger/genesis.ts";
import type { ChainParams, Network, RewardSchedule } from "#ledger/params.ts";
import {
  genesisText,
  PRESET_KINDS,
  type PresetKind,
  type PresetOptions,
  presetParams,
} from "#ledger/presets.ts";
import { writeDurably, writeNewDurably } from "./durable-file.ts";
import { openNetworkFile } from "./network-file.ts";
import { systemClock } from "./system.ts";

export type { Network };
export { openNetworkFile, PRESET_KINDS, peerOfAccount, presetParams };

/** What a network may choose for itself beside its preset. What is left out is the preset's. */
export interface NetworkChoices extends PresetOptions {
  /** Mean time between blocks; all that the preset counts in such times follows. */
  readonly spacingSeconds?: number;
  readonly reward?: Pick<RewardSchedule, "initial" | "tail">;
}

/** By this computer's clock, since the Unix epoch. */
export function nowSeconds(): number {
  return Math.floor(systemClock(0).nowMs() / 1000);
}

/** More than two thirds: any two such groups share a signer. */
export function leastSignatures(keys: number): number {
  return Math.floor((2 * keys) / 3) + 1;
}

/** A peer id or an account, as the account. */
export function readKey(text: string): Result<AccountId, Problem> {
  const peer = parsePeerId(text);
  const account = peer === null ? parseAccount(text) : accountOfPeer(peer);
  if (account !== null) return ok(account);
  return fail(
    problem(
      "key-malformed",
      `"${text.slice(0, 80)}" is neither a peer id nor an account.`,
      "Ask its owner for the peer id that waybill status shows.",
    ),
  );
}

/** The text of the file and the network it makes; a refusal where the choices do not stand together. */
export function composeNetwork(
  kind: PresetKind,
  choices: NetworkChoices,
): Result<{ readonly text: string; readonly network: Network }, Problem> {
  const preset = presetParams(kind, choices);
  const paced = choices.spacingSeconds === undefined ? preset : atPace(preset, choices.spacingSeconds);
  const text = genesisText({ ...paced, reward: { ...paced.reward, ...choices.reward } });
  const network = loadNetwork(text);
  if (network.ok) return ok({ text, network: network.value });
  return fail(
    problem(
      "network-refused",
      `These choices make no network: ${network.fault.cause}.`,
      "Change what the sentence names, and run the command again.",
    ),
  );
}

/** @param replaces whether a file that is there already may be written over. */
export function writeNetworkFile(path: string, text: string, replaces: boolean): Result<undefined, Problem> {
  try {
    if (replaces) writeDurably(path, text, 0o644);
    else writeNewDurably(path, text, 0o644);
    return ok();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return fail(isThere(path));
    return fail(
      problem(
        "network-file-not-written",
        `The network file could not be written (${error instanceof Error ? error.message : String(error)}).`,
        "Name a file in a folder that you may write to.",
      ),
    );
  }
}

/** What writing would refuse without being told to replace, for whoever asks questions before. */
export function placeFault(path: string): Problem | null {
  return existsSync(path) ? isThere(path) : null;
}

function isThere(path: string): Problem {
  return problem(
    "network-file-exists",
    `${path} exists already. Whoever joined with it could not follow another network of that file.`,
    "Name another file, or say --force.",
  );
}

/** Clocks that nobody minds differ by this; a chain that forgets sooner allows less, since false times would pay. */
const FUTURE_SECONDS_MIN = 60;

/** The same parameters for another time between blocks: what lasts a year or a day still does. */
function atPace(params: ChainParams, spacingSeconds: number): ChainParams {
  const ratio = spacingSeconds / params.targetSpacingSeconds;
  const seconds = (value: number) => Math.max(1, Math.round(value * ratio));
  const blocks = (count: number) => Math.max(1, Math.round(count / ratio));
  const { names, reward } = params;
  const tauSeconds = seconds(params.tauSeconds);
  return {
    ...params,
    targetSpacingSeconds: spacingSeconds,
    tauSeconds,
    minGapSeconds: seconds(params.minGapSeconds),
    maxFutureSeconds: Math.max(
      Math.min(FUTURE_SECONDS_MIN, Math.floor(tauSeconds / 4)),
      seconds(params.maxFutureSeconds),
    ),
    easeAfterSeconds: seconds(params.easeAfterSeconds),
    reward: { ...reward, halvingBlocks: blocks(reward.halvingBlocks) },
    validUntilMaxBlocks: blocks(params.validUntilMaxBlocks),
    names: {
      ...names,
      claimWithinBlocks: blocks(names.claimWithinBlocks),
      lifeBlocks: blocks(names.lifeBlocks),
      graceBlocks: blocks(names.graceBlocks),
    },
  };
}
