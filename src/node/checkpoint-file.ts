/** Owns the check of a checkpoint's file against a network's file, without a running peer. */
import { readFileSync, statSync } from "node:fs";
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { peerOfAccount } from "#crypto/peer-id.ts";
import { type CheckpointFault, decodeCheckpoint, verifyCheckpoint } from "#ledger/checkpoint.ts";
import { CHECKPOINT_FILE_BYTES_MAX } from "./limits.ts";
import { openNetworkFile } from "./network-file.ts";

export interface CheckpointVerdict {
  readonly network: string;
  readonly height: number;
  readonly blockId: string;
  readonly signers: readonly { readonly peerId: PeerId; readonly signedMs: number }[];
  readonly needed: number;
  readonly of: number;
  /** Whether enough have signed. */
  readonly isFinal: boolean;
}

/** @param networkFile null: the network that comes with Waybill. */
export function verifyCheckpointFile(
  path: string,
  networkFile: string | null,
): Result<CheckpointVerdict, Problem> {
  const network = openNetworkFile(networkFile);
  if (!network.ok) return network;
  const text = readText(path);
  if (!text.ok) return text;
  const note = decodeCheckpoint(text.value);
  const verified = note.ok ? verifyCheckpoint(note.value, network.value) : note;
  if (!verified.ok) return fail(refusal(verified.fault, network.value.params.name));
  const { checkpoint, cosignatures, isComplete } = verified.value;
  const rules = network.value.params.checkpoints;
  return ok({
    network: network.value.params.name,
    ...{ height: checkpoint.height, blockId: checkpoint.blockId },
    signers: cosignatures.map(({ signer, seconds }) => ({
      peerId: peerOfAccount(signer),
      signedMs: seconds * 1000,
    })),
    ...{ needed: rules?.needed ?? 0, of: rules?.keys.length ?? 0, isFinal: isComplete },
  });
}

function readText(path: string): Result<string, Problem> {
  try {
    if (statSync(path).size <= CHECKPOINT_FILE_BYTES_MAX) return ok(readFileSync(path, "utf8"));
  } catch (error) {
    const cause = `The file cannot be read (${error instanceof Error ? error.message : String(error)}).`;
    return fail(problem("checkpoint-unreadable", cause, "Name a file that exists."));
  }
  const cause = `The file is larger than ${CHECKPOINT_FILE_BYTES_MAX} bytes.`;
  return fail(problem("checkpoint-refused", cause, "See that it is a checkpoint."));
}

function refusal(fault: CheckpointFault, network: string): Problem {
  const refused = (cause: string, nextStep: string) => problem("checkpoint-refused", cause, nextStep);
  switch (fault.code) {
    case "note-malformed":
    case "checkpoint-malformed":
      return refused(
        `The file is no checkpoint of a Waybill ledger: ${fault.cause}.`,
        "Ask for it once more.",
      );
    case "checkpoints-unused":
      return refused(
        `The network ${network} names nobody who could sign checkpoints.`,
        "Name the right network with --network.",
      );
    case "checkpoint-of-other-network":
      return refused(
        `The checkpoint is of another network than ${network}: its chain id is ${fault.chainIdHex}.`,
        "Name the right network with --network.",
      );
    case "cosigners-unknown":
      return refused(`No signer of the network ${network} has signed it.`, "Trust nothing that it says.");
    case "checkpoint-height-wrong":
      return refused(`Nobody signs block ${fault.height} in this network.`, "Trust nothing that it says.");
    case "cosigner-repeated":
    case "cosignature-invalid":
      return refused(
        `The signature of ${peerOfAccount(fault.signer)} ${fault.code === "cosigner-repeated" ? "stands there twice" : "is false"}.`,
        "Trust nothing that it says.",
      );
  }
}
