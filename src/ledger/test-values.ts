/** Owns fast-check generators of ledger values, for property tests. */
import fc from "fast-check";
import type { AccountId, BlockId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { MAX_MONEY } from "./params.ts";
import {
  encodeAccount,
  encodeCommitment,
  encodeExpiry,
  encodeName,
  encodePayout,
  encodeTotals,
  type StateValue,
} from "./state-entries.ts";
import type {
  Anchor,
  Coinbase,
  Header,
  NameChange,
  NameClaim,
  NameCommit,
  NameUpdate,
  StampedAnchor,
  Transaction,
  Transfer,
} from "./types.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const amounts = fc.oneof(
  fc.integer({ min: 0, max: MAX_MONEY }),
  fc.constantFrom(0, 1, MAX_MONEY - 1, MAX_MONEY),
);
const accounts = bytes(32).map((key) => toHex(key) as AccountId);

export const headers: fc.Arbitrary<Header> = fc.record(
  {
    version: u32,
    height: u32,
    previous: bytes(32).map((id) => toHex(id) as BlockId),
    txRoot: bytes(32),
    stateRoot: bytes(32),
    historyRoot: bytes(32),
    chainWork: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    lag: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    time: amounts,
    bits: u32,
    nonce: u64,
  },
  { noNullPrototype: true },
);

const signed = { from: accounts, seq: amounts, validUntil: u32, signature: bytes(64) };

const coinbases: fc.Arbitrary<Coinbase> = fc.record(
  {
    type: fc.constant("coinbase" as const),
    height: u32,
    miner: accounts,
    extra: fc.uint8Array({ maxLength: 32 }),
  },
  { noNullPrototype: true },
);
export const transfers: fc.Arbitrary<Transfer> = fc.record(
  {
    type: fc.constant("transfer" as const),
    ...signed,
    fee: amounts,
    to: accounts,
    amount: amounts,
  },
  { noNullPrototype: true },
);
export const anchors: fc.Arbitrary<Anchor> = fc.record(
  {
    type: fc.constant("anchor" as const),
    ...signed,
    fee: amounts,
    root: bytes(32),
  },
  { noNullPrototype: true },
);
export const stampedAnchors: fc.Arbitrary<StampedAnchor> = fc.record(
  {
    type: fc.constant("stamped-anchor" as const),
    ...signed,
    fee: fc.constant(0),
    root: bytes(32),
    stamp: u64,
  },
  { noNullPrototype: true },
);
const names = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$/);
const nameCommits: fc.Arbitrary<NameCommit> = fc.record(
  { type: fc.constant("name-commit" as const), ...signed, fee: amounts, commitment: bytes(32) },
  { noNullPrototype: true },
);
const nameClaims: fc.Arbitrary<NameClaim> = fc.record(
  {
    type: fc.constant("name-claim" as const),
    ...signed,
    fee: amounts,
    salt: bytes(32),
    name: names,
    key: accounts,
  },
  { noNullPrototype: true },
);
const changes: fc.Arbitrary<NameChange> = fc.oneof(
  fc.constant({ kind: "renew" } as const),
  fc.record({ kind: fc.constant("key" as const), key: accounts }, { noNullPrototype: true }),
  fc.record({ kind: fc.constant("owner" as const), owner: accounts }, { noNullPrototype: true }),
);
const nameUpdates: fc.Arbitrary<NameUpdate> = fc.record(
  { type: fc.constant("name-update" as const), ...signed, fee: amounts, name: names, change: changes },
  { noNullPrototype: true },
);
export const transactions: fc.Arbitrary<Transaction> = fc.oneof(
  coinbases,
  transfers,
  anchors,
  stampedAnchors,
  nameCommits,
  nameClaims,
  nameUpdates,
);

const plain = <Model>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) =>
  fc.record<Model>(model, { noNullPrototype: true });
const commitments = { height: u32, index: u32 };

export const stateValues: fc.Arbitrary<StateValue> = fc.oneof(
  plain({ kind: fc.constant("account" as const), balance: amounts, nextSeq: amounts }),
  plain({ kind: fc.constant("payout" as const), miner: accounts, amount: amounts }),
  plain({
    kind: fc.constant("totals" as const),
    ...{ issued: amounts, held: amounts, pending: amounts, burned: amounts },
  }),
  plain({ kind: fc.constant("commitment" as const), ...commitments }),
  plain({
    kind: fc.constant("name" as const),
    ...{ name: names, owner: accounts, key: accounts, since: u32, commitment: plain(commitments) },
  }),
  plain({ kind: fc.constant("expiry" as const), keys: fc.array(bytes(32), { minLength: 1, maxLength: 9 }) }),
);

export function encodeStateValue(value: StateValue): Uint8Array {
  switch (value.kind) {
    case "account":
      return encodeAccount(value);
    case "payout":
      return encodePayout(value);
    case "totals":
      return encodeTotals(value);
    case "commitment":
      return encodeCommitment(value);
    case "name":
      return encodeName(value);
    default:
      return encodeExpiry(value.keys);
  }
}
