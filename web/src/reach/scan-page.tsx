/** Owns looking for peers at the ports of a computer or a range of them. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ScanView } from "#api/views.ts";
import { keepPerson } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { useAction, useTitle } from "../live/use-live.ts";
import { countOf, formatSpan } from "../look/format.ts";
import { Identicon } from "../person/identicon.tsx";
import { Presence } from "../person/presence.tsx";
import { Command, quoted } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { BackLink, Sheet } from "../shell/sheet.tsx";
import "./reach.css";

export function ScanPage() {
  useTitle("Look around");
  const [target, setTarget] = useState("");
  const [ports, setPorts] = useState("");
  const scan = useAction(
    () => {
      const wanted = ports.trim();
      return client.scan(target.trim(), wanted === "" ? undefined : wanted);
    },
    ({ people }) => {
      for (const { person } of people) keepPerson(person);
    },
  );
  return (
    <Sheet back={<BackLink to="/people">People</BackLink>}>
      <h1>Look around</h1>
      <p>
        Calls each port of a computer, or of a range of them, and says who of Waybill answers. Look only where
        you may: administrators see this and may ask why.
      </p>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          scan.run(undefined);
        }}
      >
        <div className="scan-fields">
          <label className="field">
            <span>Computer or range</span>
            <input
              value={target}
              onChange={(event) => setTarget(event.target.value)}
              placeholder="192.168.1.0/24"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
            />
          </label>
          <label className="field">
            <span>Ports, if not the usual ones</span>
            <input
              value={ports}
              onChange={(event) => setPorts(event.target.value)}
              placeholder="28411-28475"
              autoComplete="off"
              spellCheck={false}
            />
          </label>
          <button type="submit" disabled={scan.running || target.trim() === ""}>
            {scan.running ? "Looking…" : "Look"}
          </button>
        </div>
        <ProblemNote problem={scan.problem} />
      </form>
      <div aria-live="polite">
        {scan.value !== undefined && !scan.running && <Found found={scan.value} />}
      </div>
      <Command line={`waybill scan ${target.trim() === "" ? "192.168.1.0/24" : quoted(target.trim())}`} />
    </Sheet>
  );
}

function Found({ found }: { readonly found: ScanView }) {
  const { people, others, hosts, portsTried, tookMs } = found;
  return (
    <section className="stack" aria-labelledby="found">
      <h2 id="found">
        {people.length === 0 ? "Nobody answered" : `${countOf(people.length, "person", "people")} found`}
      </h2>
      <ul>
        {people.map(({ person, address }) => (
          <li key={person.peerId}>
            <Link to="/people/$who" params={{ who: person.peerId }} className="who">
              <Identicon peerId={person.peerId} size={40} />
              <span>
                <span className="who-name" dir="auto">
                  {person.name}
                </span>
                <span className="who-line mono">{address}</span>
              </span>
              <span className="who-end">
                <Presence person={person} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <details className="small">
          <summary>{countOf(others.length, "open port")} of something else</summary>
          <ul className="mono">
            {others.map((address) => (
              <li key={address}>{address}</li>
            ))}
          </ul>
        </details>
      )}
      <p className="small soft">
        {countOf(hosts, "computer")}, {countOf(portsTried, "port")} called in{" "}
        {tookMs < 1_000 ? `${Math.round(tookMs)} ms` : formatSpan(tookMs)}.
      </p>
    </section>
  );
}
