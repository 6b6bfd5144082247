/** Owns the words on payments of ours that were not made, and how one of them is dismissed by the beginning of its id. */
import type { WalletView } from "#api/views.ts";
import { fail, ok, type Problem, problem } from "#base/result.ts";
import type { EndedPayment, Payments } from "#chain/index.ts";
import type { AccountId } from "#ledger/index.ts";
import { locatedView, type TransactionWords } from "./chain-view.ts";
import type { Facade } from "./facade.ts";
import { ENDED_PAYMENTS_SHOWN } from "./limits.ts";

type NameOfAccount = (account: AccountId) => string | null;

/** As many digits as are shown of an id. */
const ID_DIGITS_SHOWN = 12;

/** The newest, and how many more there are. */
export function endedPaymentWarnings(
  payments: Pick<Payments, "ended">,
  nameOf: NameOfAccount,
): readonly Problem[] {
  const ended = payments.ended();
  const more = ended.length - ENDED_PAYMENTS_SHOWN;
  const shown = ended.slice(-ENDED_PAYMENTS_SHOWN).map((each) => endedProblem(each, nameOf));
  if (more <= 0) return shown;
  const told = problem(
    "payments-ended",
    `${more} earlier payments of yours were not made either.`,
    "See all of them with: waybill wallet",
  );
  return [told, ...shown];
}

function endedProblem({ id, transaction, reason }: EndedPayment, nameOf: NameOfAccount): Problem {
  const what =
    transaction.type === "transfer"
      ? `payment to ${nameOf(transaction.to) ?? `account ${transaction.to.slice(0, ID_DIGITS_SHOWN)}`}`
      : `change of the name ${transaction.name}`;
  const why =
    reason === "expired"
      ? `it was good until block ${transaction.validUntil}`
      : "another transaction of this account took its place";
  const shortId = id.slice(0, ID_DIGITS_SHOWN);
  return problem(
    "payment-ended",
    `No block here holds the ${what} (${shortId}), and none can any more: ${why}.`,
    `Make it again if it is still wanted. This line goes with: waybill wallet dismiss ${shortId}`,
  );
}

export function endedPaymentViews(
  payments: Pick<Payments, "ended">,
  words: TransactionWords,
): WalletView["ended"] {
  return payments.ended().map(({ id, transaction, bytes, reason }) => ({
    ...locatedView({ state: "pending", id, transaction, bytes, receivedMs: 0 }, words),
    state: "unknown",
    receivedMs: null,
    validUntil: transaction.validUntil,
    reason,
  }));
}

export function endedPaymentActions(payments: Payments): Pick<Facade, "dismissPayment"> {
  return {
    async dismissPayment(beginning) {
      const meant = payments.ended().filter(({ id }) => id.startsWith(beginning));
      const [first] = meant;
      if (first === undefined || meant.length > 1) {
        return fail(
          problem(
            "not-found",
            meant.length === 0
              ? "No payment that was not made has such an id."
              : "Several payments that were not made have an id that begins so.",
            "See their ids with: waybill wallet",
          ),
        );
      }
      const dismissed = payments.dismiss(first.id);
      if (dismissed.ok) return ok();
      return fail(
        problem(
          "payment-not-dismissed",
          "That this was read could not be written down, so it stays.",
          "Make room on the disk, and try again.",
        ),
      );
    },
  };
}
