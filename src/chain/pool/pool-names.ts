/**
 * Owns which commitments, claims and changes of names are worth waiting for. The rules say what is wrong with one now;
 * whether that can still mend itself is said here. Without it, a claim that lost its name would hold up all that its
 * author sends behind it until it expires.
 */
import {
  type Block,
  type ChainParams,
  faultOfName,
  isNameTransaction,
  type SignedTransaction,
  type StateView,
  type TransactionStateFault,
} from "#ledger/index.ts";
import type { PoolEntry } from "../types.ts";

/** @param height of the next block. @returns why it is not to be let in; `null` for whatever is about no name. */
export function nameRefusal(
  transaction: SignedTransaction,
  state: StateView,
  height: number,
  { names }: ChainParams,
): TransactionStateFault | null {
  if (!isNameTransaction(transaction)) return null;
  const fault = faultOfName(state, transaction, height, names);
  // Tips differ by a block or two between peers: what is early here may be due there, and soon is here.
  return fault?.code === "claim-too-early" ? null : fault;
}

/**
 * Of what waits, that which waits for a name that is another's now: no later block of this branch will let it through.
 * @param connected read only where anything about a name waits.
 */
export function lostNames(
  waiting: readonly PoolEntry[],
  connected: Iterable<Pick<Block, "transactions">>,
  state: StateView,
  height: number,
  { names }: ChainParams,
): readonly PoolEntry[] {
  const ofNames = waiting.filter(({ transaction }) => "name" in transaction);
  if (ofNames.length === 0) return [];
  const moved = namesMovedBy(connected);
  return ofNames.filter(({ transaction }) => {
    if (!("name" in transaction) || !moved.has(transaction.name)) return false;
    const code = faultOfName(state, transaction, height, names)?.code;
    return code === "name-taken" || code === "name-of-another";
  });
}

/** Names whose holder the blocks changed. */
function namesMovedBy(blocks: Iterable<Pick<Block, "transactions">>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { transactions } of blocks) {
    for (const transaction of transactions) if ("name" in transaction) names.add(transaction.name);
  }
  return names;
}
