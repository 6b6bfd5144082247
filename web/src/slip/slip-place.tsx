/** Owns the page of one slip: the whole slip, its evidence in words, and its files. */

import { Link, useParams } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { SlipFileView, SlipView } from "#api/views.ts";
import { client } from "../live/session.ts";
import { problemOf, useAction, useDesk, useNow, useSlip, useSlipFiles, useTitle } from "../live/use-live.ts";
import { countOf, formatAge, formatBytes, formatExact } from "../look/format.ts";
import { Command, Copyable } from "../shell/copy.tsx";
import { Icon } from "../shell/icon.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { ScrollRegion } from "../shell/scroll-region.tsx";
import { BackLink, Sheet } from "../shell/sheet.tsx";
import { Sign } from "../shell/sign.tsx";
import { saveFrom } from "./save.ts";
import { OnItsWay, Signatures, SlipHead, SlipWaits, SlipWhy } from "./slip.tsx";
import { hasReceipt, SaveReceipt } from "./slip-steps.tsx";
import { Stamp } from "./stamp.tsx";
import { hasArrived, isEnded, stateWords } from "./words.ts";
import "./slip-place.css";

const FILE_ROW = 40;

export function SlipPlace() {
  const { id = "" } = useParams({ strict: false });
  const { data: slip, error, refetch } = useSlip(id);
  useTitle(slip?.title ?? "Slip");
  const problem = problemOf(error);
  if (slip === undefined) {
    return (
      <Sheet>
        <h1>Slip</h1>
        {problem === null ? <p>Looking for the slip…</p> : <ProblemNote problem={problem} />}
        {problem !== null && (
          <button type="button" onClick={() => void refetch()}>
            Look again
          </button>
        )}
      </Sheet>
    );
  }
  return <OneSlip slip={slip} />;
}

function OneSlip({ slip }: { readonly slip: SlipView }) {
  const { status } = useDesk();
  const nowMs = useNow();
  const words = stateWords(slip);
  return (
    <Sheet
      back={
        <BackLink to="/chats/$who" params={{ who: slip.peerId }}>
          Conversation with {slip.peerName}
        </BackLink>
      }
    >
      <div className="sheet-slip">
        <article className={`slip slip-files slip-${slip.direction}`} aria-label="Slip">
          <div className="slip-body">
            <SlipHead slip={slip} self={status} nowMs={nowMs} />
            {slip.kind === "message" ? (
              <h1 className="slip-said" dir="auto">
                {slip.text}
              </h1>
            ) : (
              <h1 dir="auto" className="slip-title">
                {slip.title}
              </h1>
            )}
            <p className="slip-what mono small">
              {slip.kind === "files" && <span>{countOf(slip.fileCount, "file")}</span>}
              <span>{formatBytes(slip.bytes)}</span>
              <span className={`slip-state tone-${words.tone}`}>
                <Sign name={words.sign} /> {words.word}
              </span>
            </p>
            {slip.progress !== null && slip.state === "sending" && (
              <OnItsWay slip={slip} progress={slip.progress} />
            )}
            <Signatures slip={slip} self={status} nowMs={nowMs} />
            <SlipWaits slip={slip} />
            {hasArrived(slip) && <SlipWhy slip={slip} />}
            {slip.kind === "message" && hasReceipt(slip) && (
              <div className="slip-steps">
                <SaveReceipt slip={slip} />
              </div>
            )}
          </div>
          <div className="slip-stub">
            <Stamp slipId={slip.id} anchor={slip.anchor} ended={isEnded(slip)} size={96} />
          </div>
        </article>
      </div>
      <Evidence slip={slip} nowMs={nowMs} />
      {slip.kind === "files" && <Files slip={slip} />}
    </Sheet>
  );
}

function Evidence({ slip, nowMs }: { readonly slip: SlipView; readonly nowMs: number }) {
  const { anchor } = slip;
  return (
    <section aria-labelledby="evidence">
      <h2 id="evidence">What is shown by this slip</h2>
      <dl className="facts">
        <dt>Written</dt>
        <dd>{formatExact(slip.createdMs)}</dd>
        <dt>Received</dt>
        <dd>
          {slip.deliveredMs === null
            ? "Not yet. The receiver signs when every byte is stored and checked."
            : formatExact(slip.deliveredMs)}
        </dd>
        <dt>Recorded</dt>
        <dd>
          {anchor === null || anchor.height === null ? (
            anchor === null ? (
              "Not yet in the ledger."
            ) : (
              <>
                In a{" "}
                <Link to="/ledger/transaction/$id" params={{ id: anchor.txId }}>
                  transaction
                </Link>{" "}
                that waits for a block.
              </>
            )
          ) : (
            <>
              In block{" "}
              <Link to="/ledger/block/$id" params={{ id: anchor.blockId ?? String(anchor.height) }}>
                <span className="mono">{anchor.height}</span>
              </Link>
              , by{" "}
              <Link to="/ledger/transaction/$id" params={{ id: anchor.txId }}>
                this transaction
              </Link>
              , {countOf(anchor.confirmations, "confirmation")}
              {anchor.timeMs !== null && `, ${formatAge(nowMs, anchor.timeMs)}`}
            </>
          )}
        </dd>
        <dt>Number</dt>
        <dd>
          <Copyable text={slip.id} what="number of the slip" short />
        </dd>
      </dl>
      {hasReceipt(slip) && <Command line={`waybill receipt ${slip.id.slice(0, 10)} -o receipt.waybill`} />}
    </section>
  );
}

function Files({ slip }: { readonly slip: SlipView }) {
  const { data: files, error } = useSlipFiles(slip.id, true);
  const scroller = useRef<HTMLElement>(null);
  const list = useVirtualizer({
    count: files?.length ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => FILE_ROW,
    overscan: 10,
  });
  const there = slip.direction === "in" && slip.savedTo !== null;
  return (
    <section aria-labelledby="files">
      <h2 id="files">Files</h2>
      <ProblemNote problem={problemOf(error)} role="note" />
      {files === undefined && error === null && <p>Reading the list of files…</p>}
      {files !== undefined && (
        <ScrollRegion className="files" ref={scroller} label={countOf(files.length, "file")}>
          <ul style={{ height: list.getTotalSize() }}>
            {list.getVirtualItems().map((item) => {
              const file = files[item.index];
              return (
                file !== undefined && (
                  <li key={file.path} className="file" style={{ transform: `translateY(${item.start}px)` }}>
                    <FileRow slipId={slip.id} file={file} there={there} />
                  </li>
                )
              );
            })}
          </ul>
        </ScrollRegion>
      )}
    </section>
  );
}

function FileRow(properties: {
  readonly slipId: string;
  readonly file: SlipFileView;
  readonly there: boolean;
}) {
  const { slipId, file, there } = properties;
  const download = useAction(async () => {
    const ticket = await client.fileTicket(slipId, file.path);
    if (ticket.ok) saveFrom(ticket.value.url);
    return ticket;
  });
  return (
    <>
      <Icon name="file" />
      <span className="file-path" title={`${file.path}\nBLAKE3 ${file.digest}`} dir="auto">
        {file.path}
      </span>
      <span className="mono small soft">{formatBytes(file.bytes)}</span>
      {there && (
        <button
          type="button"
          className="button-quiet"
          aria-label={`Download ${file.path}`}
          onClick={() => download.run(undefined)}
        >
          download
        </button>
      )}
      {download.problem !== null && (
        <span className="small tone-bad" role="alert">
          {download.problem.cause} {download.problem.nextStep}
        </span>
      )}
    </>
  );
}
