/**
 * Owns the value of the ledger at one block: every account, and how much coin exists, is held, and waits to be
 * paid out. Immutable. How blocks change it is `apply.ts`.
 */
import { assert } from "#base/assert.ts";
import type { AccountId } from "#base/brand.ts";
import { ByteReader, ByteWriter, concat, utf8 } from "#base/bytes.ts";
import { sha256 } from "#crypto/sha256.ts";
import { bytesOfId } from "./codec.ts";
import { type ChainParams, MAX_MONEY } from "./params.ts";
import { StateTree, type TreeChange, type TreeProof, verifyTreeProof } from "./state-tree.ts";
import { issuedAt } from "./supply.ts";
import type { Account } from "./types.ts";

const ACCOUNT_DOMAIN = utf8("waybill-account-v1\0");

/** An account never heard of, and one that holds and did nothing: neither takes room in the tree. */
export const EMPTY_ACCOUNT: Account = Object.freeze({ balance: 0, nextSeq: 0 });

/** Whatever can say what an account holds. */
export interface AccountView {
  account(id: AccountId): Account;
}

/** An account to write; `EMPTY_ACCOUNT` takes it out. */
export interface AccountEntry {
  readonly id: AccountId;
  readonly account: Account;
}

/** Sums over the whole ledger. Always `held + pending === issued`. */
export interface Totals {
  /** Allocations, and the rewards of all blocks so far. */
  readonly issued: number;
  /** Sum of all balances. */
  readonly held: number;
  /** Earned by miners, fees included, and not paid out yet. */
  readonly pending: number;
}

export function isEmptyAccount(account: Account): boolean {
  return account.balance === 0 && account.nextSeq === 0;
}

/** Place of an account in the state tree. Hashed, so that nobody can crowd one corner of the tree cheaply. */
function keyOf(id: AccountId): Uint8Array {
  return sha256(concat(ACCOUNT_DOMAIN, bytesOfId(id)));
}

function encodeAccount(account: Account): Uint8Array {
  return new ByteWriter().u64(account.balance).u64(account.nextSeq).done();
}

function changeOf({ id, account }: AccountEntry): TreeChange {
  return { key: keyOf(id), value: isEmptyAccount(account) ? null : encodeAccount(account) };
}

export class LedgerState implements AccountView {
  readonly totals: Totals;
  readonly #tree: StateTree;

  private constructor(tree: StateTree, totals: Totals) {
    this.#tree = tree;
    this.totals = totals;
  }

  /**
   * The state after the block of this height, from the accounts it left, in any order and each once. Throws
   * when they hold more than was issued: the store is damaged then.
   */
  static fromAccounts(entries: Iterable<AccountEntry>, height: number, params: ChainParams): LedgerState {
    const changes: TreeChange[] = [];
    let held = 0;
    for (const entry of entries) {
      assert(entry.account.balance <= MAX_MONEY - held, "balances fit below 2^53");
      held += entry.account.balance;
      changes.push(changeOf(entry));
    }
    const issued = issuedAt(height, params);
    assert(held <= issued, `balances of ${held} at height ${height} are within the ${issued} issued`);
    return new LedgerState(StateTree.empty.with(changes), { issued, held, pending: issued - held });
  }

  /** The state of the genesis block. */
  static atGenesis(params: ChainParams): LedgerState {
    const entries = params.allocations.map(({ account, amount }) => ({
      id: account,
      account: { balance: amount, nextSeq: 0 },
    }));
    return LedgerState.fromAccounts(entries, 0, params);
  }

  /** What the header commits to: 32 bytes. */
  get root(): Uint8Array {
    return this.#tree.root;
  }

  account(id: AccountId): Account {
    const value = this.#tree.get(keyOf(id));
    if (value === null) return EMPTY_ACCOUNT;
    const reader = new ByteReader(value);
    return { balance: reader.safeU64("balance"), nextSeq: reader.safeU64("nextSeq") };
  }

  /** With these accounts in place of the former ones. Throws when the sums do not agree: a broken rule of ours. */
  with(entries: readonly AccountEntry[], totals: Totals): LedgerState {
    // Before and after apart: each sum stays exact, where a running total might pass 2^53 on the way.
    let [before, after] = [0, 0];
    for (const { id, account } of entries) {
      before += this.account(id).balance;
      after += account.balance;
    }
    const held = this.totals.held - before + after;
    assert(held === totals.held, `balances sum to ${held}, expected ${totals.held}`);
    assert(
      totals.held + totals.pending === totals.issued,
      "balances and pending payouts are all that was issued",
    );
    assert(totals.held >= 0 && totals.pending >= 0 && totals.issued <= MAX_MONEY, "sums are in range");
    return new LedgerState(this.#tree.with(entries.map(changeOf)), totals);
  }

  /** Shows to whoever knows the root what this account holds. */
  proveAccount(id: AccountId): TreeProof {
    return this.#tree.prove(keyOf(id));
  }
}

/** Whether the state of this root holds exactly this account. Never throws. */
export function verifyAccountProof(root: Uint8Array, entry: AccountEntry, proof: TreeProof): boolean {
  const { key, value } = changeOf(entry);
  return verifyTreeProof(root, key, value, proof);
}
