/** Owns the switch for mining, and why it works or rests. */
import type { Desk } from "../live/desk.ts";
import { client } from "../live/session.ts";
import { queries, useAction, useDesk } from "../live/use-live.ts";
import { countOf, formatHashRate } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";

export function Mining() {
  const { status } = useDesk();
  const { mining } = status;
  const turn = useAction(
    (mode: "on" | "off") => client.setMining(mode),
    (changed) =>
      queries.setQueryData<Desk>(
        ["desk"],
        (desk) => desk && { ...desk, status: { ...desk.status, mining: changed } },
      ),
  );
  const on = (turn.asked ?? mining.mode) === "on";
  return (
    <section className="side-card" aria-labelledby="mining">
      <div className="side-head">
        <h2 id="mining">Mining</h2>
        <button
          type="button"
          role="switch"
          aria-checked={on}
          aria-label="Mining"
          className="switch"
          disabled={turn.running}
          onClick={() => turn.run(on ? "off" : "on")}
        >
          <span className="switch-track" aria-hidden="true" />
          {on ? "on" : "off"}
        </button>
      </div>
      {mining.active ? (
        <p>
          Works at <b className="mono">{formatHashRate(mining.hashesPerSecond)}</b>
        </p>
      ) : (
        <p className="small soft">
          {mining.reason?.cause ?? (on ? "Rests: nothing waits." : "Switched off by you.")}
        </p>
      )}
      <p className="small soft">{countOf(mining.blocksMined, "block")} of the ledger found here.</p>
      <ProblemNote problem={turn.problem} />
      <Command line={`waybill mine ${on ? "off" : "on"}`} />
    </section>
  );
}
