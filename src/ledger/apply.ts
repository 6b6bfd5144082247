/**
 * Owns what blocks do to the state, and how it is taken back. Order within a block: what has expired goes, the
 * payout that falls due is paid, then the transactions one after the other, last the block's own payout and the
 * totals. The block has passed `checkBlock` before.
 */
import { assert } from "#base/assert.ts";
import { equalBytes } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { ExpiryLists, takeOutExpired } from "./expiry.ts";
import type { ApplyFault, TransactionStateFault } from "./faults.ts";
import { applyName, faultOfName, isNameTransaction, type NameTransaction } from "./name-records.ts";
import { burnedBy, costOfTransaction } from "./names.ts";
import { type ChainParams, MAX_MONEY } from "./params.ts";
import { type LedgerState, payoutAt } from "./state.ts";
import { encodePayout, encodeTotals, payoutKey, TOTALS_KEY, type Totals } from "./state-entries.ts";
import type { TreeChange } from "./state-tree.ts";
import { payoutOfBlock, rewardAt } from "./supply.ts";
import type { Block, SignedTransaction, Transaction } from "./types.ts";
import { WorkingState } from "./working-state.ts";

/** What takes a block back: the entries it changed as they were before, in the order of their keys. */
export interface Undo {
  readonly before: readonly TreeChange[];
}

export interface Applied {
  readonly state: LedgerState;
  readonly undo: Undo;
  /** The entries that the block changed, as they are after it; keys as in `undo`. */
  readonly changes: readonly TreeChange[];
}

/** A block being carried out on a state. */
export class BlockWork {
  readonly height: number;
  readonly params: ChainParams;
  readonly state: WorkingState;
  readonly #expiry = new ExpiryLists();
  /** Place of the next transaction; the coinbase has place 0. */
  #index = 1;
  #burned = 0;
  readonly #paid: number;

  /** @param height of the block: one above that of the state. */
  constructor(state: LedgerState, height: number, params: ChainParams) {
    this.height = height;
    this.params = params;
    this.state = new WorkingState(state);
    takeOutExpired(this.state, height, params.names);
    this.#paid = this.#payDue();
  }

  /** Carries out the next transaction, or changes nothing and says why. It has passed `checkTransaction` before. */
  apply(tx: SignedTransaction): TransactionStateFault | null {
    const { balance, nextSeq } = this.state.account(tx.from);
    if (tx.seq !== nextSeq) return { code: "seq-wrong", nextSeq, seq: tx.seq };
    const needed = costOfTransaction(tx, this.params.names);
    if (needed > balance) return { code: "balance-too-low", balance, needed };
    const isOfName = isNameTransaction(tx);
    const fault = isOfName ? faultOfName(this.state, tx, this.height, this.params.names) : null;
    if (fault !== null) return fault;
    this.state.setAccount(tx.from, { balance: balance - needed, nextSeq: nextSeq + 1 });
    // Read again by `credit`: sender and receiver may be the same.
    if (tx.type === "transfer") this.state.credit(tx.to, tx.amount);
    if (isOfName) this.#applyName(tx);
    this.#index += 1;
    return null;
  }

  #applyName(tx: NameTransaction): void {
    const renewed = applyName(this.state, tx, { height: this.height, index: this.#index });
    if (renewed !== null) this.#expiry.add(renewed);
    this.#burned += burnedBy(tx, this.params.names);
  }

  /** @param transactions that were applied, behind their coinbase. */
  finish(before: LedgerState, transactions: readonly Transaction[]): Applied {
    const earned = payoutOfBlock({ transactions }, this.params);
    assert(earned !== null && earned.height === this.height, "the block begins with its coinbase");
    this.#expiry.write(this.state, this.height);
    this.state.set(payoutKey(this.height), encodePayout(earned));
    this.state.set(TOTALS_KEY, encodeTotals(this.#totalsAfter(before.totals, earned.amount)));
    const difference = this.state.difference();
    return {
      state: before.with(difference.after),
      undo: { before: difference.before },
      changes: difference.after,
    };
  }

  #payDue(): number {
    const due = this.height - this.params.payoutDelayBlocks;
    const payout = due < 1 ? null : payoutAt(this.state, due);
    assert(due < 1 || payout !== null, `the payout of block ${due} waits until ${this.height}`);
    if (payout === null) return 0;
    this.state.credit(payout.miner, payout.amount);
    this.state.set(payoutKey(due), null);
    return payout.amount;
  }

  #totalsAfter(totals: Totals, earned: number): Totals {
    const issued = totals.issued + rewardAt(this.height, this.params.reward);
    const pending = totals.pending - this.#paid + earned;
    const burned = totals.burned + this.#burned;
    // From the balances themselves, so that this can disagree with the other three.
    const held = totals.held + this.state.heldChange();
    assert(held >= 0 && pending >= 0 && issued <= MAX_MONEY, "sums are in range");
    assert(issued === held + pending + burned, `${issued} issued, ${held} + ${pending} + ${burned} there`);
    return { issued, held, pending, burned };
  }
}

/** The state after the block, from that after its parent. */
export function applyBlock(
  state: LedgerState,
  block: Block,
  params: ChainParams,
): Result<Applied, ApplyFault> {
  const moved = applyTransactions(state, block.transactions, params);
  if (!moved.ok) return moved;
  if (!equalBytes(moved.value.state.root, block.header.stateRoot)) return fail({ code: "state-root-wrong" });
  return moved;
}

/** As {@link applyBlock}, without regard to the state root: for whoever is about to compute it. */
export function applyTransactions(
  state: LedgerState,
  transactions: readonly Transaction[],
  params: ChainParams,
): Result<Applied, ApplyFault> {
  const [coinbase] = transactions;
  assert(coinbase?.type === "coinbase", "the block begins with its coinbase");
  const work = new BlockWork(state, coinbase.height, params);
  for (const [index, tx] of transactions.entries()) {
    const fault = tx.type === "coinbase" ? null : work.apply(tx);
    if (fault !== null) return fail({ code: "transaction-inapplicable", index, fault });
  }
  return ok(work.finish(state, transactions));
}

/** The state before the block that gave this undo, from the state after it. */
export function undoBlock(state: LedgerState, undo: Undo): LedgerState {
  return state.with(undo.before);
}
