/**
 * Owns what blocks do to the accounts, and how it is taken back. Order within a block: the payout that falls due,
 * then the transactions one after the other. The block has passed `checkBlock` before.
 */
import { assert } from "#base/assert.ts";
import type { AccountId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import type { ApplyFault, TransactionStateFault } from "./faults.ts";
import { type ChainParams, MAX_MONEY } from "./params.ts";
import type { AccountEntry, AccountView, LedgerState, Totals } from "./state.ts";
import { payoutOfBlock, rewardAt } from "./supply.ts";
import type { Account, Block, Payout, SignedTransaction, Transaction } from "./types.ts";

/** What takes a block back: the accounts it touched as they were before (the empty account: absent), and the sums. */
export interface Undo {
  readonly before: readonly AccountEntry[];
  readonly totals: Totals;
}

export interface Applied {
  readonly state: LedgerState;
  readonly undo: Undo;
  /** The accounts that the block touched, as they are after it. */
  readonly changes: readonly AccountEntry[];
}

/** Accounts being changed on top of others that stay as they are. Mutable; for one block or one pool. */
export class WorkingAccounts implements AccountView {
  readonly #base: AccountView;
  readonly #changed = new Map<AccountId, Account>();

  constructor(base: AccountView) {
    this.#base = base;
  }

  account(id: AccountId): Account {
    return this.#changed.get(id) ?? this.#base.account(id);
  }

  set(id: AccountId, account: Account): void {
    this.#changed.set(id, account);
  }

  credit(id: AccountId, amount: number): void {
    const { balance, nextSeq } = this.account(id);
    // No more than 2^53 - 1 is ever issued, so no balance can pass it.
    assert(amount <= MAX_MONEY - balance, "a balance stays below 2^53");
    this.set(id, { balance: balance + amount, nextSeq });
  }

  changes(): readonly AccountEntry[] {
    return [...this.#changed].map(([id, account]) => ({ id, account }));
  }
}

/** Carries out one transaction, or changes nothing and says why. It has passed `checkTransaction` before. */
export function applyTransaction(
  accounts: WorkingAccounts,
  tx: SignedTransaction,
): TransactionStateFault | null {
  const { balance, nextSeq } = accounts.account(tx.from);
  if (tx.seq !== nextSeq) return { code: "seq-wrong", nextSeq, seq: tx.seq };
  const needed = tx.fee + (tx.type === "transfer" ? tx.amount : 0);
  if (needed > balance) return { code: "balance-too-low", balance, needed };
  accounts.set(tx.from, { balance: balance - needed, nextSeq: nextSeq + 1 });
  // Read again by `credit`: sender and receiver may be the same.
  if (tx.type === "transfer") accounts.credit(tx.to, tx.amount);
  return null;
}

/**
 * The state after the block.
 * @param state after its parent.
 * @param payout of the block `payoutDelayBlocks` before it; `null` when that is the genesis block or earlier.
 */
export function applyBlock(
  state: LedgerState,
  block: Block,
  payout: Payout | null,
  params: ChainParams,
): Result<Applied, ApplyFault> {
  const moved = applyTransactions(state, block, payout, params);
  if (!moved.ok) return moved;
  if (!equalBytes(moved.value.state.root, block.header.stateRoot)) return fail({ code: "state-root-wrong" });
  return moved;
}

/** As {@link applyBlock}, without regard to the state root: for whoever is about to compute it. */
export function applyTransactions(
  state: LedgerState,
  block: { readonly transactions: readonly Transaction[] },
  payout: Payout | null,
  params: ChainParams,
): Result<Applied, ApplyFault> {
  const earned = payoutOfBlock(block, params);
  assert(earned !== null, "the block begins with its coinbase");
  const accounts = new WorkingAccounts(state);
  payDue(accounts, payout, earned.height, params);
  for (const [index, tx] of block.transactions.entries()) {
    const fault = tx.type === "coinbase" ? null : applyTransaction(accounts, tx);
    if (fault !== null) return fail({ code: "transaction-inapplicable", index, fault });
  }
  const changes = accounts.changes();
  const before = changes.map(({ id }) => ({ id, account: state.account(id) }));
  const totals = totalsAfter(state.totals, earned, payout, params);
  return ok({ state: state.with(changes, totals), undo: { before, totals: state.totals }, changes });
}

function payDue(accounts: WorkingAccounts, payout: Payout | null, height: number, params: ChainParams): void {
  const due = height - params.payoutDelayBlocks;
  assert(
    due < 1 ? payout === null : payout?.height === due,
    `the payout due at ${height} is of block ${due}`,
  );
  if (payout !== null) accounts.credit(payout.miner, payout.amount);
}

function totalsAfter(totals: Totals, earned: Payout, payout: Payout | null, params: ChainParams): Totals {
  const reward = rewardAt(earned.height, params.reward);
  const fees = earned.amount - reward;
  const paid = payout?.amount ?? 0;
  return {
    issued: totals.issued + reward,
    held: totals.held - fees + paid,
    pending: totals.pending - paid + earned.amount,
  };
}

/** The state before the block that gave this undo, from the state after it. */
export function undoBlock(state: LedgerState, undo: Undo): LedgerState {
  return state.with(undo.before, undo.totals);
}
