/** Owns the place Ledger: the tip and the stack of blocks as they come, and beside it coins, mining, race and what waits. */

import { useDesk, useTitle } from "../live/use-live.ts";
import { countOf } from "../look/format.ts";
import { ProblemNote } from "../shell/problem.tsx";
import { BlockStack } from "./block-stack.tsx";
import { Cosigners } from "./cosigners.tsx";
import { Find } from "./find.tsx";
import { Mining } from "./mining.tsx";
import { Names } from "./names.tsx";
import { Race } from "./race.tsx";
import { SyncLines } from "./sync-lines.tsx";
import { Waiting } from "./waiting.tsx";
import { Wallet } from "./wallet.tsx";
import "./ledger.css";

/** Warnings of the peer for which what is shown here may not be what others have. */
const STANDS_STILL: ReadonlySet<string> = new Set([
  "ledger-not-written",
  "clock-differs",
  "blocks-nowhere",
  "history-wrong",
]);

export function LedgerPlace() {
  const { status } = useDesk();
  const { chain } = status;
  useTitle("Ledger");
  return (
    <div className="ledger">
      <header className="ledger-head">
        <h1>Ledger</h1>
        <p className="small soft">
          Network “{chain.networkName}”, {countOf(chain.tip.height, "block")} after the first
        </p>
        <SyncLines sync={chain.sync} />
        <Find />
      </header>
      {status.warnings
        .filter(({ code }) => STANDS_STILL.has(code))
        .map((warning) => (
          <ProblemNote key={warning.code} problem={warning} role="note" />
        ))}
      <div className="ledger-columns">
        <section className="ledger-stack" aria-label="Blocks">
          <BlockStack />
        </section>
        <div className="ledger-side">
          <Wallet />
          <Mining />
          <Race />
          <Waiting />
          <Cosigners />
          <Names />
        </div>
      </div>
    </div>
  );
}
