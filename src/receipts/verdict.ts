/** Owns the words of a verdict: what each refusal means and what to do about it. */
import type { BlockId, DeliveryId, PeerId, TxId } from "#base/brand.ts";
import { type Problem, problem } from "#base/result.ts";
import type { WaybillFault } from "./waybill.ts";

/** Every reason for which a `.waybill` file is refused. The first that applies is told. */
export type WaybillRefusal =
  | WaybillFault["code"]
  | "dispatch-signature-invalid"
  | "completion-of-other-dispatch"
  | "completion-signature-invalid"
  | "manifest-differs"
  | "manifest-sums-differ"
  | "not-an-anchor"
  | "anchor-signature-invalid"
  | "anchor-expired"
  | "not-in-batch"
  | "not-in-block"
  | "work-invalid"
  | "work-too-low"
  | "work-below-network";

/** Every reason for which a content is not the one that was delivered. */
export type ContentRefusal =
  | "content-differs"
  | "content-missing"
  | "content-extra"
  | "content-unknown"
  | "content-too-many-files";

const ASK_AGAIN = "Ask whoever gave you the file for it again.";
const DO_NOT_TRUST = "Do not rely on this file; ask the sender or the receiver for theirs.";

const REFUSALS: Readonly<Record<WaybillRefusal, readonly [cause: string, nextStep: string]>> = {
  "too-large": ["The file is larger than any proof can be.", "Check that this is the .waybill file."],
  "not-a-waybill": ["The file is not a .waybill file.", "Check that this is the .waybill file."],
  "version-unknown": ["The file was written by a newer Waybill.", "Update Waybill and try again."],
  damaged: ["Bytes of the file were changed, lost or added.", ASK_AGAIN],
  malformed: ["The file has a part that no Waybill writes.", DO_NOT_TRUST],
  "dispatch-signature-invalid": ["The sender did not sign this dispatch.", DO_NOT_TRUST],
  "completion-of-other-dispatch": ["The receiver's signature is for another delivery.", DO_NOT_TRUST],
  "completion-signature-invalid": ["The receiver did not sign this completion.", DO_NOT_TRUST],
  "manifest-differs": ["The list of files is not the one that was signed.", DO_NOT_TRUST],
  "manifest-sums-differ": ["The signed number of files or bytes does not fit the list.", DO_NOT_TRUST],
  "not-an-anchor": ["The transaction in the file records no batch of receipts.", DO_NOT_TRUST],
  "anchor-signature-invalid": ["The transaction in the file is not signed by its account.", DO_NOT_TRUST],
  "anchor-expired": ["The transaction could not stand in a block of this height.", DO_NOT_TRUST],
  "not-in-batch": ["The receipt is not in the batch that the transaction records.", DO_NOT_TRUST],
  "not-in-block": ["The transaction is not in the block that the file names.", DO_NOT_TRUST],
  "work-invalid": ["The block states a target that no block can have.", DO_NOT_TRUST],
  "work-too-low": ["The block does not show the work that it states.", DO_NOT_TRUST],
  "work-below-network": ["The block shows less work than its network demands.", DO_NOT_TRUST],
};

const CONTENT_REFUSALS: Readonly<Record<ContentRefusal, readonly [cause: string, nextStep: string]>> = {
  "content-differs": ["The content is not what was delivered.", "Compare with another copy of the content."],
  "content-missing": [
    "Files that were delivered are not there.",
    "Name the folder as it was received, whole.",
  ],
  "content-extra": [
    "There are files that were not part of the delivery.",
    "Move them elsewhere, or name the folder as it was received.",
  ],
  "content-unknown": [
    "The file is none of those that were delivered.",
    "Check that this is the right file and the right .waybill file.",
  ],
  "content-too-many-files": [
    "The folder holds far more files than a delivery can.",
    "Name the folder as received.",
  ],
};

export function refusalProblem(code: WaybillRefusal, detail?: string): Problem {
  const [cause, nextStep] = REFUSALS[code];
  return problem(code, detail === undefined ? cause : `${cause.slice(0, -1)}: ${detail}.`, nextStep);
}

export function contentProblem(code: ContentRefusal, detail?: string): Problem {
  const [cause, nextStep] = CONTENT_REFUSALS[code];
  return problem(code, detail === undefined ? cause : `${cause.slice(0, -1)}: ${detail}.`, nextStep);
}

/**
 * refused: `problem` says why. signed: both signatures hold. anchored: also recorded in a block that shows its own
 * work. in-my-chain: that block stands on the best chain known to whoever verifies.
 */
export type Grade = "refused" | "signed" | "anchored" | "in-my-chain";

/** Each grade in the words that stand above what was shown. */
export const GRADE_WORDS: Readonly<Record<Grade, string>> = {
  refused: "Refused",
  signed: "Signed by both",
  anchored: "Signed by both, and anchored",
  "in-my-chain": "Signed by both, and anchored in the chain known here",
};

/** Plain JSON. Fields are `null` where nothing was shown about them. */
export interface Verdict {
  readonly ok: boolean;
  readonly grade: Grade;
  readonly problem: Problem | null;
  /** What was shown, in sentences. */
  readonly statements: string[];
  /** What was not shown, in sentences. */
  readonly limits: string[];
  readonly deliveryId: DeliveryId | null;
  readonly kind: "message" | "files" | null;
  readonly from: PeerId | null;
  readonly to: PeerId | null;
  readonly bytes: number | null;
  readonly fileCount: number | null;
  /** By the sender's clock. */
  readonly dispatchedMs: number | null;
  /** By the receiver's clock. */
  readonly deliveredMs: number | null;
  /** The receipt existed by then, provided that the block stands on its network's chain. */
  readonly notLaterThanMs: number | null;
  readonly txId: TxId | null;
  readonly blockId: BlockId | null;
  readonly height: number | null;
  /** 1 when the block is the tip. */
  readonly confirmations: number | null;
  /** Expected hashes for the one block, decimal. */
  readonly work: string | null;
}

export function refusedVerdict(code: WaybillRefusal, detail?: string): Verdict {
  return {
    ok: false,
    grade: "refused",
    problem: refusalProblem(code, detail),
    statements: [],
    limits: [],
    deliveryId: null,
    kind: null,
    from: null,
    to: null,
    bytes: null,
    fileCount: null,
    dispatchedMs: null,
    deliveredMs: null,
    notLaterThanMs: null,
    txId: null,
    blockId: null,
    height: null,
    confirmations: null,
    work: null,
  };
}
