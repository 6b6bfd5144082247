/** Owns checking a .waybill file that somebody gave: what it shows, what it does not, and what only the peer can add. */
import { useEffect, useRef } from "react";
import type { VerdictView } from "#api/views.ts";
import type { Problem } from "#base/result.ts";
import { client } from "../live/session.ts";
import { useAction } from "../live/use-live.ts";
import { Command } from "../shell/copy.tsx";
import { DropZone } from "../shell/drop-zone.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";
import { type Checked, checkFile } from "./check-file.ts";

export function CheckReceipt() {
  const input = useRef<HTMLInputElement>(null);
  const ask = useAction(async (file: File) => client.verify(new Uint8Array(await file.arrayBuffer())));
  /** Ends the check that runs. A file dropped meanwhile takes its place, and so does leaving the page. */
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const check = useAction(
    ({ file, signal }: { readonly file: File; readonly signal: AbortSignal }) => checkFile(file, signal),
    // What this page refuses is refused, whatever the peer would say; and where there is no block it knows no more.
    ({ verdict, file }) => verdict.height !== null && ask.run(file),
  );
  const begin = (file: File | undefined) => {
    if (file === undefined) return;
    stop.current.abort();
    stop.current = new AbortController();
    ask.clear();
    check.run({ file, signal: stop.current.signal });
  };
  return (
    <section aria-labelledby="check">
      <DropZone className="check" words="Drop to check it" onDrop={(transfer) => begin(transfer.files[0])}>
        <h2 id="check">Check a receipt</h2>
        <p>
          Anybody who was given a .waybill file can see here what it shows. Choose it, or drop it here. This
          page checks it by itself, and nothing leaves this computer.
        </p>
        <p>
          <button type="button" disabled={check.running} onClick={() => input.current?.click()}>
            {check.running ? "Checking…" : "Choose a .waybill file"}
          </button>
          <input
            ref={input}
            type="file"
            accept=".waybill"
            hidden
            data-attach="receipt"
            onChange={(event) => {
              const file = event.target.files?.[0];
              event.target.value = "";
              begin(file);
            }}
          />
        </p>
        <div aria-live="polite">
          {check.value !== undefined && (
            <Verdict
              checked={check.value}
              peer={ask.value ?? null}
              asking={ask.running}
              unasked={ask.problem}
            />
          )}
        </div>
        <ProblemNote problem={check.problem} />
        <Command line="waybill verify FILE.waybill" elsewhere />
      </DropZone>
    </section>
  );
}

function Verdict(properties: {
  readonly checked: Checked;
  /** What the peer says of the same file; `null` while it has said nothing. */
  readonly peer: VerdictView | null;
  readonly asking: boolean;
  /** Why the peer could not be asked. */
  readonly unasked: Problem | null;
}) {
  const { checked, peer, asking, unasked } = properties;
  const { verdict, grade, file } = checked;
  // A block on the peer's own chain answers what the page alone had to leave open.
  const limits =
    peer?.grade === "in-my-chain"
      ? verdict.limits.filter((limit) => peer.limits.includes(limit))
      : verdict.limits;
  // The peer knows the rules of its own network, which the page need not know: work below them is worth nothing.
  const holds = verdict.ok && peer?.ok !== false;
  const refusal = verdict.ok ? "Your peer refuses this receipt." : "This receipt is refused.";
  return (
    <div className="verdict">
      <p>
        <b className={holds ? "tone-good" : "tone-bad"}>
          <Sign name={holds ? "check" : "cross"} /> {holds ? "This receipt holds." : refusal}
        </b>
        <br />
        <span className="small soft">
          <span dir="auto">{file.name}</span>, checked by this page{verdict.ok && `: ${grade.toLowerCase()}`}.
        </span>
      </p>
      <ProblemNote problem={verdict.problem} role="note" />
      <Sentences title="It shows" sentences={verdict.statements} />
      <Sentences title="It does not show" sentences={limits} />
      <PeerPart own={verdict} peer={peer} asking={asking} unasked={unasked} />
    </div>
  );
}

/** What only the peer can know; empty for a receipt of which its ledger holds nothing. */
function PeerPart(properties: {
  readonly own: VerdictView;
  readonly peer: VerdictView | null;
  readonly asking: boolean;
  readonly unasked: Problem | null;
}) {
  const { own, peer, asking, unasked } = properties;
  if (asking) return <p className="small soft">Asking your peer what its copy of the ledger adds…</p>;
  if (unasked !== null) {
    return (
      <ProblemNote problem={unasked} role="note">
        <p className="small">So your peer adds nothing to what this page shows.</p>
      </ProblemNote>
    );
  }
  if (peer === null) return null;
  const added = [
    ...peer.statements.filter((statement) => !own.statements.includes(statement)),
    ...peer.limits.filter((limit) => !own.limits.includes(limit)),
  ];
  return (
    <>
      <Sentences title="Your peer adds, from its copy of the ledger" sentences={added} />
      <ProblemNote problem={peer.problem} role="note" />
    </>
  );
}

function Sentences({ title, sentences }: { readonly title: string; readonly sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <>
      <h3 className="small">{title}</h3>
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </>
  );
}
