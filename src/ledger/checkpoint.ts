/**
 * Owns co-signed checkpoints: the statement that a block is on the chain, as a C2SP tlog-checkpoint over the history
 * tree, the `cosignature/v1` lines of the keys that a genesis names (tlog-cosignature), how many of them make a block
 * final, and the evidence against a key that signed two blocks of one height. Pure. Who signs, when, and what a node
 * does with a final block is `chain/checkpoints/checkpoints.ts`.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import { concat, equalBytes, fromHex, toHex, utf8 } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { type Keypair, SIGNATURE_BYTES, sign, verify } from "#crypto/ed25519.ts";
import { bindCount, HASH_BYTES, type Peaks, treeHashOfPeaks } from "#crypto/merkle.ts";
import { keyOfPeerId, peerOfAccount } from "#crypto/peer-id.ts";
import type { CheckpointRules, Network } from "./params.ts";
import {
  decodeBase64,
  decodeNote,
  encodeBase64,
  encodeNote,
  isSameKey,
  type NoteFault,
  type NoteSignature,
  noteKeyId,
} from "./signed-note.ts";
import type { IdentifiedHeader } from "./types.ts";

/** Begins everything that is signed here; no other preimage of ours or of libp2p begins so. */
export const COSIGNATURE_DOMAIN = "cosignature/v1\n";
/** Timestamped Ed25519 cosignatures, in the list of signed-note. */
const COSIGNATURE_TYPE = 0x04;
const TIMESTAMP_BYTES = 8;
const HEIGHT_MAX = 0xffff_ffff;
const NAME_PREFIX = "waybill-peer/";
const ORIGIN_PREFIX = "waybill/";

/** That block `blockId` stands at `height`, above the headers whose tree hash is given. */
export interface Checkpoint {
  /** 32 bytes. */
  readonly chainId: Uint8Array;
  /** Also the count of headers below the block: the tree size of the checkpoint. */
  readonly height: number;
  /** RFC 6962 hash over the ids of all headers below the block; bound to their count it is the header's history root. */
  readonly treeHash: Uint8Array;
  readonly blockId: BlockId;
}

/** A checkpoint with the lines that came with it; whose they are, and whether they stand, is not yet known. */
export interface CheckpointNote {
  readonly checkpoint: Checkpoint;
  readonly signatures: readonly NoteSignature[];
}

/** A signature that stands, of a key that the genesis names. */
export interface Cosignature {
  readonly signer: AccountId;
  /** When it was made by the signer's clock, seconds since the Unix epoch. */
  readonly seconds: number;
  readonly line: NoteSignature;
}

export interface VerifiedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** In the order of the genesis, each signer once. At least one. */
  readonly cosignatures: readonly Cosignature[];
  /** Whether enough have signed: the block is final. */
  readonly isComplete: boolean;
}

export type CheckpointFault =
  | NoteFault
  | { readonly code: "checkpoint-malformed"; readonly cause: string }
  /** The network names nobody who could sign. */
  | { readonly code: "checkpoints-unused" }
  | { readonly code: "checkpoint-of-other-network"; readonly chainIdHex: string }
  /** No multiple of `everyBlocks`. */
  | { readonly code: "checkpoint-height-wrong"; readonly height: number }
  | { readonly code: "cosigner-repeated"; readonly signer: AccountId }
  | { readonly code: "cosignature-invalid"; readonly signer: AccountId }
  /** None of its lines is of a key that the genesis names. */
  | { readonly code: "cosigners-unknown" };

/** What a checkpoint is verified against. */
export type CheckpointNetwork = Pick<Network, "chainId"> & {
  readonly params: { readonly checkpoints: CheckpointRules | null };
};

/** @param history over all headers below the block. */
export function checkpointOf(
  block: Pick<IdentifiedHeader, "id" | "header">,
  history: Peaks,
  chainId: Uint8Array,
): Checkpoint {
  const { height } = block.header;
  const checkpoint = { chainId, height, treeHash: treeHashOfPeaks(history), blockId: block.id };
  if (!isCheckpointOf(checkpoint, block)) throw new Error(`not the history below block ${block.id}`);
  return checkpoint;
}

/** Whether the checkpoint states this block and its history. The id must be known to be the header's. */
export function isCheckpointOf(checkpoint: Checkpoint, { id, header }: IdentifiedHeader): boolean {
  return (
    checkpoint.blockId === id &&
    checkpoint.height === header.height &&
    equalBytes(bindCount(checkpoint.treeHash, checkpoint.height), header.historyRoot)
  );
}

/** The note text: origin, tree size, root hash, and the block as an extension line. */
export function checkpointText({ chainId, height, treeHash, blockId }: Checkpoint): string {
  return `${ORIGIN_PREFIX}${toHex(chainId)}\n${height}\n${encodeBase64(treeHash)}\nblock ${blockId}\n`;
}

const ORIGIN = /^waybill\/([0-9a-f]{64})$/;
const HEIGHT = /^[1-9][0-9]{0,9}$/;
const BLOCK = /^block ([0-9a-f]{64})$/;

function readText(text: string): Checkpoint | null {
  const [origin = "", size = "", root = "", block = "", end, ...rest] = text.split("\n");
  const chainId = fromHex(ORIGIN.exec(origin)?.[1] ?? "-");
  const blockId = BLOCK.exec(block)?.[1];
  const treeHash = decodeBase64(root);
  const height = HEIGHT.test(size) ? Number(size) : 0;
  if (chainId === null || blockId === undefined || end !== "" || rest.length > 0) return null;
  if (treeHash?.length !== HASH_BYTES || height < 1 || height > HEIGHT_MAX) return null;
  return { chainId, height, treeHash, blockId: blockId as BlockId };
}

export function encodeCheckpoint({ checkpoint, signatures }: CheckpointNote): string {
  return encodeNote({ text: checkpointText(checkpoint), signatures });
}

/** A refusal for anything that {@link encodeCheckpoint} would not have written. Never throws. */
export function decodeCheckpoint(text: string): Result<CheckpointNote, CheckpointFault> {
  const note = decodeNote(text);
  if (!note.ok) return note;
  const checkpoint = readText(note.value.text);
  if (checkpoint === null) {
    const cause = "its lines are not origin, size, root and block of a Waybill ledger";
    return fail({ code: "checkpoint-malformed", cause });
  }
  return ok({ checkpoint, signatures: note.value.signatures });
}

/** The name of a key in signature lines. One for all networks: the signed bytes name the network, not the signer. */
export function cosignerName(signer: AccountId): string {
  return `${NAME_PREFIX}${peerOfAccount(signer)}`;
}

/** What a cosignature covers: its domain, the time, and the whole note text. */
export function cosignaturePreimage(checkpoint: Checkpoint, seconds: number): Uint8Array {
  return utf8(`${COSIGNATURE_DOMAIN}time ${seconds}\n${checkpointText(checkpoint)}`);
}

/**
 * Signs. Whoever calls has made sure that this key never signed another block of this height.
 * @param seconds since the Unix epoch, by our clock.
 */
export function cosign(checkpoint: Checkpoint, seconds: number, keypair: Keypair): NoteSignature {
  const keyName = cosignerName(keypair.account);
  const signature = sign(keypair, cosignaturePreimage(checkpoint, seconds));
  return {
    keyName,
    keyId: noteKeyId(keyName, COSIGNATURE_TYPE, keypair.publicKey),
    signature: concat(bigEndianU64(seconds), signature),
  };
}

function bigEndianU64(value: number): Uint8Array {
  const bytes = new Uint8Array(TIMESTAMP_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), false);
  return bytes;
}

/** Verifies against the keys of the genesis. Lines of other keys are passed over, as signed-note demands. */
export function verifyCheckpoint(
  note: CheckpointNote,
  network: CheckpointNetwork,
): Result<VerifiedCheckpoint, CheckpointFault> {
  const { checkpoint } = note;
  const rules = network.params.checkpoints;
  if (rules === null) return fail({ code: "checkpoints-unused" });
  if (!equalBytes(checkpoint.chainId, network.chainId)) {
    return fail({ code: "checkpoint-of-other-network", chainIdHex: toHex(checkpoint.chainId) });
  }
  if (checkpoint.height % rules.everyBlocks !== 0) {
    return fail({ code: "checkpoint-height-wrong", height: checkpoint.height });
  }
  const bySigner = new Map<AccountId, Cosignature>();
  for (const line of note.signatures) {
    const signer = signerOf(line, rules);
    if (signer === null) continue;
    if (bySigner.has(signer)) return fail({ code: "cosigner-repeated", signer });
    const seconds = standingSeconds(line, checkpoint, signer);
    if (seconds === null) return fail({ code: "cosignature-invalid", signer });
    bySigner.set(signer, { signer, seconds, line });
  }
  const cosignatures = rules.keys.flatMap((key) => bySigner.get(key) ?? []);
  if (cosignatures.length === 0) return fail({ code: "cosigners-unknown" });
  return ok({ checkpoint, cosignatures, isComplete: cosignatures.length >= rules.needed });
}

/** Whose the line says it is; `null` when of nobody that the genesis names. */
function signerOf(line: NoteSignature, rules: CheckpointRules): AccountId | null {
  if (!line.keyName.startsWith(NAME_PREFIX)) return null;
  const key = keyOfPeerId(line.keyName.slice(NAME_PREFIX.length));
  const signer = key === null ? null : (toHex(key) as AccountId);
  if (key === null || signer === null || !rules.keys.includes(signer)) return null;
  // The name is compared as a whole: base58 has more than one spelling of nothing.
  return isSameKey(line, cosignerName(signer), noteKeyId(line.keyName, COSIGNATURE_TYPE, key))
    ? signer
    : null;
}

/** When the line was signed; `null` when its signature does not stand. */
function standingSeconds(line: NoteSignature, checkpoint: Checkpoint, signer: AccountId): number | null {
  if (line.signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) return null;
  const stamped = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0, false);
  if (stamped > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  const seconds = Number(stamped);
  const publicKey = fromHex(signer) ?? new Uint8Array(0);
  const message = cosignaturePreimage(checkpoint, seconds);
  return verify(publicKey, message, line.signature.subarray(TIMESTAMP_BYTES)) ? seconds : null;
}

/** One note of all the lines, in the order of the genesis. The cosignatures were verified for this checkpoint. */
export function noteOf({ checkpoint, cosignatures }: VerifiedCheckpoint): CheckpointNote {
  return { checkpoint, signatures: cosignatures.map(({ line }) => line) };
}

/** Two signatures of one key over different statements of one height: proof that its holder, or a copy, broke the rule. */
export interface Equivocation {
  readonly first: CheckpointNote;
  readonly second: CheckpointNote;
}

/** The key that is shown to have signed twice; `null` when nothing is shown. */
export function equivocatorOf({ first, second }: Equivocation, network: CheckpointNetwork): AccountId | null {
  const [one, two] = [verifyCheckpoint(first, network), verifyCheckpoint(second, network)];
  if (!one.ok || !two.ok || first.checkpoint.height !== second.checkpoint.height) return null;
  if (checkpointText(first.checkpoint) === checkpointText(second.checkpoint)) return null;
  const signers = new Set(one.value.cosignatures.map(({ signer }) => signer));
  return two.value.cosignatures.find(({ signer }) => signers.has(signer))?.signer ?? null;
}

/** The two notes, an empty line between them. */
export function encodeEquivocation({ first, second }: Equivocation): string {
  return `${encodeCheckpoint(first)}\n${encodeCheckpoint(second)}`;
}

/** A refusal for anything that {@link encodeEquivocation} would not have written. Never throws. */
export function decodeEquivocation(text: string): Result<Equivocation, CheckpointFault> {
  const at = text.indexOf(`\n\n${ORIGIN_PREFIX}`);
  if (at < 0) return fail({ code: "checkpoint-malformed", cause: "it does not hold two notes" });
  const first = decodeCheckpoint(text.slice(0, at + 1));
  if (!first.ok) return first;
  const second = decodeCheckpoint(text.slice(at + 2));
  return second.ok ? ok({ first: first.value, second: second.value }) : second;
}
