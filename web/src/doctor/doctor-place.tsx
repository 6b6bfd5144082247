/** Owns the place of the doctor: what helps and hinders this peer, or why one person is reached or not. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { DoctorView, FindingView } from "#api/views.ts";
import { valueIn } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { problemOf, useDesk, useNow, useTitle } from "../live/use-live.ts";
import { formatAge, formatExact } from "../look/format.ts";
import { Presence } from "../person/presence.tsx";
import { Command, Copyable, quoted } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { BackLink, Sheet } from "../shell/sheet.tsx";
import { Sign } from "../shell/sign.tsx";
import { AREA_WORDS, byArea, LEVEL_WORDS, summaryOf } from "./finding-words.ts";
import "./doctor.css";

export function DoctorPlace() {
  const { who } = useParams({ strict: false });
  const { people } = useDesk();
  const person = people.find(({ peerId }) => peerId === who);
  const name = person?.name ?? who;
  useTitle("Doctor");
  const report = useQuery({
    queryKey: ["doctor", who ?? null],
    queryFn: async () => valueIn(await (who === undefined ? client.doctor() : client.doctorPerson(who))),
    refetchOnMount: "always",
  });
  return (
    <Sheet
      back={
        who === undefined ? (
          <BackLink to="/me">Me</BackLink>
        ) : (
          <BackLink to="/people/$who" params={{ who }}>
            {name}
          </BackLink>
        )
      }
    >
      <header className="stack">
        <h1>
          {who === undefined ? "Doctor" : `Why is ${name} ${person?.online ? "reached so" : "not reached"}?`}
        </h1>
        {person !== undefined && <Presence person={person} />}
        <p role="status">
          {report.isFetching
            ? "Looking: interfaces, ports, trackers, clock, disk. This takes some seconds…"
            : report.data !== undefined && <b>{summaryOf(report.data)}</b>}
        </p>
        <div className="row">
          <button type="button" disabled={report.isFetching} onClick={() => void report.refetch()}>
            Look again
          </button>
          {report.data !== undefined && !report.isFetching && <Checked checkedMs={report.data.checkedMs} />}
        </div>
      </header>
      <ProblemNote problem={problemOf(report.error)} />
      {report.data !== undefined && <Findings report={report.data} />}
      {who === undefined ? (
        <OfPerson />
      ) : (
        <p>
          <Link to="/me/doctor">Look at your own peer as well</Link>
        </p>
      )}
      <Command line={who === undefined ? "waybill doctor" : `waybill doctor ${quoted(name ?? who)}`} />
    </Sheet>
  );
}

function Checked({ checkedMs }: { readonly checkedMs: number }) {
  const nowMs = useNow();
  return (
    <span className="small soft" title={formatExact(checkedMs)}>
      Looked {formatAge(nowMs, checkedMs)}
    </span>
  );
}

function Findings({ report }: { readonly report: DoctorView }) {
  return byArea(report.findings).map(({ area, findings }) => (
    <section key={area} aria-labelledby={`area-${area}`}>
      <h2 id={`area-${area}`}>{AREA_WORDS[area]}</h2>
      <ul className="findings">
        {findings.map((finding, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: one code may be found twice, of two interfaces
          <li key={`${finding.code} ${at}`}>
            <Finding finding={finding} />
          </li>
        ))}
      </ul>
    </section>
  ));
}

function Finding({ finding }: { readonly finding: FindingView }) {
  const level = LEVEL_WORDS[finding.level];
  return (
    <article className={`finding finding-${finding.level}`}>
      <p className={`finding-level small tone-${level.tone}`}>
        <Sign name={level.sign} /> {level.word}
      </p>
      <div className="finding-words">
        <h3>{finding.title}</h3>
        <p>{finding.cause}</p>
        {finding.nextStep !== null && (
          <p>
            <b>{finding.nextStep}</b>
          </p>
        )}
        {(finding.details.length > 0 || finding.level !== "ok") && <Details finding={finding} />}
      </div>
    </article>
  );
}

function Details({ finding }: { readonly finding: FindingView }) {
  return (
    <details className="small">
      <summary>Details</summary>
      <dl className="facts">
        {finding.details.map(({ label, value }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a label may come twice
          <div key={at} className="fact">
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div className="fact">
          <dt>Code</dt>
          <dd>
            <Copyable text={finding.code} what="code of this finding" />
          </dd>
        </div>
      </dl>
    </details>
  );
}

/** The way to ask about one person. */
function OfPerson() {
  const { people } = useDesk();
  const [all, setAll] = useState(false);
  const away = people.filter(({ online, blocked }) => !online && !blocked);
  const shown = all ? people : away;
  return (
    <section aria-labelledby="of-person">
      <h2 id="of-person">About one person</h2>
      {shown.length === 0 && <p className="soft">Everybody you know is reached.</p>}
      <ul className="row">
        {shown.map(({ peerId, name }) => (
          <li key={peerId}>
            <Link to="/me/doctor/$who" params={{ who: peerId }} className="button button-small">
              {name}
            </Link>
          </li>
        ))}
        {!all && people.length > away.length && (
          <li>
            <button type="button" className="button-quiet" onClick={() => setAll(true)}>
              those who are reached too
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}
