/**
 * Owns the file in which somebody is shown what the ledger says of an account or a name (`spec/state-file.md`): its
 * bytes, and the judgement on them, which needs no ledger. Pure. Whether the block stands on the best chain, only who
 * follows that chain knows.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import {
  type ByteReader,
  ByteWriter,
  concat,
  type DecodeFault,
  decodeWith,
  equalBytes,
  toHex,
  utf8,
} from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { sha256 } from "#crypto/sha256.ts";
import { blockIdOfHeader, bytesOfId, decodeHeader } from "./codec.ts";
import { NAME_CHARS_MAX, STATE_FILE_BYTES_MAX, STATE_FILE_PROOF_BYTES_MAX } from "./limits.ts";
import { isName } from "./names.ts";
import type { ChainParams } from "./params.ts";
import { accountKey, nameKey, type StateValue } from "./state-entries.ts";
import { decodeStateProof, encodeStateProof, readProvenValue, type StateProof } from "./state-proof.ts";
import { meetsTarget, targetOfBits, workOfBits } from "./target.ts";
import type { Header } from "./types.ts";

const MAGIC = utf8("WAYSTATE");
const VERSION = 1;
const HASH_BYTES = 32;
const SUBJECT_ACCOUNT = 1;
const SUBJECT_NAME = 2;

export type StateSubject =
  | { readonly kind: "account"; readonly account: AccountId }
  | { readonly kind: "name"; readonly name: string };

export interface StateFile {
  /** 32 bytes. */
  readonly chainId: Uint8Array;
  readonly subject: StateSubject;
  readonly proof: StateProof;
}

export type StateFileFault =
  | { readonly code: "too-large" }
  | { readonly code: "not-a-state-file" }
  | { readonly code: "version-unknown"; readonly version: number }
  /** The sum at the end does not fit. */
  | { readonly code: "damaged" }
  /** Bytes that no Waybill writes. */
  | DecodeFault
  /** The block does not show the work that it states, or states none that a block can. */
  | { readonly code: "work-wrong" }
  /** Less work than the network demands. */
  | { readonly code: "work-below-network" }
  /** Value and path do not lead to the state of the block. */
  | { readonly code: "state-differs" };

/** A state that was shown. */
export interface ShownState {
  readonly chainId: Uint8Array;
  readonly subject: StateSubject;
  /** `null`: the ledger holds nothing of it. */
  readonly value: StateValue | null;
  readonly header: Header;
  readonly blockId: BlockId;
  /** Expected hashes for this block alone. */
  readonly work: bigint;
}

export function keyOfSubject(subject: StateSubject): Uint8Array {
  return subject.kind === "account" ? accountKey(subject.account) : nameKey(subject.name);
}

/** Whether the file says of itself that it is one, sound or not. */
export function isStateFile(bytes: Uint8Array): boolean {
  return bytes.length > MAGIC.length && equalBytes(bytes.subarray(0, MAGIC.length), MAGIC);
}

/** Magic; u8 version; chain id; u8 kind with its subject; u32 length and bytes of the proof; SHA-256 of all before. */
export function encodeStateFile({ chainId, subject, proof }: StateFile): Uint8Array {
  const writer = new ByteWriter().raw(MAGIC).u8(VERSION).raw(chainId);
  if (subject.kind === "account") writer.u8(SUBJECT_ACCOUNT).raw(bytesOfId(subject.account));
  else writer.u8(SUBJECT_NAME).short(utf8(subject.name));
  const content = writer.long(encodeStateProof(proof)).done();
  return concat(content, sha256(content));
}

export function decodeStateFile(bytes: Uint8Array): Result<StateFile, StateFileFault> {
  if (bytes.length > STATE_FILE_BYTES_MAX) return fail({ code: "too-large" });
  if (!isStateFile(bytes)) return fail({ code: "not-a-state-file" });
  const version = bytes[MAGIC.length] ?? 0;
  if (version !== VERSION) return fail({ code: "version-unknown", version });
  const content = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  if (!equalBytes(sha256(content), bytes.subarray(content.length))) return fail({ code: "damaged" });
  return decodeWith(content, readStateFile);
}

function readStateFile(reader: ByteReader): StateFile {
  reader.raw(MAGIC.length + 1);
  const chainId = reader.raw(HASH_BYTES);
  const subject = readSubject(reader);
  const proof = decodeStateProof(reader.long(STATE_FILE_PROOF_BYTES_MAX, "proof"));
  return proof.ok ? { chainId, subject, proof: proof.value } : reader.refuse(proof.fault.what);
}

function readSubject(reader: ByteReader): StateSubject {
  const kind = reader.u8();
  if (kind === SUBJECT_ACCOUNT)
    return { kind: "account", account: toHex(reader.raw(HASH_BYTES)) as AccountId };
  if (kind !== SUBJECT_NAME) return reader.refuse(`subject of kind ${kind}`);
  const name = String.fromCharCode(...reader.short(NAME_CHARS_MAX, "name"));
  return isName(name) ? { kind: "name", name } : reader.refuse("a name that nobody can hold");
}

/** @param network what the asker knows of the network that the file names; `null`: nothing. */
export function verifyStateFile(
  { chainId, subject, proof }: StateFile,
  network: { readonly params: Pick<ChainParams, "powLimitBits"> } | null,
): Result<ShownState, StateFileFault> {
  const header = decodeHeader(proof.header);
  if (!header.ok) return header;
  const { bits } = header.value;
  const blockId = blockIdOfHeader(proof.header);
  const target = targetOfBits(bits);
  if (target === null || !meetsTarget(blockId, bits)) return fail({ code: "work-wrong" });
  const limit = network === null ? null : targetOfBits(network.params.powLimitBits);
  if (limit !== null && target > limit) return fail({ code: "work-below-network" });
  const value = readProvenValue(proof, keyOfSubject(subject), { id: blockId, header: header.value });
  if (!value.ok || !isOfSubject(value.value, subject)) return fail({ code: "state-differs" });
  return ok({ chainId, subject, value: value.value, header: header.value, blockId, work: workOfBits(bits) });
}

/** What stands under another's key was not put there by the rules. */
function isOfSubject(value: StateValue | null, subject: StateSubject): boolean {
  if (value === null) return true;
  if (subject.kind === "account") return value.kind === "account";
  return value.kind === "name" && value.name === subject.name;
}
