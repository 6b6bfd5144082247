/** Owns how co-signed checkpoints are worded for the API. */
import type { CheckpointsView } from "#api/views.ts";
import type { AccountId } from "#base/brand.ts";
import { type Problem, problem } from "#base/result.ts";
import type { CheckpointStatus, Checkpoints } from "#chain/index.ts";
import { peerOfAccount } from "#crypto/peer-id.ts";
import type { NameOfAccount } from "./chain-view.ts";
import type { Facade } from "./facade.ts";

const UNUSED: CheckpointsView = {
  used: false,
  needed: 0,
  everyBlocks: 0,
  signers: [],
  final: null,
  sought: null,
  waitsFor: null,
  problem: null,
  note: null,
  evidence: [],
};

type SigningPause = NonNullable<CheckpointStatus["signing"]["waitsFor"]>;

/** Why a signer signs nothing now, where that passes by itself. */
function waitingProblem(why: SigningPause): Problem | null {
  switch (why) {
    case "no-signer":
    case "nothing-due":
    case "nobody-answered":
    case "key-used-twice":
      return null;
    case "catching-up":
      return problem(
        "checkpoint-catching-up",
        "This peer signs nothing while it catches up with the others.",
        "Nothing to do.",
      );
    case "asking-peers":
      return problem(
        "checkpoint-asking-peers",
        "Within the first minute after a start, this peer asks others what its key has signed already, and signs nothing.",
        "Nothing to do.",
      );
    case "older-than-start":
      return problem(
        "checkpoint-older-than-start",
        "What is due was found before this start, and this folder might be an old copy that forgot a signature.",
        "Nothing to do: blocks found from now on are signed.",
      );
    case "bound-elsewhere":
      return problem(
        "checkpoint-bound-elsewhere",
        "This key signed a block of another branch, which others may still complete.",
        "Nothing to do: it goes on once enough others have signed this branch.",
      );
  }
}

/** Why a signer signs nothing until somebody does something about it. */
function hindrance(why: SigningPause | null): Problem | null {
  if (why === "nobody-answered") {
    return problem(
      "checkpoint-nobody-answered",
      "Before it signs, this peer must hear from another one what its key has signed already; none has answered since its start.",
      "Connect to another peer of this network: see waybill doctor.",
    );
  }
  if (why !== "key-used-twice") return null;
  return problem(
    "checkpoint-key-used-twice",
    "Two blocks of one height bear this key's signature: another copy of this data folder has signed too.",
    "End the other copy. This key signs no more; name another one in the genesis of the next network.",
  );
}

/** What somebody must look at: signatures that contradict, a disk that refuses the mark, a key that is used twice. */
export function checkpointWarnings(checkpoints: Pick<Checkpoints, "status">): readonly Problem[] {
  const status = checkpoints.status();
  const doubled = status?.signing.waitsFor === "key-used-twice" ? hindrance("key-used-twice") : null;
  return [status?.problem ?? null, doubled].filter((each) => each !== null);
}

export function checkpointActions(
  checkpoints: Checkpoints,
  own: AccountId,
  nameOf: NameOfAccount,
): Pick<Facade, "checkpoints"> {
  return {
    async checkpoints() {
      const status = checkpoints.status();
      if (status === null) return UNUSED;
      const { signers, needed, everyBlocks, final, sought, signing } = status;
      const waitsFor = signing.isSigner ? signing.waitsFor : null;
      return {
        used: true,
        needed,
        everyBlocks,
        signers: signers.map(({ account, height, isEquivocator }) => ({
          ...{ account, peerId: peerOfAccount(account), name: nameOf(account), mine: account === own },
          ...{ height, signedTwice: isEquivocator },
        })),
        final: final === null ? null : { height: final.height, blockId: final.id, signed: final.cosigned },
        sought: sought === null ? null : { height: sought.height, blockId: sought.id },
        waitsFor: waitsFor === null ? null : waitingProblem(waitsFor),
        problem: status.problem ?? hindrance(waitsFor),
        note: checkpoints.finalNote(),
        evidence: checkpoints.evidence().map(({ signer, text }) => ({ account: signer, text })),
      };
    },
  };
}
