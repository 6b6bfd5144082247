/** Owns the decoders of messages, transfers, receipts, proofs and their handing over as targets. */

import {
  decodeHandover,
  decodeHandoverAnswer,
  encodeHandover,
  encodeHandoverAnswer,
} from "#anchoring/handover-codec.ts";
import { decodeInclusion, encodeInclusion } from "#anchoring/kept-proof.ts";
import type { DeliveryId, TxId } from "#base/brand.ts";
import { concat, toHex } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import * as messaging from "#messaging/codec.ts";
import {
  decodeBatchProof,
  decodeCompletion,
  decodeDispatch,
  decodeManifest,
  decodeReceipt,
  decodeWaybill,
  encodeBatchProof,
  encodeCompletion,
  encodeDispatch,
  encodeManifest,
  encodeReceipt,
  encodeWaybill,
  messageDigest,
} from "#receipts/index.ts";
import { messageBody, receiptFor, sampleManifest } from "#test/kit/waybill-sample.ts";
import * as transfer from "#transfer/codec.ts";
import { bytesTarget, type FuzzTarget } from "../target.ts";

const receipt = receiptFor(messageBody({ contentDigest: messageDigest("to be mutated") }));
const { dispatch, completion } = receipt;
const { deliveryId } = dispatch.body;
const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const proof = { salt: hash(1), place: { index: 1, count: 3, path: [hash(2), hash(3)] } };
const anchored = {
  receipt,
  manifest: null,
  anchor: {
    chainId: hash(4),
    batch: proof,
    transaction: new Uint8Array(149).fill(5),
    inBlock: { index: 0, count: 1, path: [] },
    header: new Uint8Array(176).fill(6),
  },
};

const inclusion = {
  transactionBytes: new Uint8Array(149).fill(5),
  ...proof.place,
  headerBytes: new Uint8Array(176).fill(6),
};

const messageFrames: readonly messaging.Frame[] = [
  { type: "envelope", number: 3, dispatch, text: "to be mutated" },
  { type: "completed", completion },
  { type: "expected", number: 4 },
  { type: "refused", refusal: "blocked" },
];
const transferFrames: readonly transfer.Frame[] = [
  { type: "offer", dispatch, manifestBytes: 200 },
  { type: "manifest-part", bytes: encodeManifest(sampleManifest()) },
  { type: "offer-answer", answer: { is: "completed", completion } },
  { type: "offer-answer", answer: { is: "failed", reason: "no-space" } },
  { type: "pull", deliveryId, from: 7 },
  { type: "piece", index: 1, digest: hash(8), bytes: new Uint8Array(90).fill(9) },
  { type: "stopped", reason: "source-changed" },
  { type: "notice", deliveryId, notice: { is: "waiting", reason: "storage" } },
  { type: "noted" },
];
const handover = {
  deliveryId: deliveryId as DeliveryId,
  root: toHex(hash(10)),
  txId: toHex(hash(11)) as TxId,
  proof,
};

/** The sum over all that comes before it, which stands in the last 32 bytes. */
function resum(input: Uint8Array): Uint8Array {
  if (input.length < 32) return input;
  const content = input.subarray(0, input.length - 32);
  return concat(content, sha256(content));
}

export const DELIVERY_TARGETS: readonly FuzzTarget[] = [
  bytesTarget({
    name: "message-frame",
    functions: ["messaging decodeFrame"],
    decode: messaging.decodeFrame,
    encode: messaging.encodeFrame,
    samples: messageFrames.map(messaging.encodeFrame),
  }),
  bytesTarget({
    name: "transfer-frame",
    functions: ["transfer decodeFrame"],
    decode: transfer.decodeFrame,
    encode: transfer.encodeFrame,
    samples: transferFrames.map(transfer.encodeFrame),
  }),
  bytesTarget({
    name: "dispatch",
    functions: ["decodeDispatch"],
    decode: decodeDispatch,
    encode: encodeDispatch,
    samples: [encodeDispatch(dispatch)],
  }),
  bytesTarget({
    name: "completion",
    functions: ["decodeCompletion"],
    decode: decodeCompletion,
    encode: encodeCompletion,
    samples: [encodeCompletion(completion)],
  }),
  bytesTarget({
    name: "receipt",
    functions: ["decodeReceipt", "readReceipt"],
    decode: decodeReceipt,
    encode: encodeReceipt,
    samples: [encodeReceipt(receipt)],
  }),
  bytesTarget({
    name: "manifest",
    functions: ["decodeManifest", "readManifest"],
    decode: decodeManifest,
    encode: encodeManifest,
    samples: [encodeManifest(sampleManifest())],
  }),
  bytesTarget({
    name: "batch-proof",
    functions: ["decodeBatchProof", "readBatchProof", "readPlace"],
    decode: decodeBatchProof,
    encode: encodeBatchProof,
    samples: [encodeBatchProof(proof)],
  }),
  bytesTarget({
    name: "kept-proof",
    functions: ["decodeInclusion"],
    decode: decodeInclusion,
    encode: encodeInclusion,
    samples: [encodeInclusion(inclusion)],
  }),
  bytesTarget({
    name: "waybill-file",
    functions: ["decodeWaybill"],
    decode: decodeWaybill,
    encode: encodeWaybill,
    samples: [encodeWaybill(anchored), encodeWaybill({ ...anchored, anchor: null })],
    mend: resum,
  }),
  bytesTarget({
    name: "handover",
    functions: ["decodeHandover"],
    decode: decodeHandover,
    encode: encodeHandover,
    samples: [encodeHandover(handover)],
  }),
  bytesTarget({
    name: "handover-answer",
    functions: ["decodeHandoverAnswer"],
    decode: decodeHandoverAnswer,
    encode: encodeHandoverAnswer,
    samples: [encodeHandoverAnswer("kept"), encodeHandoverAnswer("refused")],
  }),
];
