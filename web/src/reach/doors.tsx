/** Owns who may connect: the mode, the two lists, and what was refused since the start. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { DoorsChange } from "#api/client.ts";
import type { DoorsView } from "#api/views.ts";
import { valueIn } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { problemOf, queries, useAction } from "../live/use-live.ts";
import { countOf } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { refusalWords } from "./refusal-words.ts";

/** How often the counts are read while they are looked at. */
const READ_PERIOD_MS = 5_000;
const KEY = ["doors"];

const MODE_WORDS = {
  open: ["Open", "Others call your peer straight, where your router and firewall let them."],
  "outbound-only": [
    "Outbound only",
    "Nothing listens. Others come over a relay that your peer called; what is sent goes straight where it can.",
  ],
  "no-inbound": ["Nobody comes in", "Only connections that your peer began are used."],
} as const satisfies Record<DoorsView["mode"], readonly [string, string]>;

export function Doors() {
  const { data: doors, error } = useQuery({
    queryKey: KEY,
    queryFn: async () => valueIn(await client.doors()),
    refetchInterval: READ_PERIOD_MS,
    refetchOnMount: "always",
  });
  return (
    <section aria-labelledby="doors" className="doors">
      <h2 id="doors">Doors</h2>
      <ProblemNote problem={problemOf(error)} role="note" />
      {doors === undefined && error === null && <p>Reading who may connect…</p>}
      {doors !== undefined && <OpenDoors doors={doors} />}
    </section>
  );
}

function OpenDoors({ doors }: { readonly doors: DoorsView }) {
  return (
    <>
      <p>
        {doors.privateNetwork
          ? "This is a private network: only holders of its key connect at all."
          : "Who connects is proven by a key; who may, is said here."}
      </p>
      <Mode mode={doors.mode} />
      <Entries
        title="Only these may connect"
        none="Everybody may, but for those below."
        entries={doors.allow}
        change={(allow) => ({ allow })}
      />
      <Entries
        title="These may not"
        none="Nobody is kept out."
        entries={doors.block}
        change={(block) => ({ block })}
      />
      <Refused refused={doors.refused} />
      <Command line="waybill doors" />
    </>
  );
}

function useChange(onDone?: () => void) {
  return useAction(
    (change: DoorsChange) => client.setDoors(change),
    (doors) => {
      queries.setQueryData<DoorsView>(KEY, { ...doors });
      onDone?.();
    },
  );
}

function Mode({ mode }: { readonly mode: DoorsView["mode"] }) {
  const choose = useChange();
  return (
    <fieldset>
      <legend>
        <h3>Who calls whom</h3>
      </legend>
      {(["open", "outbound-only", "no-inbound"] as const).map((each) => (
        <label className="choice" key={each}>
          <input
            type="radio"
            name="mode"
            checked={(choose.asked?.mode ?? mode) === each}
            onChange={() => choose.run({ mode: each })}
          />
          <span>
            {MODE_WORDS[each][0]}
            <span className="choice-words">{MODE_WORDS[each][1]}</span>
          </span>
        </label>
      ))}
      {choose.done && (
        <p className="small" role="status">
          Kept, and in force. Ports are opened or closed when your peer starts next.
        </p>
      )}
      <ProblemNote problem={choose.problem} />
    </fieldset>
  );
}

function Entries(properties: {
  readonly title: string;
  readonly none: string;
  readonly entries: readonly string[];
  readonly change: (entries: readonly string[]) => DoorsChange;
}) {
  const { title, none, entries, change } = properties;
  const [entry, setEntry] = useState("");
  const set = useChange(() => setEntry(""));
  const wanted = entry.trim();
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        set.run(change([...entries, wanted]));
      }}
    >
      <h3>{title}</h3>
      {entries.length === 0 ? (
        <p className="small soft">{none}</p>
      ) : (
        <ul className="door-entries">
          {entries.map((each) => (
            <li key={each}>
              <code>{each}</code>
              <button
                type="button"
                className="button-quiet"
                aria-label={`Remove ${each}`}
                disabled={set.running}
                onClick={() => set.run(change(entries.filter((other) => other !== each)))}
              >
                remove
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="row-field">
        <label className="field">
          <span>Key of a peer, address, or range of addresses</span>
          <input
            value={entry}
            onChange={(event) => setEntry(event.target.value)}
            placeholder="192.168.1.0/24"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" disabled={set.running || wanted === "" || entries.includes(wanted)}>
          Add
        </button>
      </div>
      <ProblemNote problem={set.problem} />
    </form>
  );
}

function Refused({ refused }: { readonly refused: DoorsView["refused"] }) {
  const reasons = Object.entries(refused).filter(([, count]) => count > 0);
  return (
    <div className="stack">
      <h3>Refused since the start</h3>
      {reasons.length === 0 ? (
        <p className="small soft">Nothing.</p>
      ) : (
        <dl className="facts">
          {reasons.map(([reason, count]) => (
            <div key={reason} className="fact">
              <dt>{refusalWords(reason)}</dt>
              <dd className="mono">{countOf(count, "time")}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
