/**
 * Owns which commitments, claims and changes of names are worth waiting for. The rules say what is wrong with one now;
 * whether that can still mend itself is said here. Without it, a claim that lost its name would hold up all that its
 * author sends behind it until it expires.
 */
import { toHex } from "#base/bytes.ts";
import {
  type AccountView,
  type Block,
  type ChainParams,
  faultOfName,
  isNameTransaction,
  type SignedTransaction,
  type StateView,
  type Transaction,
  type TransactionStateFault,
} from "#ledger/index.ts";
import { POOL_CLAIM_EARLY_MAX_BLOCKS } from "../limits.ts";
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
  const isSoonDue =
    fault?.code === "claim-too-early" && fault.earliest - height <= POOL_CLAIM_EARLY_MAX_BLOCKS;
  return isSoonDue ? null : fault;
}

/**
 * Of what waits, that which waits for a name that is another's now, repeats a commitment that stands, or is due and came
 * too late: no later block of this branch, or none for long, will let it through.
 * @param moved what {@link noteSubjects} noted of the connected blocks.
 */
export function lostNames(
  waiting: readonly PoolEntry[],
  moved: ReadonlySet<string>,
  state: StateView & AccountView,
  height: number,
  { names }: ChainParams,
): readonly PoolEntry[] {
  return waiting.filter(({ transaction }) => {
    if (!isNameTransaction(transaction)) return false;
    const isMoved = moved.has(subjectOf(transaction) ?? "");
    // Nothing of its author comes before it any more that could make it right. A commitment is never too late: looking up
    // their authors would let thousands of them, which cost little, hold up each block.
    const isDue =
      transaction.type !== "name-commit" && transaction.seq === state.account(transaction.from).nextSeq;
    if (!isMoved && !isDue) return false;
    const code = faultOfName(state, transaction, height, names)?.code;
    return code !== undefined && ((isMoved && LOST.has(code)) || (isDue && TOO_LATE.has(code)));
  });
}

const LOST = new Set<TransactionStateFault["code"]>(["name-taken", "name-of-another", "commitment-repeated"]);
/** The commitment has left the state, or the name has: only what is signed anew can be in order again. */
const TOO_LATE = new Set<TransactionStateFault["code"]>([
  "commitment-unknown",
  "name-unknown",
  "name-expired",
]);

/** What others can be in the way of: the name, or a commitment of the same account; `null` for what is about neither. */
function subjectOf(transaction: Transaction): string | null {
  if (transaction.type === "name-commit") return `${transaction.from} ${toHex(transaction.commitment)}`;
  return "name" in transaction ? transaction.name : null;
}

/** Adds the names and commitments that a block changed. */
export function noteSubjects({ transactions }: Pick<Block, "transactions">, subjects: Set<string>): void {
  for (const transaction of transactions) {
    const subject = subjectOf(transaction);
    if (subject !== null) subjects.add(subject);
  }
}
