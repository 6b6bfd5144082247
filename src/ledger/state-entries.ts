/**
 * Owns what the state is made of: the kinds of entry, the key of each in the state tree, and the bytes of its value
 * (`spec/ledger.md`, "State"). Every key is a hash under its kind's own domain, so that no two kinds meet and nobody
 * can crowd one corner of the tree cheaply. What blocks do to entries is `apply.ts`.
 */
import type { AccountId } from "#base/brand.ts";
import {
  type ByteReader,
  ByteWriter,
  concat,
  type DecodeFault,
  decodeWith,
  toHex,
  utf8,
} from "#base/bytes.ts";
import type { Result } from "#base/result.ts";
import { sha256 } from "#crypto/sha256.ts";
import { bytesOfId } from "./codec.ts";
import { EXPIRY_LIST_KEYS_MAX, NAME_CHARS_MAX } from "./limits.ts";
import { isName } from "./names.ts";
import type { Account } from "./types.ts";

/** A reward and fees that wait to be paid out: of the block of the height under which it stands. */
export interface Payout {
  readonly miner: AccountId;
  readonly amount: number;
}

/** Sums over the whole ledger. Always `issued === held + pending + burned`. */
export interface Totals {
  /** Allocations, and the rewards of all blocks so far. */
  readonly issued: number;
  /** Sum of all balances. */
  readonly held: number;
  /** Earned by miners, fees included, and not paid out yet. */
  readonly pending: number;
  /** Prices of names: gone for good. */
  readonly burned: number;
}

/** Where a name was committed to; of two claims of a name the one with the earlier commitment wins. */
export interface Commitment {
  readonly height: number;
  /** Place of the transaction in its block. */
  readonly index: number;
}

/** A name that somebody holds, or may still renew. */
export interface NameRecord {
  readonly name: string;
  readonly owner: AccountId;
  /** The key that the name stands for: 32 bytes, as hex. */
  readonly key: AccountId;
  /** Height of the claim or of the last renewal: life and grace count from here. */
  readonly since: number;
  /** That of the claim. */
  readonly commitment: Commitment;
}

/** What becomes of an entry when its time has come: one list for each kind. */
export type Expiring = "commitments" | "names";

/** A value of the state, read. The kinds share no first byte. */
export type StateValue =
  | ({ readonly kind: "account" } & Account)
  | ({ readonly kind: "payout" } & Payout)
  | ({ readonly kind: "totals" } & Totals)
  | ({ readonly kind: "commitment" } & Commitment)
  | ({ readonly kind: "name" } & NameRecord)
  | { readonly kind: "expiry"; readonly keys: readonly Uint8Array[] };

const KIND = { account: 1, payout: 2, totals: 3, commitment: 4, name: 5, expiry: 6 } as const;
const ACCOUNT_DOMAIN = utf8("waybill-account-v1\0");
const PAYOUT_DOMAIN = utf8("waybill-payout-v1\0");
const COMMITMENT_DOMAIN = utf8("waybill-commitment-v1\0");
const NAME_DOMAIN = utf8("waybill-name-v1\0");
const EXPIRY_DOMAINS: Readonly<Record<Expiring, Uint8Array>> = {
  commitments: utf8("waybill-commitments-of-v1\0"),
  names: utf8("waybill-names-of-v1\0"),
};

export const TOTALS_KEY: Uint8Array = sha256(utf8("waybill-totals-v1\0"));

export function accountKey(id: AccountId): Uint8Array {
  return sha256(concat(ACCOUNT_DOMAIN, bytesOfId(id)));
}

/** @param height of the block that earned it. */
export function payoutKey(height: number): Uint8Array {
  return sha256(new ByteWriter().raw(PAYOUT_DOMAIN).u32(height).done());
}

/** Of an account and of its 32-byte commitment: a copy of it by another account is another entry, and in nobody's way. */
export function commitmentKey(account: AccountId, commitment: Uint8Array): Uint8Array {
  return sha256(concat(COMMITMENT_DOMAIN, bytesOfId(account), commitment));
}

export function nameKey(name: string): Uint8Array {
  return sha256(concat(NAME_DOMAIN, utf8(name)));
}

/**
 * Lists the keys of entries that were made or renewed in the block of this height, so that they can be taken out
 * together when their time is over.
 * @param part 0, 1, … : each holds up to {@link EXPIRY_LIST_KEYS_MAX} keys.
 */
export function expiryKey(what: Expiring, height: number, part: number): Uint8Array {
  return sha256(new ByteWriter().raw(EXPIRY_DOMAINS[what]).u32(height).u32(part).done());
}

export function encodeAccount({ balance, nextSeq }: Account): Uint8Array {
  return new ByteWriter().u8(KIND.account).u64(balance).u64(nextSeq).done();
}

export function encodePayout({ miner, amount }: Payout): Uint8Array {
  return new ByteWriter().u8(KIND.payout).raw(bytesOfId(miner)).u64(amount).done();
}

export function encodeTotals({ issued, held, pending, burned }: Totals): Uint8Array {
  return new ByteWriter().u8(KIND.totals).u64(issued).u64(held).u64(pending).u64(burned).done();
}

export function encodeCommitment({ height, index }: Commitment): Uint8Array {
  return new ByteWriter().u8(KIND.commitment).u32(height).u32(index).done();
}

export function encodeName({ name, owner, key, since, commitment }: NameRecord): Uint8Array {
  return new ByteWriter()
    .u8(KIND.name)
    .raw(bytesOfId(owner))
    .raw(bytesOfId(key))
    .u32(since)
    .u32(commitment.height)
    .u32(commitment.index)
    .short(utf8(name))
    .done();
}

/** @param keys of entries: at least 1, at most {@link EXPIRY_LIST_KEYS_MAX}, 32 bytes each. */
export function encodeExpiry(keys: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(KIND.expiry), ...keys);
}

function readValue(reader: ByteReader): StateValue {
  const kind = reader.u8();
  switch (kind) {
    case KIND.account:
      return { kind: "account", balance: reader.safeU64("balance"), nextSeq: reader.safeU64("nextSeq") };
    case KIND.payout:
      return { kind: "payout", miner: toHex(reader.raw(32)) as AccountId, amount: reader.safeU64("amount") };
    case KIND.totals:
      return {
        kind: "totals",
        issued: reader.safeU64("issued"),
        held: reader.safeU64("held"),
        pending: reader.safeU64("pending"),
        burned: reader.safeU64("burned"),
      };
    case KIND.commitment:
      return { kind: "commitment", height: reader.u32(), index: reader.u32() };
    case KIND.name:
      return readName(reader);
    case KIND.expiry:
      return { kind: "expiry", keys: readExpiry(reader) };
    default:
      return reader.refuse(`a state value of kind ${kind} is unknown`);
  }
}

function readName(reader: ByteReader): StateValue {
  const owner = toHex(reader.raw(32)) as AccountId;
  const key = toHex(reader.raw(32)) as AccountId;
  const since = reader.u32();
  const commitment = { height: reader.u32(), index: reader.u32() };
  const name = reader.text(NAME_CHARS_MAX, "name");
  if (!isName(name)) reader.refuse("what stands for a name is none");
  return { kind: "name", name, owner, key, since, commitment };
}

function readExpiry(reader: ByteReader): readonly Uint8Array[] {
  const keys: Uint8Array[] = [];
  while (reader.left > 0) keys.push(reader.raw(32));
  if (keys.length < 1 || keys.length > EXPIRY_LIST_KEYS_MAX) reader.refuse(`a list of ${keys.length} keys`);
  return keys;
}

/** Reads a value of any kind: one encoding for each. Whether it belongs under its key is the root's to say. */
export function decodeStateValue(bytes: Uint8Array): Result<StateValue, DecodeFault> {
  return decodeWith(bytes, readValue);
}

/** A value that this peer itself put there, or proved. Throws when it is of another kind: a broken rule of ours. */
export function readStateValue<Kind extends StateValue["kind"]>(
  bytes: Uint8Array,
  kind: Kind,
): Extract<StateValue, { kind: Kind }> {
  const decoded = decodeStateValue(bytes);
  if (decoded.ok && isKind(decoded.value, kind)) return decoded.value;
  throw new Error(`broken invariant: a state value that is no ${kind}`);
}

function isKind<Kind extends StateValue["kind"]>(
  value: StateValue,
  kind: Kind,
): value is Extract<StateValue, { kind: Kind }> {
  return value.kind === kind;
}
