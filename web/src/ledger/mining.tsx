/** Owns the switch for mining, why it works or rests, and how much of this computer it takes. */
import { useId } from "react";
import type { MiningChanges, MiningView } from "#api/views.ts";
import type { Desk } from "../live/desk.ts";
import { client } from "../live/session.ts";
import { queries, useAction, useDesk } from "../live/use-live.ts";
import { countOf, formatHashRate, formatSpan, formatWait } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";

const MS_PER_SECOND = 1000;
const DUTIES = [10, 25, 50, 75, 100];
const COUNTS = [1, 4, 10, 50, 200];
const WAITS = [0, 5, 15, 60, 300];

export function Mining() {
  const { status } = useDesk();
  const { mining } = status;
  const turn = useAction(
    (changes: MiningChanges) => client.setMining(changes),
    (changed) =>
      queries.setQueryData<Desk>(
        ["desk"],
        (desk) => desk && { ...desk, status: { ...desk.status, mining: changed } },
      ),
  );
  const shown = { ...mining, ...turn.asked };
  const on = shown.mode !== "off";
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
          onClick={() => turn.run({ mode: on ? "off" : "on" })}
        >
          <span className="switch-track" aria-hidden="true" />
          {on ? "on" : "off"}
        </button>
      </div>
      <Doing mining={mining} />
      <p className="small soft">{countOf(mining.blocksMined, "block")} of the ledger found here.</p>
      <Effort mining={shown} running={turn.running} change={turn.run} />
      <ProblemNote problem={turn.problem} />
      <Command line={`waybill mine ${on ? "off" : "on"}`} />
    </section>
  );
}

function Doing({ mining }: { readonly mining: MiningView }) {
  const { active, hashesPerSecond, expectedBlockSeconds, reason, mode } = mining;
  if (!active) {
    const rests = mode === "off" ? "Switched off by you." : "Rests: nothing waits.";
    return <p className="small soft">{reason?.cause ?? rests}</p>;
  }
  return (
    <p>
      Works at <b className="mono">{formatHashRate(hashesPerSecond)}</b>
      {expectedBlockSeconds !== null && (
        <span className="small soft">
          , which alone finds a block every {formatWait(expectedBlockSeconds)}
        </span>
      )}
    </p>
  );
}

interface EffortProps {
  readonly mining: MiningView;
  readonly running: boolean;
  readonly change: (changes: MiningChanges) => void;
}

function Effort({ mining, running, change }: EffortProps) {
  const { mode, threads, cores, dutyPercent, afterCount, afterSeconds, onBattery } = mining;
  const always = mode === "always";
  return (
    <details className="effort">
      <summary>When, and with how much of this computer</summary>
      <div className="effort-fields">
        <Choice
          label="Threads"
          value={threads}
          values={Array.from({ length: cores }, (_, at) => at + 1)}
          words={(value) => `${value} of ${countOf(cores, "core")}`}
          disabled={running}
          choose={(value) => change({ threads: value })}
        />
        <Choice
          label="They work"
          value={dutyPercent}
          values={DUTIES}
          words={(value) => `${value} % of the time`}
          disabled={running}
          choose={(value) => change({ dutyPercent: value })}
        />
        <Choice
          label="Mine once"
          value={afterCount}
          values={COUNTS}
          words={(value) => `${countOf(value, "transaction")} wait${value === 1 ? "s" : ""}`}
          disabled={running || always}
          choose={(value) => change({ afterCount: value })}
        />
        <Choice
          label="or the first has waited"
          value={afterSeconds}
          values={WAITS}
          words={(value) => (value === 0 ? "not at all" : formatSpan(value * MS_PER_SECOND))}
          disabled={running || always}
          choose={(value) => change({ afterSeconds: value })}
        />
        <Tick
          label="Also while nothing waits"
          checked={always}
          disabled={running || mode === "off"}
          set={(checked) => change({ mode: checked ? "always" : "on" })}
        />
        <Tick
          label="Also on battery"
          checked={onBattery}
          disabled={running}
          set={(checked) => change({ onBattery: checked })}
        />
      </div>
      <p className="small soft">{POWER_WORDS[mining.power]}</p>
    </details>
  );
}

const POWER_WORDS: Readonly<Record<MiningView["power"], string>> = {
  mains: "This computer is plugged in now.",
  battery: "This computer runs on its battery now.",
  unknown: "This system does not say whether it runs on a battery.",
};

interface ChoiceProps {
  readonly label: string;
  readonly value: number;
  readonly values: readonly number[];
  readonly words: (value: number) => string;
  readonly disabled: boolean;
  readonly choose: (value: number) => void;
}

/** A value set elsewhere, which is none of the usual, is offered as well. */
function Choice({ label, value, values, words, disabled, choose }: ChoiceProps) {
  const id = useId();
  const offered = [...new Set([...values, value])].toSorted((one, other) => one - other);
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => choose(Number(event.currentTarget.value))}
      >
        {offered.map((each) => (
          <option key={each} value={each}>
            {words(each)}
          </option>
        ))}
      </select>
    </>
  );
}

interface TickProps {
  readonly label: string;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly set: (checked: boolean) => void;
}

function Tick({ label, checked, disabled, set }: TickProps) {
  return (
    <label className="choice effort-tick">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => set(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}
