/** Says what a transaction does in one line that leads to it. */
import { Link } from "@tanstack/react-router";
import type { StandingView, TransactionView } from "#api/views.ts";
import type { AccountId } from "#base/brand.ts";
import { useDesk } from "../live/use-live.ts";
import { countOf, formatAmount, shortenKey } from "../look/format.ts";
import { Sign } from "../shell/sign.tsx";

export const TYPE_WORDS: Readonly<Record<TransactionView["type"], string>> = {
  coinbase: "Reward",
  transfer: "Payment",
  anchor: "Receipts",
  "stamped-anchor": "Receipts, free",
  "name-commit": "Reservation of a name",
  "name-claim": "Name",
  "name-update": "Change of a name",
};

/** The name of one end of a transaction. */
export function useAccountName(): (account: AccountId | null, name: string | null) => string {
  const { status } = useDesk();
  return (account, name) => {
    if (account === null) return "nobody";
    return account === status.account ? "you" : (name ?? shortenKey(account, 6, 4));
  };
}

export function TransactionLine({ transaction }: { readonly transaction: TransactionView }) {
  const { status } = useDesk();
  const nameOf = useAccountName();
  const { type, from, fromName, to, toName, amount, name, standing } = transaction;
  const isOfName = type === "name-commit" || type === "name-claim" || type === "name-update";
  return (
    <Link to="/ledger/transaction/$id" params={{ id: transaction.id }} className="line">
      <span className="line-words">
        <span>{TYPE_WORDS[type]}</span>
        <span className="small soft" dir="auto">
          {type === "transfer" && (
            <>
              {nameOf(from, fromName)} <Sign name="arrow" says="to" /> {nameOf(to, toName)}
            </>
          )}
          {isOfName && (
            <>
              {name !== null && <bdi>{name}</bdi>} by {nameOf(from, fromName)}
              {to !== null && `, now of ${nameOf(to, toName)}`}
            </>
          )}
          {type === "coinbase" && `to ${nameOf(to, toName)}`}
          {(type === "anchor" || type === "stamped-anchor") && `recorded by ${nameOf(from, fromName)}`}
          {standing !== null && <Firmness standing={standing} confirmations={transaction.confirmations} />}
        </span>
      </span>
      {amount !== null && <span className="mono small line-amount">{formatAmount(amount, status.coin)}</span>}
    </Link>
  );
}

/** In lists, in a few words; the page of the transaction says more. */
function Firmness({
  standing: { cosigned },
  confirmations,
}: {
  readonly standing: StandingView;
  readonly confirmations: number;
}) {
  return cosigned === null ? (
    `, ${countOf(confirmations, "confirmation")}`
  ) : (
    <>
      , <Sign name="checks" /> final, {cosigned.signed} of {cosigned.of}
    </>
  );
}
