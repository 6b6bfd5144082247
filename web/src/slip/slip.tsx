/**
 * Draws a slip: what travels from whom to whom, the two signature lines, the stamp, and while it waits the reason
 * and the one step that helps. A message shows its text and its evidence in one line; files show the whole slip.
 */
import { Link } from "@tanstack/react-router";
import type { SlipView } from "#api/views.ts";
import { countOf, formatBytes, formatExact, formatTime } from "../look/format.ts";
import { SIGNATURE_HEIGHT, SIGNATURE_WIDTH, signaturePath } from "../person/mark.ts";
import { pathMeaning, slipPathWord } from "../person/path-words.ts";
import { Sign } from "../shell/sign.tsx";
import { Ruler } from "./ruler.tsx";
import { SlipSteps } from "./slip-steps.tsx";
import { Stamp } from "./stamp.tsx";
import { hasArrived, isEnded, type SignatureLine, sentenceOf, signatureLines, stateWords } from "./words.ts";
import "./slip.css";

export interface SlipProperties {
  readonly slip: SlipView;
  /** This peer, as the other end of every slip. */
  readonly self: { readonly peerId: string; readonly name: string };
  readonly nowMs: number;
}

export function Slip(properties: SlipProperties) {
  return properties.slip.kind === "message" ? <MessageSlip {...properties} /> : <FilesSlip {...properties} />;
}

function Time({ nowMs, timeMs }: { readonly nowMs: number; readonly timeMs: number }) {
  return (
    <time dateTime={new Date(timeMs).toISOString()} title={formatExact(timeMs)}>
      {formatTime(nowMs, timeMs)}
    </time>
  );
}

function MessageSlip({ slip, self, nowMs }: SlipProperties) {
  const words = stateWords(slip);
  const height = slip.anchor?.height ?? null;
  const from = slip.direction === "in" ? slip.peerName : self.name;
  return (
    <article className={`slip slip-message slip-${slip.direction}`} aria-label={`Message from ${from}`}>
      <p className="slip-text" dir="auto">
        {slip.text}
      </p>
      <p className="slip-foot small">
        <Time nowMs={nowMs} timeMs={slip.createdMs} />
        <Link
          to="/slips/$id"
          params={{ id: slip.id }}
          className={`slip-state tone-${words.tone}`}
          title="Show the slip of this message"
        >
          {height === null ? (
            <>
              <Sign name={words.sign} /> {words.word}
            </>
          ) : (
            <>
              <span className="stamp-small mono">{height}</span>
              <span>anchored</span>
            </>
          )}
        </Link>
      </p>
      <SlipWaits slip={slip} />
    </article>
  );
}

function FilesSlip({ slip, self, nowMs }: SlipProperties) {
  const words = stateWords(slip);
  const asks = words.tone === "asking";
  return (
    <article
      className={`slip slip-files slip-${slip.direction}${asks ? " slip-asks" : ""}`}
      aria-label={`Files: ${slip.title ?? "without a name"}`}
    >
      <div className="slip-body">
        <SlipHead slip={slip} self={self} nowMs={nowMs} />
        <h3 className="slip-title" dir="auto">
          <Link to="/slips/$id" params={{ id: slip.id }}>
            {slip.title ?? "Files"}
          </Link>
        </h3>
        <p className="slip-what mono small">
          <span>{countOf(slip.fileCount, "file")}</span>
          <span>{formatBytes(slip.bytes)}</span>
          <span className={`slip-state tone-${words.tone}`}>
            <Sign name={words.sign} /> {words.word}
          </span>
        </p>
        {slip.progress !== null && slip.state === "sending" ? (
          <OnItsWay slip={slip} progress={slip.progress} />
        ) : (
          <Signatures slip={slip} self={self} nowMs={nowMs} />
        )}
        <SlipWaits slip={slip} />
      </div>
      <div className="slip-stub">
        <Stamp slipId={slip.id} anchor={slip.anchor} ended={isEnded(slip)} />
      </div>
    </article>
  );
}

/** How far it is, and the way that its bytes take now. */
export function OnItsWay(properties: {
  readonly slip: SlipView;
  readonly progress: NonNullable<SlipView["progress"]>;
}) {
  const { slip, progress } = properties;
  const { path } = slip;
  return (
    <>
      <Ruler progress={progress} label={`Progress of ${slip.title ?? "files"}`} />
      {path !== null && (
        <p className="slip-path small" title={pathMeaning(path.kind)}>
          <b>{slipPathWord(path)}</b>
          {path.reason !== null && <span className="soft">: {path.reason.cause}</span>}
        </p>
      )}
    </>
  );
}

/** The top line: from → to, and when. */
export function SlipHead({ slip, self, nowMs }: SlipProperties) {
  const [from, to] = slip.direction === "in" ? [slip.peerName, self.name] : [self.name, slip.peerName];
  return (
    <p className="slip-head small">
      <span className="slip-way">
        {from} <Sign name="arrow" says="to" /> {to}
      </span>
      <Time nowMs={nowMs} timeMs={slip.createdMs} />
    </p>
  );
}

/** Why it waits, and what can be done about it. */
export function SlipWaits({ slip }: { readonly slip: SlipView }) {
  return (
    <>
      {!hasArrived(slip) && <SlipWhy slip={slip} />}
      <SlipSteps slip={slip} />
    </>
  );
}

/** Why it stands where it stands. */
export function SlipWhy({ slip }: { readonly slip: SlipView }) {
  const sentence = sentenceOf(slip);
  if (sentence === null) return null;
  return (
    <p className="slip-why" role="note">
      {sentence} {slip.reason?.nextStep}
      {slip.state === "queued" && slip.reason !== null && (
        <>
          {" "}
          <Link to="/me/doctor/$who" params={{ who: slip.peerId }}>
            Why?
          </Link>
        </>
      )}
      {slip.reason !== null && <code className="slip-code">{slip.reason.code}</code>}
    </p>
  );
}

export function Signatures({ slip, self, nowMs }: SlipProperties) {
  const { dispatch, completion } = signatureLines(slip);
  const other = { peerId: slip.peerId, name: slip.peerName };
  const [sender, receiver] = slip.direction === "in" ? [other, self] : [self, other];
  return (
    <div className="signatures">
      <Signature line={dispatch} by={sender} nowMs={nowMs} />
      <Signature line={completion} by={receiver} nowMs={nowMs} />
    </div>
  );
}

function Signature(properties: {
  readonly line: SignatureLine;
  readonly by: { readonly peerId: string; readonly name: string };
  readonly nowMs: number;
}) {
  const { line, by, nowMs } = properties;
  return (
    <p className={`signature${line.signed ? " signature-there" : ""}`}>
      <span className="signature-line">
        {line.signed && (
          <svg
            viewBox={`0 0 ${SIGNATURE_WIDTH} ${SIGNATURE_HEIGHT}`}
            preserveAspectRatio="xMinYMax meet"
            aria-hidden="true"
            focusable="false"
          >
            <path d={signaturePath(by.peerId)} pathLength="1" />
          </svg>
        )}
      </span>
      <span className="signature-words">
        {line.signed ? `${line.label} by ${by.name}` : `Not yet ${line.label.toLowerCase()}`}
        {line.signed && <span className="hidden-words">, signed</span>}
        {line.atMs !== null && (
          <>
            , <Time nowMs={nowMs} timeMs={line.atMs} />
          </>
        )}
      </span>
    </p>
  );
}
