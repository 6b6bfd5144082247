/**
 * Owns the judgement on a `.waybill` file: what it shows, step by step, and in which words (`spec/waybill-file.md`,
 * "Checks"). Needs nothing but the bytes; what the verifier knows of a network only adds to the grade. Never throws
 * on any bytes; time is bounded by the size limit.
 */
import type { BlockId } from "#base/brand.ts";
import { equalBytes, toHex } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { verifyInclusion } from "#crypto/merkle.ts";
import { peerOfAccount } from "#crypto/peer-id.ts";
import {
  type Anchor,
  blockIdOfHeader,
  type ChainParams,
  decodeHeader,
  decodeTransaction,
  type Header,
  isSignatureValid,
  meetsTarget,
  type StampedAnchor,
  targetOfBits,
  txIdOf,
  workOfBits,
} from "#ledger/index.ts";
import { manifestBytes, manifestDigest } from "./content.ts";
import { dispatchHash, verifyCompletion, verifyDispatch } from "./sign.ts";
import { refusedVerdict, type Verdict, type WaybillRefusal } from "./verdict.ts";
import { type AnchorProof, batchLeaf, decodeWaybill, type Waybill } from "./waybill.ts";

/** Some hundred years below the largest date of ECMAScript, so that a date can still be told after adding F. */
const BLOCK_TIME_MAX_SECONDS = 8_636_000_000_000;

/** What the verifier knows of a network; the ledger's `Network` fits. */
export interface KnownNetwork {
  readonly chainId: Uint8Array;
  readonly params: Pick<ChainParams, "powLimitBits" | "maxFutureSeconds" | "name">;
}

export interface VerificationContext {
  /** The verifier's own: a receipt that is anchored elsewhere counts as signed. */
  readonly network?: KnownNetwork;
  /** Used when there is no `network`: whichever of these the receipt says it is anchored in, if any. */
  readonly networks?: readonly KnownNetwork[];
  /** How deep the block lies on the best chain known here (1: it is the tip); `null` when it is not on it. */
  readonly headerInMyChain?: (id: BlockId, header: Header) => number | null;
}

export interface Verification {
  readonly verdict: Verdict;
  /** Decoded; `null` when refused. For comparing contents. */
  readonly waybill: Waybill | null;
}

interface Refused {
  readonly code: WaybillRefusal;
  readonly detail?: string;
}

type Step<Value> = Result<Value, Refused>;

function checkReceipt({ receipt, manifest }: Waybill): Step<undefined> {
  const { dispatch, completion } = receipt;
  if (!verifyDispatch(dispatch)) return fail({ code: "dispatch-signature-invalid" });
  if (!equalBytes(completion.dispatchHash, dispatchHash(dispatch))) {
    return fail({ code: "completion-of-other-dispatch" });
  }
  if (!verifyCompletion(dispatch, completion)) return fail({ code: "completion-signature-invalid" });
  if (manifest === null) return ok();
  const { body } = dispatch;
  if (!equalBytes(manifestDigest(manifest), body.contentDigest)) return fail({ code: "manifest-differs" });
  const sumsFit = manifest.entries.length === body.fileCount && manifestBytes(manifest) === body.bytes;
  return sumsFit ? ok() : fail({ code: "manifest-sums-differ" });
}

interface ShownAnchor {
  readonly transaction: Anchor | StampedAnchor;
  readonly header: Header;
  readonly blockId: BlockId;
  /** Expected hashes for the block. */
  readonly work: bigint;
}

function checkTransaction(waybill: Waybill, anchor: AnchorProof): Step<Anchor | StampedAnchor> {
  const decoded = decodeTransaction(anchor.transaction);
  if (!decoded.ok) return fail({ code: "malformed", detail: decoded.fault.what });
  const transaction = decoded.value;
  if (transaction.type !== "anchor" && transaction.type !== "stamped-anchor")
    return fail({ code: "not-an-anchor" });
  if (!isSignatureValid(transaction, anchor.chainId)) return fail({ code: "anchor-signature-invalid" });
  const leaf = batchLeaf(anchor.batch.salt, waybill.receipt);
  const inBatch = verifyInclusion({ leaf, ...anchor.batch.place }, transaction.root);
  return inBatch ? ok(transaction) : fail({ code: "not-in-batch" });
}

function checkAnchor(waybill: Waybill, anchor: AnchorProof): Step<ShownAnchor> {
  const transaction = checkTransaction(waybill, anchor);
  if (!transaction.ok) return transaction;
  const decoded = decodeHeader(anchor.header);
  if (!decoded.ok) return fail({ code: "malformed", detail: decoded.fault.what });
  const header = decoded.value;
  if (header.time > BLOCK_TIME_MAX_SECONDS) {
    return fail({ code: "malformed", detail: "the time of the block is beyond any date" });
  }
  if (!verifyInclusion({ leaf: anchor.transaction, ...anchor.inBlock }, header.txRoot)) {
    return fail({ code: "not-in-block" });
  }
  if (transaction.value.validUntil < header.height) return fail({ code: "anchor-expired" });
  if (targetOfBits(header.bits) === null) return fail({ code: "work-invalid" });
  const blockId = blockIdOfHeader(anchor.header);
  if (!meetsTarget(blockId, header.bits)) return fail({ code: "work-too-low" });
  return ok({ transaction: transaction.value, header, blockId, work: workOfBits(header.bits) });
}

function plural(count: number, one: string, many: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}

function signedVerdict(waybill: Waybill): Verdict {
  const { dispatch, completion } = waybill.receipt;
  const { body } = dispatch;
  const [from, to] = [peerOfAccount(body.sender), peerOfAccount(body.receiver)];
  const what =
    body.kind === "message"
      ? `a message of ${plural(body.bytes, "byte", "bytes")}`
      : `${plural(body.fileCount, "file", "files")} of together ${plural(body.bytes, "byte", "bytes")}`;
  const statements = [
    `The key ${from} signed the dispatch of ${what} to the key ${to}.`,
    `The key ${to} signed that it had stored and checked every byte.`,
  ];
  if (waybill.manifest !== null)
    statements.push("The list of files in this proof is the one that both signed.");
  return {
    ...refusedVerdict("malformed"),
    ok: true,
    grade: "signed",
    problem: null,
    statements,
    limits: [
      "Who holds a key must be known from elsewhere: a key is not a name.",
      "The times of dispatch and delivery are by the clocks of sender and receiver; nobody vouches for them.",
      "Whether anybody read the content, and what it means, is not shown.",
    ],
    deliveryId: body.deliveryId,
    kind: body.kind,
    from,
    to,
    bytes: body.bytes,
    fileCount: body.fileCount,
    dispatchedMs: body.dispatchedMs,
    deliveredMs: completion.completedMs,
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The verdict on an anchor whose parts fit together, by what the verifier knows of the network. */
function anchoredVerdict(
  signed: Verdict,
  anchor: AnchorProof,
  shown: ShownAnchor,
  network: KnownNetwork | undefined,
  headerInMyChain: VerificationContext["headerInMyChain"],
): Verdict {
  const { header, blockId, work, transaction } = shown;
  const txId = txIdOf(transaction);
  const recorded = `The receipt is in the batch that transaction ${txId} records, which stands in block ${blockId} at height ${header.height}.`;
  const verdict: Verdict = {
    ...signed,
    statements: [...signed.statements, recorded],
    txId,
    blockId,
    height: header.height,
    work: work.toString(),
  };
  const chainId = toHex(anchor.chainId);
  if (network !== undefined && !equalBytes(network.chainId, anchor.chainId)) {
    const limit = `The block belongs to another network (chain id ${chainId}) than ${network.params.name}: what it is worth cannot be judged here.`;
    return { ...verdict, limits: [...signed.limits, limit] };
  }
  const worked: Verdict = {
    ...verdict,
    grade: "anchored",
    statements: [...verdict.statements, `That block shows work of its own: about ${work} hashes.`],
  };
  if (network === undefined) {
    const limit = `The network (chain id ${chainId}) is not known here: whether that much work is much for it, and whether the block stands on its chain, is not shown.`;
    return { ...worked, limits: [...signed.limits, limit] };
  }
  return comparedVerdict(worked, shown, network, headerInMyChain);
}

/** Adds what the verifier's own chain has to say on the block, and the latest time that follows. */
function comparedVerdict(
  anchored: Verdict,
  { blockId, header }: ShownAnchor,
  { params }: KnownNetwork,
  headerInMyChain: VerificationContext["headerInMyChain"],
): Verdict {
  const notLaterThanMs = (header.time + params.maxFutureSeconds) * 1000;
  const bound = `the receipt existed not later than ${isoTime(notLaterThanMs)}.`;
  const confirmations = headerInMyChain?.(blockId, header) ?? null;
  if (confirmations === null) {
    const compared =
      headerInMyChain === undefined
        ? "The block was not compared with a chain"
        : "The block is not on the chain known here, which may be behind or may have dropped it";
    const limit = `${compared}: the work shown is that of one block. If it stands on the chain of ${params.name}, ${bound}`;
    return { ...anchored, limits: [...anchored.limits, limit], notLaterThanMs };
  }
  const depth = plural(confirmations, "confirmation", "confirmations");
  return {
    ...anchored,
    grade: "in-my-chain",
    statements: [
      ...anchored.statements,
      `The block is on the chain of ${params.name} known here, with ${depth}: ${bound}`,
    ],
    limits: [
      ...anchored.limits,
      "How much earlier the receipt was signed is not shown.",
      "Whoever commands more computing power than the network could replace blocks; the more confirmations, the more it costs.",
    ],
    notLaterThanMs,
    confirmations,
  };
}

function workOfNetwork(
  shown: ShownAnchor,
  anchor: AnchorProof,
  network: KnownNetwork | undefined,
): Step<undefined> {
  if (network === undefined || !equalBytes(network.chainId, anchor.chainId)) return ok();
  return shown.work < workOfBits(network.params.powLimitBits) ? fail({ code: "work-below-network" }) : ok();
}

function networkNamed(chainId: Uint8Array, known: readonly KnownNetwork[]): KnownNetwork | undefined {
  return known.find((network) => equalBytes(network.chainId, chainId));
}

function refused(fault: Refused): Verification {
  return { verdict: refusedVerdict(fault.code, fault.detail), waybill: null };
}

/** @param bytes of a whole `.waybill` file, from anybody. */
export function verifyWaybill(bytes: Uint8Array, context: VerificationContext = {}): Verification {
  const decoded = decodeWaybill(bytes);
  if (!decoded.ok) {
    const { fault } = decoded;
    return refused(
      fault.code === "malformed" ? { code: fault.code, detail: fault.what } : { code: fault.code },
    );
  }
  const waybill = decoded.value;
  const receipt = checkReceipt(waybill);
  if (!receipt.ok) return refused(receipt.fault);
  const signed = signedVerdict(waybill);
  if (waybill.anchor === null) {
    const limits = [
      ...signed.limits,
      "The receipt is not recorded in a ledger: when it was signed is not shown.",
    ];
    return { verdict: { ...signed, limits }, waybill };
  }
  const shown = checkAnchor(waybill, waybill.anchor);
  if (!shown.ok) return refused(shown.fault);
  const network = context.network ?? networkNamed(waybill.anchor.chainId, context.networks ?? []);
  const work = workOfNetwork(shown.value, waybill.anchor, network);
  if (!work.ok) return refused(work.fault);
  const verdict = anchoredVerdict(signed, waybill.anchor, shown.value, network, context.headerInMyChain);
  return { verdict, waybill };
}
