/**
 * Owns the word on payments of ours that a reorganisation left without cover, and that then ended: their time was over, or
 * a later one of ours took their place. They were not made, and somebody should know. Since the start of the process; the
 * newest few.
 */
import type { TxId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import { type Problem, problem } from "#base/result.ts";
import type { Wallet } from "#chain/index.ts";
import type { AccountId, SignedTransaction } from "#ledger/index.ts";
import { ENDED_PAYMENTS_SHOWN } from "./limits.ts";

export interface EndedPayments {
  /** The newest last. */
  warnings(): readonly Problem[];
  close: Unsubscribe;
}

/** @param nameOf what the person is called here whose account it is; `null` for a stranger. */
export function followEndedPayments(
  wallet: Pick<Wallet, "subscribe" | "uncovered">,
  nameOf: (account: AccountId) => string | null,
): EndedPayments {
  const waiting = new Map<TxId, SignedTransaction>();
  const ended: Problem[] = [];
  const close = wallet.subscribe((event) => {
    if (event.type === "CoverLost") {
      const entry = wallet.uncovered().find(({ id }) => id === event.id);
      if (entry !== undefined) waiting.set(event.id, entry.transaction);
    } else if (event.type === "CoverFound" || event.type === "UncoveredGone") {
      const transaction = waiting.get(event.id);
      waiting.delete(event.id);
      if (event.type === "CoverFound" || transaction === undefined) return;
      ended.push(endedProblem(event.id, transaction, nameOf));
      if (ended.length > ENDED_PAYMENTS_SHOWN) ended.shift();
    }
  });
  return { warnings: () => ended, close };
}

function endedProblem(
  id: TxId,
  transaction: SignedTransaction,
  nameOf: (account: AccountId) => string | null,
): Problem {
  const what =
    transaction.type === "transfer"
      ? `A payment to ${nameOf(transaction.to) ?? `account ${transaction.to.slice(0, 12)}`}`
      : "A transaction";
  return problem(
    "payment-ended",
    `${what} (${id.slice(0, 12)}) was not made: another branch of the ledger took the coins it was to be paid from, and by now it can no longer be made as it was signed.`,
    "Make it again if it is still wanted; see: waybill wallet",
  );
}
