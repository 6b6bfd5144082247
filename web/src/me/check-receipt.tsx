/** Owns checking a .waybill file that somebody gave: what it shows, and what it does not. */
import { useRef } from "react";
import type { VerdictView } from "#api/views.ts";
import { client } from "../live/session.ts";
import { useAction } from "../live/use-live.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";

export function CheckReceipt() {
  const input = useRef<HTMLInputElement>(null);
  const check = useAction(async (file: File) => client.verify(new Uint8Array(await file.arrayBuffer())));
  return (
    <section aria-labelledby="check">
      <h2 id="check">Check a receipt</h2>
      <p>Anybody who was given a .waybill file can see here what it shows. Nothing is sent anywhere.</p>
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
            if (file !== undefined) check.run(file);
          }}
        />
      </p>
      <div aria-live="polite">{check.value !== undefined && <Verdict verdict={check.value} />}</div>
      <ProblemNote problem={check.problem} />
      <Command line="waybill verify FILE.waybill" elsewhere />
    </section>
  );
}

function Verdict({ verdict }: { readonly verdict: VerdictView }) {
  return (
    <div className="verdict">
      <p>
        <b className={verdict.ok ? "tone-good" : "tone-bad"}>
          <Sign name={verdict.ok ? "check" : "cross"} />{" "}
          {verdict.ok ? "This receipt holds." : "This receipt is refused."}
        </b>
      </p>
      <ProblemNote problem={verdict.problem} role="note" />
      {verdict.statements.length > 0 && (
        <>
          <h3 className="small">It shows</h3>
          <ul>
            {verdict.statements.map((statement) => (
              <li key={statement}>{statement}</li>
            ))}
          </ul>
        </>
      )}
      {verdict.limits.length > 0 && (
        <>
          <h3 className="small">It does not show</h3>
          <ul>
            {verdict.limits.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
