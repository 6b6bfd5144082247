/**
 * Owns who holds a name: how long a record lasts, and what commitments, claims and updates do to the state. Of two
 * claims of one name the one with the earlier commitment wins, in whatever order they come: a name can be taken from
 * its holder as long as an earlier commitment may still be opened, and not a block longer.
 */
import { assert } from "#base/assert.ts";
import type { AccountId } from "#base/brand.ts";
import type { TransactionStateFault } from "./faults.ts";
import { commitmentOf, isName } from "./names.ts";
import type { NameRules } from "./params.ts";
import { nameAt, type StateView } from "./state.ts";
import {
  type Commitment,
  commitmentKey,
  encodeCommitment,
  encodeName,
  type NameRecord,
  nameKey,
  readStateValue,
} from "./state-entries.ts";
import type { NameClaim, NameCommit, NameUpdate, SignedTransaction } from "./types.ts";
import type { WorkingState } from "./working-state.ts";

/** A name as it stands at some height. Heights are the last of each stretch. */
export interface NameStatus extends NameRecord {
  /** `contestable`: an earlier commitment may still take it. `grace`: only its owner may renew it. */
  readonly state: "contestable" | "held" | "grace";
  readonly contestableUntil: number;
  readonly heldUntil: number;
  readonly graceUntil: number;
}

/** How a record stands in the block of this height. */
export function nameStatus(record: NameRecord, names: NameRules, height: number): NameStatus {
  const contestableUntil = record.commitment.height + names.claimWithinBlocks;
  const heldUntil = record.since + names.lifeBlocks;
  const graceUntil = heldUntil + names.graceBlocks;
  const state = height > heldUntil ? "grace" : height > contestableUntil ? "held" : "contestable";
  return { ...record, state, contestableUntil, heldUntil, graceUntil };
}

/** @param height of the block that is asked about: the tip of this state, or the next. `null`: free to claim. */
export function nameRecord(
  state: StateView,
  name: string,
  names: NameRules,
  height: number,
): NameStatus | null {
  const record = isName(name) ? nameAt(state, name) : null;
  const status = record === null ? null : nameStatus(record, names, height);
  // A record whose grace is over leaves the state with the next block.
  return status === null || height > status.graceUntil ? null : status;
}

export type NameTransaction = NameCommit | NameClaim | NameUpdate;

export function isNameTransaction(tx: SignedTransaction): tx is NameTransaction {
  return tx.type === "name-commit" || tx.type === "name-claim" || tx.type === "name-update";
}

/** Where the transaction stands: height of its block, and its place there. */
export type NamePlace = Commitment;

function commitmentAt(state: StateView, account: AccountId, commitment: Uint8Array): Commitment | null {
  const value = state.get(commitmentKey(account, commitment));
  if (value === null) return null;
  const { height, index } = readStateValue(value, "commitment");
  return { height, index };
}

/** Of two commitments to a name the earlier one wins. None is earlier than itself. */
export function isEarlierCommitment(a: Commitment, b: Commitment): boolean {
  return a.height < b.height || (a.height === b.height && a.index < b.index);
}

/** `null` when the transaction can be carried out here. Changes nothing. */
export function faultOfName(
  state: StateView,
  tx: NameTransaction,
  height: number,
  names: NameRules,
): TransactionStateFault | null {
  switch (tx.type) {
    case "name-commit": {
      const standing = commitmentAt(state, tx.from, tx.commitment);
      return standing === null ? null : { code: "commitment-repeated", height: standing.height };
    }
    case "name-claim":
      return faultOfClaim(state, tx, height, names);
    default:
      return faultOfUpdate(state, tx, height, names);
  }
}

function faultOfClaim(
  state: StateView,
  tx: NameClaim,
  height: number,
  names: NameRules,
): TransactionStateFault | null {
  // One that is older than `claimWithinBlocks` has left the state.
  const commitment = commitmentAt(state, tx.from, commitmentOf(tx, tx.from));
  if (commitment === null) return { code: "commitment-unknown" };
  const earliest = commitment.height + names.claimAfterBlocks;
  if (height < earliest) return { code: "claim-too-early", earliest, height };
  const holder = nameAt(state, tx.name);
  if (holder === null || isEarlierCommitment(commitment, holder.commitment)) return null;
  return { code: "name-taken", owner: holder.owner };
}

function faultOfUpdate(
  state: StateView,
  tx: NameUpdate,
  height: number,
  names: NameRules,
): TransactionStateFault | null {
  const record = nameAt(state, tx.name);
  if (record === null) return { code: "name-unknown" };
  if (record.owner !== tx.from) return { code: "name-of-another", owner: record.owner };
  const status = nameStatus(record, names, height);
  if (status.state !== "grace" || tx.change.kind === "renew") return null;
  return { code: "name-expired", endedAt: status.heldUntil };
}

/** An entry that was made or renewed, and will expire. */
export interface Renewed {
  readonly what: "commitments" | "names";
  readonly key: Uint8Array;
}

/** Carries out what {@link faultOfName} found no fault in. @returns the entry whose time begins with this block. */
export function applyName(state: WorkingState, tx: NameTransaction, place: NamePlace): Renewed | null {
  if (tx.type === "name-commit") {
    const key = commitmentKey(tx.from, tx.commitment);
    state.set(key, encodeCommitment(place));
    return { what: "commitments", key };
  }
  const key = nameKey(tx.name);
  if (tx.type === "name-claim") {
    const commitment = commitmentAt(state, tx.from, commitmentOf(tx, tx.from));
    assert(commitment !== null, "a claim opens a commitment");
    const { name, from: owner } = tx;
    state.set(key, encodeName({ name, owner, key: tx.key, since: place.height, commitment }));
    return { what: "names", key };
  }
  const record = nameAt(state, tx.name);
  assert(record !== null, "an update is of a name that is held");
  state.set(key, encodeName(changed(record, tx, place.height)));
  return tx.change.kind === "renew" ? { what: "names", key } : null;
}

function changed(record: NameRecord, { change }: NameUpdate, height: number): NameRecord {
  switch (change.kind) {
    case "renew":
      return { ...record, since: height };
    case "key":
      return { ...record, key: change.key };
    default:
      return { ...record, owner: change.owner };
  }
}
