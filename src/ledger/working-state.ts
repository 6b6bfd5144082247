/** Owns entries of the state being changed on top of others that stay as they are. Mutable; for one block. */
import { assert } from "#base/assert.ts";
import type { AccountId } from "#base/brand.ts";
import { compareBytes, equalBytes, toHex } from "#base/bytes.ts";
import { MAX_MONEY } from "./params.ts";
import { type AccountView, accountOf, accountValue, type StateView } from "./state.ts";
import { accountKey } from "./state-entries.ts";
import type { TreeChange } from "./state-tree.ts";
import type { Account } from "./types.ts";

interface TouchedAccount {
  readonly key: Uint8Array;
  readonly before: Account;
  after: Account;
}

interface TouchedEntry {
  readonly key: Uint8Array;
  readonly before: Uint8Array | null;
  after: Uint8Array | null;
}

/** What changed, and how it was before; both in the order of their keys, the same keys in both. */
export interface StateDifference {
  readonly before: readonly TreeChange[];
  readonly after: readonly TreeChange[];
}

export class WorkingState implements AccountView, StateView {
  readonly #base: StateView;
  /** Accounts are read and written most, so they stay decoded. */
  readonly #accounts = new Map<AccountId, TouchedAccount>();
  readonly #entries = new Map<string, TouchedEntry>();

  constructor(base: StateView) {
    this.#base = base;
  }

  account(id: AccountId): Account {
    return this.#touchAccount(id).after;
  }

  setAccount(id: AccountId, account: Account): void {
    this.#touchAccount(id).after = account;
  }

  credit(id: AccountId, amount: number): void {
    const touched = this.#touchAccount(id);
    const { balance, nextSeq } = touched.after;
    // No more than 2^53 - 1 is ever issued, so no balance can pass it.
    assert(amount <= MAX_MONEY - balance, "a balance stays below 2^53");
    touched.after = { balance: balance + amount, nextSeq };
  }

  /** Of entries that are no accounts. */
  get(key: Uint8Array): Uint8Array | null {
    const touched = this.#entries.get(toHex(key));
    return touched === undefined ? this.#base.get(key) : touched.after;
  }

  /** For entries that are no accounts; `null` takes one out. */
  set(key: Uint8Array, value: Uint8Array | null): void {
    const hex = toHex(key);
    const touched = this.#entries.get(hex);
    if (touched !== undefined) touched.after = value;
    else this.#entries.set(hex, { key, before: this.#base.get(key), after: value });
  }

  /** How much more, or less, all accounts hold together. */
  heldChange(): number {
    // Apart: each sum stays exact, where a running total might pass 2^53 on the way.
    let [before, after] = [0, 0];
    for (const touched of this.#accounts.values()) {
      before += touched.before.balance;
      after += touched.after.balance;
    }
    return after - before;
  }

  difference(): StateDifference {
    const changed: { key: Uint8Array; before: Uint8Array | null; after: Uint8Array | null }[] = [];
    for (const { key, before, after } of this.#accounts.values()) {
      if (before.balance === after.balance && before.nextSeq === after.nextSeq) continue;
      changed.push({ key, before: accountValue(before), after: accountValue(after) });
    }
    for (const entry of this.#entries.values()) if (!isSame(entry)) changed.push(entry);
    changed.sort((a, b) => compareBytes(a.key, b.key));
    return {
      before: changed.map(({ key, before }) => ({ key, value: before })),
      after: changed.map(({ key, after }) => ({ key, value: after })),
    };
  }

  #touchAccount(id: AccountId): TouchedAccount {
    const known = this.#accounts.get(id);
    if (known !== undefined) return known;
    const key = accountKey(id);
    const before = accountOf(this.#base.get(key));
    const touched = { key, before, after: before };
    this.#accounts.set(id, touched);
    return touched;
  }
}

function isSame({ before, after }: TouchedEntry): boolean {
  return before === null || after === null ? before === after : equalBytes(before, after);
}
