/**
 * Owns the proof that a block's state holds a value under a key, or nothing: for whoever keeps headers and no state
 * (`spec/ledger.md`, "State proofs"). Says nothing of whether the header is on the best chain: its holder knows.
 */
import { type ByteReader, ByteWriter, type DecodeFault, decodeWith } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { blockIdOfHeader, decodeHeader } from "./codec.ts";
import { HEADER_BYTES, STATE_PROOF_BYTES_MAX, STATE_VALUE_BYTES_MAX } from "./limits.ts";
import { decodeStateValue, type StateValue } from "./state-entries.ts";
import { decodeTreeProof, encodeTreeProof, type TreeProof, verifyTreeProof } from "./state-tree.ts";
import type { IdentifiedHeader } from "./types.ts";

const VERSION = 1;

export interface StateProof {
  /** Of the block after which the state is so: the 176 bytes. */
  readonly header: Uint8Array;
  /** `null`: nothing stands under the key. */
  readonly value: Uint8Array | null;
  readonly path: TreeProof;
}

/** Why a proof shows nothing. */
export type StateProofFault =
  /** It is of a block whose header the asker does not hold. */
  | { readonly code: "header-other" }
  /** Its value and path do not lead to that header's state root. */
  | { readonly code: "path-wrong" }
  /** What stands there is no entry of ours: the header was not made by these rules. */
  | { readonly code: "value-malformed" };

/** u8 version 1; header 176; u16 length and bytes of the value, length 0 for none; u32 length and bytes of the path. */
export function encodeStateProof({ header, value, path }: StateProof): Uint8Array {
  const writer = new ByteWriter()
    .u8(VERSION)
    .raw(header)
    .short(value ?? new Uint8Array(0));
  return writer.long(encodeTreeProof(path)).done();
}

export function decodeStateProof(bytes: Uint8Array): Result<StateProof, DecodeFault> {
  return decodeWith(bytes, readStateProof);
}

function readStateProof(reader: ByteReader): StateProof {
  const version = reader.u8();
  if (version !== VERSION) reader.refuse(`version ${version} of a state proof`);
  const header = reader.raw(HEADER_BYTES);
  const decoded = decodeHeader(header);
  if (!decoded.ok) return reader.refuse(decoded.fault.what);
  const value = reader.short(STATE_VALUE_BYTES_MAX, "value");
  const path = decodeTreeProof(reader.long(STATE_PROOF_BYTES_MAX, "path"));
  if (!path.ok) return reader.refuse(path.fault.what);
  return { header, value: value.length === 0 ? null : value, path: path.value };
}

/**
 * What stands under a key of 32 bytes after the block of this header, which the asker holds; `null` for nothing. Any
 * proof gets a verdict, after at most 261 hashes.
 */
export function readProvenValue(
  proof: StateProof,
  key: Uint8Array,
  { id, header }: IdentifiedHeader,
): Result<StateValue | null, StateProofFault> {
  if (blockIdOfHeader(proof.header) !== id) return fail({ code: "header-other" });
  const { value, path } = proof;
  if (!verifyTreeProof(header.stateRoot, key, value, path)) return fail({ code: "path-wrong" });
  if (value === null) return ok(null);
  const decoded = decodeStateValue(value);
  return decoded.ok ? ok(decoded.value) : fail({ code: "value-malformed" });
}
