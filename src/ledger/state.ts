/**
 * Owns the value of the ledger at one block: a tree of entries of the kinds in `state-entries.ts`, and the questions
 * that can be asked of it. Immutable. How blocks change it is `apply.ts`.
 */
import { assert } from "#base/assert.ts";
import type { AccountId } from "#base/brand.ts";
import { type ChainParams, MAX_MONEY } from "./params.ts";
import {
  accountKey,
  encodeAccount,
  encodeName,
  encodeTotals,
  type NameRecord,
  nameKey,
  type Payout,
  payoutKey,
  readStateValue,
  TOTALS_KEY,
  type Totals,
} from "./state-entries.ts";
import {
  type LeafSource,
  StateTree,
  type TreeChange,
  type TreeProof,
  verifyTreeProof,
} from "./state-tree.ts";
import type { Account } from "./types.ts";

/** An account never heard of, and one that holds and did nothing: neither takes room in the tree. */
export const EMPTY_ACCOUNT: Account = Object.freeze({ balance: 0, nextSeq: 0 });

/** Whatever can say what an account holds. */
export interface AccountView {
  account(id: AccountId): Account;
}

/** Whatever can be asked for entries of the state. */
export interface StateView {
  /** The value under a key of 32 bytes; `null` when there is none. Not a copy: do not write to it. */
  get(key: Uint8Array): Uint8Array | null;
}

export interface AccountEntry {
  readonly id: AccountId;
  readonly account: Account;
}

export function isEmptyAccount(account: Account): boolean {
  return account.balance === 0 && account.nextSeq === 0;
}

/** As it stands in the state; `null` for an account that takes no room. */
export function accountValue(account: Account): Uint8Array | null {
  return isEmptyAccount(account) ? null : encodeAccount(account);
}

/** @param value what stands under the account's key. */
export function accountOf(value: Uint8Array | null): Account {
  if (value === null) return EMPTY_ACCOUNT;
  const { balance, nextSeq } = readStateValue(value, "account");
  return { balance, nextSeq };
}

export class LedgerState implements AccountView, StateView {
  readonly #tree: StateTree;
  #totals: Totals | null = null;

  private constructor(tree: StateTree) {
    this.#tree = tree;
  }

  /** The state whose entries a store holds. Whether it is that of its tip, only the root can say. */
  static over(source: LeafSource): LedgerState {
    return new LedgerState(StateTree.over(source));
  }

  /** The state of the genesis block, in memory. */
  static atGenesis(params: ChainParams): LedgerState {
    return new LedgerState(StateTree.empty.with(genesisEntries(params)));
  }

  /** What the header commits to: 32 bytes. */
  get root(): Uint8Array {
    return this.#tree.root;
  }

  get totals(): Totals {
    this.#totals ??= this.#readTotals();
    return this.#totals;
  }

  #readTotals(): Totals {
    const value = this.get(TOTALS_KEY);
    assert(value !== null, "every state has its totals");
    const { issued, held, pending, burned } = readStateValue(value, "totals");
    return { issued, held, pending, burned };
  }

  get(key: Uint8Array): Uint8Array | null {
    return this.#tree.get(key);
  }

  account(id: AccountId): Account {
    return accountOf(this.get(accountKey(id)));
  }

  /** What the block of this height earned, as long as it is not paid out; `null` otherwise. */
  payout(height: number): Payout | null {
    return payoutAt(this, height);
  }

  /** Whoever holds the name, or may still renew it; `null` when anybody may claim it. See {@link nameStatus}. */
  name(name: string): NameRecord | null {
    return nameAt(this, name);
  }

  /** With these entries in place of the former ones. Keys are distinct. */
  with(changes: readonly TreeChange[]): LedgerState {
    return new LedgerState(this.#tree.with(changes));
  }

  /**
   * The same state, once the store that it rests on holds the same entries. States derived before from the same
   * store must not be used afterwards.
   */
  settled(): LedgerState {
    return new LedgerState(this.#tree.settled());
  }

  /** Shows to whoever knows the root what stands under this key, or that nothing does. */
  prove(key: Uint8Array): TreeProof {
    return this.#tree.prove(key);
  }

  proveAccount(id: AccountId): TreeProof {
    return this.prove(accountKey(id));
  }

  proveName(name: string): TreeProof {
    return this.prove(nameKey(name));
  }
}

/** The entries of the genesis state: allocations and totals. */
export function genesisEntries({ allocations }: ChainParams): readonly TreeChange[] {
  let held = 0;
  const entries: TreeChange[] = [];
  for (const { account, amount } of allocations) {
    assert(amount <= MAX_MONEY - held, "allocations fit below 2^53");
    held += amount;
    entries.push({ key: accountKey(account), value: encodeAccount({ balance: amount, nextSeq: 0 }) });
  }
  entries.push({ key: TOTALS_KEY, value: encodeTotals({ issued: held, held, pending: 0, burned: 0 }) });
  return entries;
}

export function payoutAt(state: StateView, height: number): Payout | null {
  const value = state.get(payoutKey(height));
  if (value === null) return null;
  const { miner, amount } = readStateValue(value, "payout");
  return { miner, amount };
}

export function nameAt(state: StateView, name: string): NameRecord | null {
  const value = state.get(nameKey(name));
  if (value === null) return null;
  const { kind, ...record } = readStateValue(value, "name");
  return record;
}

/** Whether the state of this root holds exactly this account. Never throws. */
export function verifyAccountProof(
  root: Uint8Array,
  { id, account }: AccountEntry,
  proof: TreeProof,
): boolean {
  return verifyTreeProof(root, accountKey(id), accountValue(account), proof);
}

/** Whether the state of this root holds exactly this record under the name; `null`: nothing. Never throws. */
export function verifyNameProof(
  root: Uint8Array,
  name: string,
  record: NameRecord | null,
  proof: TreeProof,
): boolean {
  if (record !== null && record.name !== name) return false;
  return verifyTreeProof(root, nameKey(name), record === null ? null : encodeName(record), proof);
}

/** Whether the state of this root holds exactly these sums. Never throws. */
export function verifyTotalsProof(root: Uint8Array, totals: Totals, proof: TreeProof): boolean {
  return verifyTreeProof(root, TOTALS_KEY, encodeTotals(totals), proof);
}
