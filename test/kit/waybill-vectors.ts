/**
 * Owns the vectors of the `.waybill` file: whole files with the verdict that every verifier must reach, most of them
 * to be refused. Run as a program it prints `spec/vectors/waybill.json`.
 */
import { concat, toHex } from "#base/bytes.ts";
import { merklePath, merkleRoot } from "#crypto/merkle.ts";
import { sha256 } from "#crypto/sha256.ts";
import { signTransaction } from "#ledger/index.ts";
import {
  type AnchorProof,
  batchLeaf,
  encodeWaybill,
  type Receipt,
  signCompletion,
  signDispatch,
  type Waybill,
  type WaybillRefusal,
} from "#receipts/index.ts";
import {
  alice,
  anchorFor,
  bob,
  filesBody,
  mallory,
  messageBody,
  receiptFor,
  sampleManifest,
  sampleNetwork,
} from "./waybill-sample.ts";

export interface WaybillVector {
  readonly name: string;
  /** The file, hex. */
  readonly waybill: string;
  /** Verified knowing the vectors' network, or knowing none. */
  readonly network: "known" | "unknown";
  readonly grade: "refused" | "signed" | "anchored";
  readonly code: WaybillRefusal | null;
}

/** The file with its last 32 bytes made to fit again: what an attacker does after a change. */
export function resealed(bytes: Uint8Array): Uint8Array {
  const content = bytes.subarray(0, bytes.length - 32);
  return concat(content, sha256(content));
}

function edited(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at < 0 ? copy.length + at : at);
  return copy;
}

const message = receiptFor(messageBody());
const manifest = sampleManifest();
const files = receiptFor(filesBody(manifest));

export const sampleSigned: Waybill = { receipt: message, manifest: null, anchor: null };
export const sampleAnchored: Waybill = { receipt: message, manifest: null, anchor: anchorFor(message) };
export const sampleFiles: Waybill = { receipt: files, manifest, anchor: anchorFor(files) };

function accepted(
  name: string,
  waybill: Waybill,
  grade: "signed" | "anchored",
  network: "known" | "unknown" = "known",
) {
  return { name, waybill: toHex(encodeWaybill(waybill)), network, grade, code: null } as const;
}

function refusedBytes(name: string, bytes: Uint8Array, code: WaybillRefusal): WaybillVector {
  return { name, waybill: toHex(bytes), network: "known", grade: "refused", code };
}

function refused(name: string, waybill: Waybill, code: WaybillRefusal): WaybillVector {
  return refusedBytes(name, encodeWaybill(waybill), code);
}

function acceptedVectors(): readonly WaybillVector[] {
  const elsewhere = anchorFor(message, { chainId: sha256(new Uint8Array(1)) });
  const stamped = anchorFor(message, { transaction: stampedAnchor(message) });
  return [
    accepted("a message, signed", sampleSigned, "signed"),
    accepted("a message, anchored", sampleAnchored, "anchored"),
    accepted("a message, anchored by a stamped anchor", { ...sampleAnchored, anchor: stamped }, "anchored"),
    accepted("a message, verifier knows no network", sampleAnchored, "anchored", "unknown"),
    accepted("files, signed", { ...sampleFiles, anchor: null }, "signed"),
    accepted("files, anchored", sampleFiles, "anchored"),
    accepted(
      "anchored on another network: signed, no more",
      { ...sampleAnchored, anchor: elsewhere },
      "signed",
    ),
  ];
}

function stampedAnchor(receipt: Receipt) {
  const { batch } = anchorFor(receipt);
  const leaves = [0, 1, 2, 3].map((at) =>
    at === 2 ? batchLeaf(batch.salt, receipt) : new Uint8Array(64).fill(0x30 + at),
  );
  const body = {
    type: "stamped-anchor",
    from: alice.account,
    seq: 0,
    fee: 0,
    validUntil: 200,
    root: merkleRoot(leaves),
    stamp: 5n,
  } as const;
  return signTransaction(body, sampleNetwork.chainId, alice);
}

function damagedVectors(): readonly WaybillVector[] {
  const whole = encodeWaybill(sampleAnchored);
  const signed = encodeWaybill(sampleSigned);
  const withFiles = encodeWaybill(sampleFiles);
  return [
    refusedBytes("nothing", new Uint8Array(0), "not-a-waybill"),
    refusedBytes("another kind of file", edited(whole, 0, 0x50, 0x4b, 3, 4), "not-a-waybill"),
    refusedBytes("only the first ten bytes", whole.subarray(0, 10), "damaged"),
    refusedBytes("version 0", resealed(edited(whole, 8, 0)), "version-unknown"),
    refusedBytes("version 2", resealed(edited(whole, 8, 2)), "version-unknown"),
    refusedBytes("one bit of the receipt", edited(whole, 100, (whole[100] ?? 0) ^ 1), "damaged"),
    refusedBytes("one bit of the sum", edited(whole, -1, (whole.at(-1) ?? 0) ^ 1), "damaged"),
    refusedBytes("cut by a byte", whole.subarray(0, -1), "damaged"),
    refusedBytes("one byte more", concat(whole, new Uint8Array(1)), "damaged"),
    refusedBytes("cut by a byte, sum made to fit", resealed(whole.subarray(0, -1)), "malformed"),
    refusedBytes("one byte more, sum made to fit", resealed(concat(whole, new Uint8Array(1))), "malformed"),
    refusedBytes("form 0", resealed(edited(signed, 9, 0)), "malformed"),
    refusedBytes("form anchored, without an anchor", resealed(edited(signed, 9, 2)), "malformed"),
    refusedBytes("form signed, with an anchor", resealed(edited(whole, 9, 1)), "malformed"),
    refusedBytes(
      "manifest of 4 GiB announced",
      resealed(edited(withFiles, 329, 255, 255, 255, 255)),
      "malformed",
    ),
    refusedBytes("manifest of version 2", resealed(edited(withFiles, 333, 2)), "malformed"),
    refusedBytes("path of 33 levels", resealed(edited(whole, 401, 33)), "malformed"),
  ];
}

function receiptVectors(): readonly WaybillVector[] {
  const byMallory = signDispatch(messageBody({ sender: mallory.account }), mallory);
  const stolen = { body: message.dispatch.body, signature: byMallory.signature };
  const other = receiptFor(messageBody({ dispatchedMs: 1 }));
  const toMallory = signDispatch(messageBody({ receiver: mallory.account }), alice);
  const otherManifest = { entries: manifest.entries.slice(1) };
  const signed = (receipt: Receipt): Waybill => ({ receipt, manifest: null, anchor: null });
  const listed = (body: Parameters<typeof receiptFor>[0], list = manifest): Waybill => ({
    receipt: receiptFor(body),
    manifest: list,
    anchor: null,
  });
  return [
    refused(
      "dispatch signed by another",
      signed({ ...message, dispatch: stolen }),
      "dispatch-signature-invalid",
    ),
    refused(
      "dispatch for another receiver under the old signature",
      signed({ ...message, dispatch: { ...message.dispatch, body: toMallory.body } }),
      "dispatch-signature-invalid",
    ),
    refused(
      "completion of another dispatch",
      signed({ ...message, completion: other.completion }),
      "completion-of-other-dispatch",
    ),
    refused(
      "completion at another time under the old signature",
      signed({ ...message, completion: { ...message.completion, completedMs: 0 } }),
      "completion-signature-invalid",
    ),
    refused(
      "completion signed by the sender",
      signed({
        ...message,
        completion: {
          ...message.completion,
          signature: signCompletion(
            signDispatch(messageBody({ receiver: alice.account }), alice),
            message.completion.completedMs,
            alice,
          ).signature,
        },
      }),
      "completion-signature-invalid",
    ),
    refused("list lacks a file", listed(filesBody(manifest), otherManifest), "manifest-differs"),
    refused("signed sum of bytes differs", listed(filesBody(manifest, { bytes: 1 })), "manifest-sums-differ"),
    refused(
      "signed number of files differs",
      listed(filesBody(manifest, { fileCount: 2 })),
      "manifest-sums-differ",
    ),
  ];
}

function anchored(changes: Partial<AnchorProof>): Waybill {
  return { ...sampleAnchored, anchor: { ...anchorFor(message), ...changes } };
}

function batchVectors(): readonly WaybillVector[] {
  const { batch } = anchorFor(message);
  const { place, salt } = batch;
  const otherTree = merklePath([new Uint8Array(64), batchLeaf(salt, message)], 1);
  const cases: readonly (readonly [string, AnchorProof["batch"]])[] = [
    ["another salt", { place, salt: sha256(salt) }],
    ["another place", { salt, place: { ...place, index: 3 } }],
    ["another count with the same path", { salt, place: { ...place, count: 3 } }],
    ["a path of another tree", { salt, place: { index: 1, count: 2, path: otherTree } }],
    ["a path that is too long", { salt, place: { ...place, path: [...place.path, salt] } }],
    ["a batch of no leaves", { salt, place: { ...place, count: 0 } }],
  ];
  return [
    ...cases.map(([name, changed]) => refused(name, anchored({ batch: changed }), "not-in-batch")),
    refused(
      "another receipt under this batch",
      { ...sampleFiles, anchor: anchorFor(message) },
      "not-in-batch",
    ),
  ];
}

function transactionVectors(): readonly WaybillVector[] {
  const { transaction } = anchorFor(message);
  const payment = signTransaction(
    { type: "transfer", from: alice.account, seq: 3, fee: 200, validUntil: 300, to: bob.account, amount: 1 },
    sampleNetwork.chainId,
    alice,
  );
  const changed = edited(transaction, -1, (transaction.at(-1) ?? 0) ^ 1);
  const elsewhere = sha256(new Uint8Array(2));
  return [
    refused(
      "the transaction is a payment",
      anchored(anchorFor(message, { transaction: payment })),
      "not-an-anchor",
    ),
    refused("the transaction is cut", anchored({ transaction: transaction.subarray(0, 100) }), "malformed"),
    refused(
      "the anchor's signature is changed",
      anchored({ transaction: changed }),
      "anchor-signature-invalid",
    ),
    refused(
      "the chain id is another than the anchor was signed for",
      anchored({ chainId: elsewhere }),
      "anchor-signature-invalid",
    ),
  ];
}

function blockVectors(): readonly WaybillVector[] {
  const { inBlock } = anchorFor(message);
  const cases: readonly (readonly [string, Partial<AnchorProof>, WaybillRefusal])[] = [
    ["another place in the block", { inBlock: { ...inBlock, index: 0 } }, "not-in-block"],
    ["another block", { header: anchorFor(message, { validUntil: 100 }).header }, "not-in-block"],
    ["the anchor was valid until an earlier height", anchorFor(message, { validUntil: 6 }), "anchor-expired"],
    [
      "a target that is not canonical",
      anchorFor(message, { header: { bits: 0x1f800000 }, unmined: true }),
      "work-invalid",
    ],
    ["a block without work", anchorFor(message, { unmined: true }), "work-too-low"],
    [
      "an easier target than the network allows",
      anchorFor(message, { header: { bits: 0x207fffff } }),
      "work-below-network",
    ],
    [
      "a block of a time beyond any date",
      anchorFor(message, { header: { time: Number.MAX_SAFE_INTEGER } }),
      "malformed",
    ],
  ];
  return cases.map(([name, changes, code]) => refused(name, anchored(changes), code));
}

export function waybillVectors(): readonly WaybillVector[] {
  return [
    ...acceptedVectors(),
    ...damagedVectors(),
    ...receiptVectors(),
    ...transactionVectors(),
    ...batchVectors(),
    ...blockVectors(),
  ];
}

/** The text of `spec/vectors/waybill.json`. */
export function waybillVectorsText(): string {
  const network = {
    chainId: toHex(sampleNetwork.chainId),
    powLimitBits: sampleNetwork.params.powLimitBits,
    maxFutureSeconds: sampleNetwork.params.maxFutureSeconds,
  };
  return `${JSON.stringify({ format: "waybill-file", version: 1, network, cases: waybillVectors() }, null, 2)}\n`;
}

if (import.meta.main) process.stdout.write(waybillVectorsText());
