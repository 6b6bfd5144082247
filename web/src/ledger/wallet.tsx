/** Owns the own coins: what there is, what comes, paying somebody, and the last payments. */
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import type { PersonView, TransactionView, WalletView } from "#api/views.ts";
import { client } from "../live/session.ts";
import { problemOf, queries, useAction, useDesk, useWallet } from "../live/use-live.ts";
import { countOf, formatAmount, parseAmount } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";
import { TransactionLine, TYPE_WORDS, useAccountName } from "./transaction-line.tsx";

/** Payments shown at once; more on demand. */
const RECENT_SHOWN = 5;

export function Wallet() {
  const { status } = useDesk();
  const { data: wallet, error } = useWallet();
  const balance = wallet?.balance ?? status.balance;
  const held = wallet === undefined ? 0 : wallet.balance - wallet.spendable;
  const coming = wallet?.pendingRewards ?? [];
  return (
    <section className="side-card" aria-labelledby="wallet">
      <h2 id="wallet">My coins</h2>
      <p className="balance mono">{formatAmount(balance, status.coin)}</p>
      {held > 0 && (
        <p className="small soft">
          {formatAmount(wallet?.spendable ?? 0, status.coin)} to spend; {formatAmount(held, status.coin)} is
          on its way out.
        </p>
      )}
      {coming.length > 0 && (
        <p className="small soft">
          {formatAmount(
            coming.reduce((sum, { amount }) => sum + amount, 0),
            status.coin,
          )}{" "}
          from {countOf(coming.length, "found block")} is paid out from block{" "}
          <span className="mono">{Math.min(...coming.map(({ paidAtHeight }) => paidAtHeight))}</span> on.
        </p>
      )}
      <HeldBack transactions={wallet?.heldBack ?? []} />
      <NotMade payments={wallet?.ended ?? []} />
      <ProblemNote problem={problemOf(error)} role="note" />
      <Pay />
      {wallet !== undefined && wallet.recent.length > 0 && (
        <details>
          <summary className="small">Last payments</summary>
          <ul className="lines">
            {wallet.recent.slice(0, RECENT_SHOWN * 2).map((transaction) => (
              <li key={transaction.id}>
                <TransactionLine transaction={transaction} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

/** Why it is held back, in a few words. */
const HELD_BACK_WORDS: Readonly<Record<WalletView["heldBack"][number]["why"], string>> = {
  cover: "your balance does not cover it now",
  room: "as many wait as may",
  order: "an earlier one of yours has to come first",
  tip: "the ledger here has yet to catch up",
};

function HeldBack({ transactions }: { readonly transactions: WalletView["heldBack"] }) {
  if (transactions.length === 0) return null;
  return (
    <section aria-labelledby="held-back">
      <h3 id="held-back" className="small tone-waiting">
        <Sign name="waits" /> Held back
      </h3>
      <p className="small soft">
        Another branch of the ledger won, which gave this back. It goes out again by itself.
      </p>
      <ul className="lines">
        {transactions.map((transaction) => (
          <li key={transaction.id}>
            <HeldBackLine transaction={transaction} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function NotMade({ payments }: { readonly payments: WalletView["ended"] }) {
  if (payments.length === 0) return null;
  return (
    <section aria-labelledby="ended">
      <h3 id="ended" className="small tone-bad">
        <Sign name="alert" /> Not made
      </h3>
      <p className="small soft">
        No block holds this, and none can any more. Make it again if it is still wanted.
      </p>
      <ul className="lines">
        {payments.map((payment) => (
          <li key={payment.id}>
            <Ended payment={payment} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** No link: while it waits so, the ledger does not know it. */
function HeldBackLine({ transaction }: { readonly transaction: WalletView["heldBack"][number] }) {
  const { coin } = useDesk().status;
  const nameOf = useAccountName();
  const { type, to, toName, amount, validUntil, why } = transaction;
  return (
    <p className="line">
      <span className="line-words">
        <span>{TYPE_WORDS[type]}</span>
        <span className="small soft" dir="auto">
          {to !== null && `to ${nameOf(to, toName)}: `}
          {HELD_BACK_WORDS[why]}; good until block {validUntil}
        </span>
      </span>
      {amount !== null && <span className="mono small line-amount">{formatAmount(amount, coin)}</span>}
    </p>
  );
}

function Ended({ payment }: { readonly payment: WalletView["ended"][number] }) {
  const { coin } = useDesk().status;
  const nameOf = useAccountName();
  const dismiss = useAction(
    (id: string) => client.dismissPayment(id),
    () => void queries.invalidateQueries({ queryKey: ["wallet"] }),
  );
  const { id, type, to, toName, amount, name, validUntil, reason } = payment;
  return (
    <>
      <p className="line">
        <span className="line-words">
          <span>{TYPE_WORDS[type]}</span>
          <span className="small soft" dir="auto">
            {name !== null && <bdi>{name}, </bdi>}
            {to !== null && `to ${nameOf(to, toName)}, `}
            {reason === "expired"
              ? `was good until block ${validUntil}`
              : "another transaction took its place"}
          </span>
        </span>
        {amount !== null && <span className="mono small line-amount">{formatAmount(amount, coin)}</span>}
      </p>
      <button
        type="button"
        className="button-small"
        disabled={dismiss.running}
        onClick={() => dismiss.run(id)}
      >
        I have read this
      </button>
      <ProblemNote problem={dismiss.problem} role="note" />
    </>
  );
}

function Pay() {
  const { status, people } = useDesk();
  const [to, setTo] = useState("");
  const [amount, setAmount] = useState("");
  const names = useId();
  const units = parseAmount(amount, status.coin);
  const wrong = amount !== "" && units === null;
  const pay = useAction(
    (order: { readonly to: string; readonly units: number }) => client.pay(order.to, order.units),
    () => {
      setAmount("");
      void queries.invalidateQueries({ queryKey: ["wallet"] });
    },
  );
  return (
    <form
      className="stack"
      aria-label="Pay somebody"
      onSubmit={(event) => {
        event.preventDefault();
        if (units !== null) pay.run({ to: meant(people, to.trim()), units });
      }}
    >
      <div className="pay">
        <label className="field">
          <span>Pay whom</span>
          <input
            value={to}
            onChange={(event) => setTo(event.target.value)}
            list={names}
            placeholder="name or key"
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <datalist id={names}>
          {people.map(({ peerId, name }) => (
            <option key={peerId} value={name} />
          ))}
        </datalist>
        <label className="field">
          <span>How much, {status.coin.symbol}</span>
          <input
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
            inputMode="decimal"
            placeholder="0.00"
            autoComplete="off"
            aria-invalid={wrong}
          />
        </label>
        <button
          type="submit"
          className="button-main"
          disabled={to.trim() === "" || units === null || pay.running}
        >
          Pay
        </button>
      </div>
      {wrong && (
        <p className="small tone-bad" role="alert">
          <Sign name="alert" /> This is no amount. Write coins like 1 or 0.25.
        </p>
      )}
      <ProblemNote problem={pay.problem} />
      {pay.value !== undefined && <Paid payment={pay.value} />}
      <Command line="waybill wallet pay WHO AMOUNT" />
    </form>
  );
}

function Paid({ payment }: { readonly payment: TransactionView }) {
  const { coin } = useDesk().status;
  return (
    <p className="small" role="status">
      <Sign name="check" /> Paid {formatAmount(payment.amount ?? 0, coin)}.{" "}
      <Link to="/ledger/transaction/$id" params={{ id: payment.id }}>
        See the payment
      </Link>
      ; it counts once a block holds it.
    </p>
  );
}

/** The key of the only person of that name, which the name alone would not say if another one came to claim it. */
function meant(people: readonly PersonView[], to: string): string {
  const named = people.filter(({ name }) => name === to);
  return named.length === 1 ? (named[0]?.peerId ?? to) : to;
}
