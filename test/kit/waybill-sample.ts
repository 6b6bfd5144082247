/**
 * Owns whole `.waybill` proofs made by the real rules: signed receipts, a batch, an anchor in a block that was mined
 * with some thousand hashes. Deterministic; of a network that exists only here.
 */
import type { AccountId, BlockId, DeliveryId } from "#base/brand.ts";
import { utf8 } from "#base/bytes.ts";
import { blake3 } from "#crypto/blake3.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import { merklePath, merkleRoot } from "#crypto/merkle.ts";
import { sha256 } from "#crypto/sha256.ts";
import {
  blockIdOfHeader,
  encodeHeader,
  encodeTransaction,
  type Header,
  meetsTarget,
  signTransaction,
  type Transaction,
} from "#ledger/index.ts";
import {
  type AnchorProof,
  batchLeaf,
  type DispatchBody,
  type KnownNetwork,
  type Manifest,
  manifestBytes,
  manifestDigest,
  messageDigest,
  type Receipt,
  signCompletion,
  signDispatch,
  sortedManifest,
} from "#receipts/index.ts";

export const alice = createKeypair(sha256(utf8("alice of the vectors")));
export const bob = createKeypair(sha256(utf8("bob of the vectors")));
export const mallory = createKeypair(sha256(utf8("mallory of the vectors")));
export const miner = createKeypair(sha256(utf8("a miner of the vectors")));

export const SAMPLE_TEXT = "The parcel has arrived.";
export const SAMPLE_FILES: readonly (readonly [path: string, content: Uint8Array])[] = [
  ["study/notes.txt", utf8("two words\n")],
  ["study/slices/0001.dcm", new Uint8Array(1500).fill(1)],
  ["study/slices/0002.dcm", new Uint8Array(1500).fill(2)],
];

/** Some 4,096 hashes a block: quick to mine in a test, and enough that a changed header does not meet it by luck. */
const BITS = 0x1f0fffff;
export const sampleNetwork: KnownNetwork = {
  chainId: sha256(utf8("network of the vectors")),
  params: { name: "vectors", powLimitBits: BITS, maxFutureSeconds: 60 },
};
const BLOCK_TIME = 1_790_000_015;
const HEIGHT = 7;

export function sampleManifest(): Manifest {
  return sortedManifest(
    SAMPLE_FILES.map(([path, content]) => ({
      path,
      bytes: content.length,
      modifiedMs: 1_780_000_000_000,
      digest: blake3(content),
    })),
  );
}

export function messageBody(changes: Partial<DispatchBody> = {}): DispatchBody {
  return {
    version: 1,
    kind: "message",
    deliveryId: "5a".repeat(32) as DeliveryId,
    sender: alice.account,
    receiver: bob.account,
    contentDigest: messageDigest(SAMPLE_TEXT),
    bytes: utf8(SAMPLE_TEXT).length,
    fileCount: 0,
    dispatchedMs: 1_790_000_000_123,
    ...changes,
  };
}

export function filesBody(
  manifest: Manifest = sampleManifest(),
  changes: Partial<DispatchBody> = {},
): DispatchBody {
  return messageBody({
    kind: "files",
    deliveryId: "7c".repeat(32) as DeliveryId,
    contentDigest: manifestDigest(manifest),
    bytes: manifestBytes(manifest),
    fileCount: manifest.entries.length,
    ...changes,
  });
}

export function receiptFor(body: DispatchBody, sender: Keypair = alice, receiver: Keypair = bob): Receipt {
  const dispatch = signDispatch(body, sender);
  return { dispatch, completion: signCompletion(dispatch, body.dispatchedMs + 1_000, receiver) };
}

/** Finds a nonce, from the header's upwards, with which the header meets its own bits. */
export function mined(header: Header): Header {
  for (let { nonce } = header; ; nonce++) {
    const candidate = { ...header, nonce };
    if (meetsTarget(blockIdOfHeader(encodeHeader(candidate)), header.bits)) return candidate;
  }
}

export interface AnchorChanges {
  readonly chainId?: Uint8Array;
  readonly header?: Partial<Header>;
  readonly validUntil?: number;
  /** In place of an anchor of the batch's root. */
  readonly transaction?: Transaction;
  /** Leaves the header without work of its own. */
  readonly unmined?: boolean;
}

/** The receipt at index 2 of a batch of four, its anchor at index 1 of a block of three transactions. */
export function anchorFor(receipt: Receipt, changes: AnchorChanges = {}): AnchorProof {
  const salt = sha256(utf8("salt of the vectors"));
  const leaves = [0, 1, 2, 3].map((at) =>
    at === 2 ? batchLeaf(salt, receipt) : new Uint8Array(64).fill(0x30 + at),
  );
  const chainId = changes.chainId ?? sampleNetwork.chainId;
  const anchor =
    changes.transaction ??
    signTransaction(
      {
        type: "anchor",
        from: alice.account,
        seq: 3,
        fee: 200,
        validUntil: changes.validUntil ?? HEIGHT + 240,
        root: merkleRoot(leaves),
      },
      chainId,
      alice,
    );
  const transactions = blockTransactions(anchor, chainId).map(encodeTransaction);
  const header: Header = {
    version: 1,
    height: HEIGHT,
    previous: "00".repeat(32) as BlockId,
    txRoot: merkleRoot(transactions),
    stateRoot: sha256(utf8("state of the vectors")),
    historyRoot: sha256(utf8("history of the vectors")),
    chainWork: 28_672n,
    lag: 0,
    time: BLOCK_TIME,
    bits: BITS,
    nonce: 0n,
    ...changes.header,
  };
  return {
    chainId,
    batch: { salt, place: { index: 2, count: leaves.length, path: merklePath(leaves, 2) } },
    transaction: encodeTransaction(anchor),
    inBlock: { index: 1, count: transactions.length, path: merklePath(transactions, 1) },
    header: encodeHeader(changes.unmined === true ? header : mined(header)),
  };
}

function blockTransactions(anchor: Transaction, chainId: Uint8Array): readonly Transaction[] {
  const payment = signTransaction(
    {
      type: "transfer",
      from: bob.account,
      seq: 0,
      fee: 200,
      validUntil: HEIGHT + 10,
      to: "22".repeat(32) as AccountId,
      amount: 5,
    },
    chainId,
    bob,
  );
  return [
    { type: "coinbase", height: HEIGHT, miner: miner.account, extra: new Uint8Array(0) },
    anchor,
    payment,
  ];
}
