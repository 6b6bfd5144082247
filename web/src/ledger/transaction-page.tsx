/** Owns the page of one transaction, drawn as a slip: what it does, and the stamp once a block holds it. */
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { TransactionView } from "#api/views.ts";
import { useDesk, useTitle, useTransaction } from "../live/use-live.ts";
import { formatAmount, formatBytes, formatExact } from "../look/format.ts";
import { Copyable } from "../shell/copy.tsx";
import { Sign } from "../shell/sign.tsx";
import { Stamp } from "../slip/stamp.tsx";
import { LookUpSheet } from "./look-up-sheet.tsx";
import { standingWords } from "./standing.ts";
import { TYPE_WORDS, useAccountName } from "./transaction-line.tsx";
import "../slip/slip.css";
import "../slip/slip-place.css";

const STATE_WORDS = {
  pending: ["waits", "waits for a block"],
  confirmed: ["check", "recorded"],
  unknown: ["asks", "held by no block that this peer knows"],
} as const;

export function TransactionPage() {
  const { id = "" } = useParams({ strict: false });
  const query = useTransaction(id);
  useTitle("Transaction");
  return (
    <LookUpSheet name="Transaction" query={query}>
      {(transaction) => <OneTransaction transaction={transaction} />}
    </LookUpSheet>
  );
}

function OneTransaction({ transaction }: { readonly transaction: TransactionView }) {
  const { status } = useDesk();
  const nameOf = useAccountName();
  const { type, from, fromName, to, toName, amount, height, blockId, state } = transaction;
  const anchor =
    height === null
      ? null
      : { txId: transaction.id, blockId, height, confirmations: transaction.confirmations, timeMs: null };
  return (
    <>
      <div className="sheet-slip">
        <article className="slip slip-files" aria-label="Transaction">
          <div className="slip-body">
            <p className="slip-head small">
              <span className="slip-way">
                {from !== null && `${nameOf(from, fromName)} `}
                {to !== null && (
                  <>
                    <Sign name="arrow" says="to" /> {nameOf(to, toName)}
                  </>
                )}
              </span>
            </p>
            <h1 className="slip-title">{TYPE_WORDS[type]}</h1>
            {transaction.name !== null && (
              <p className="mono">
                <bdi>{transaction.name}</bdi>
              </p>
            )}
            {amount !== null && <p className="balance mono">{formatAmount(amount, status.coin)}</p>}
            {transaction.root !== null && (
              <p className="small soft">
                One number that stands for a batch of receipts. Who sent what to whom is not in the ledger.
              </p>
            )}
            <p className={`small tone-${state === "confirmed" ? "good" : "waiting"}`}>
              <Sign name={STATE_WORDS[state][0]} /> {STATE_WORDS[state][1]}
              {state === "confirmed" && `, ${standingWords(transaction.standing, transaction.confirmations)}`}
            </p>
          </div>
          <div className="slip-stub">
            <Stamp slipId={transaction.id} anchor={anchor} ended={false} size={96} />
          </div>
        </article>
      </div>
      <Fields transaction={transaction} />
    </>
  );
}

function Fields({ transaction }: { readonly transaction: TransactionView }) {
  const { coin } = useDesk().status;
  const { from, to, height, blockId, seq, root, receivedMs } = transaction;
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">Its fields</h2>
      <dl className="facts">
        <Field name="Id">
          <Copyable text={transaction.id} what="transaction id" />
        </Field>
        {height !== null && (
          <Field name="Block">
            <Link to="/ledger/block/$id" params={{ id: blockId ?? String(height) }} className="mono">
              {height}
            </Link>
          </Field>
        )}
        {from !== null && (
          <Field name="From">
            <Copyable text={from} what="account of the payer" short />
          </Field>
        )}
        {to !== null && (
          <Field name="To">
            <Copyable text={to} what="account of the receiver" short />
          </Field>
        )}
        <Field name="Fee">
          <span className="mono">{formatAmount(transaction.fee, coin)}</span>
        </Field>
        {transaction.burned > 0 && (
          <Field name="Price, which nobody receives">
            <span className="mono">{formatAmount(transaction.burned, coin)}</span>
          </Field>
        )}
        {transaction.nameKey !== null && (
          <Field name="The name stands for">
            <Copyable text={transaction.nameKey} what="key that the name stands for" short />
          </Field>
        )}
        {seq !== null && (
          <Field name="Place among the payer’s transactions">
            <span className="mono">{seq}</span>
          </Field>
        )}
        {root !== null && (
          <Field name="Root of the batch">
            <code>{root}</code>
          </Field>
        )}
        <Field name="Size">
          <span className="mono">{formatBytes(transaction.bytes)}</span>
        </Field>
        {receivedMs !== null && <Field name="Seen here">{formatExact(receivedMs)}</Field>}
      </dl>
    </section>
  );
}

function Field({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
