/** Shows the transactions that wait for a block. */
import { waitingCount } from "../live/desk.ts";
import { useDesk } from "../live/use-live.ts";
import { Command } from "../shell/copy.tsx";
import { TransactionLine } from "./transaction-line.tsx";

/** Lines shown; the count says how many there are. */
const SHOWN_MAX = 20;

export function Waiting() {
  const desk = useDesk();
  const { pending } = desk;
  const count = waitingCount(desk);
  return (
    <section className="side-card" aria-labelledby="waiting">
      <div className="side-head">
        <h2 id="waiting">What waits</h2>
        <span className="mono small soft">{count}</span>
      </div>
      {pending.length === 0 ? (
        <p className="small soft">
          Nothing waits for a block. Receipts and payments appear here until one holds them.
        </p>
      ) : (
        <ul className="lines">
          {pending.slice(0, SHOWN_MAX).map((transaction) => (
            <li key={transaction.id}>
              <TransactionLine transaction={transaction} />
            </li>
          ))}
        </ul>
      )}
      {count > SHOWN_MAX && <p className="small soft">and {count - SHOWN_MAX} more</p>}
      <Command line="waybill chain pending" />
    </section>
  );
}
