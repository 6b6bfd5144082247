/**
 * Owns the list of slips of a conversation: only those near the view are in the document, the newest stay in view as
 * they come, and older ones are read when the reader comes to the top.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { PersonView, SlipView } from "#api/views.ts";
import { HISTORY_PAGE, Refused, valueIn } from "../live/feed.ts";
import { type History, withOlder } from "../live/history.ts";
import { client } from "../live/session.ts";
import { problemOf, queries, useDesk, useNow } from "../live/use-live.ts";
import { formatDay } from "../look/format.ts";
import { ProblemNote } from "../shell/problem.tsx";
import { ScrollRegion } from "../shell/scroll-region.tsx";
import { Slip } from "../slip/slip.tsx";
import { stateWords } from "../slip/words.ts";

/** Heights before a slip was measured, in pixels. */
const MESSAGE_ESTIMATE = 84;
const FILES_ESTIMATE = 190;
/** Older slips are asked for when so few are above the view. */
const NEAR_TOP = 8;

export function HistoryList({ history, person }: { readonly history: History; readonly person: PersonView }) {
  const { status } = useDesk();
  const nowMs = useNow();
  const scroller = useRef<HTMLElement>(null);
  const { slips } = history;
  const list = useVirtualizer({
    count: slips.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (slips[index]?.kind === "files" ? FILES_ESTIMATE : MESSAGE_ESTIMATE),
    getItemKey: (index) => slips[index]?.id ?? index,
    overscan: 6,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: 80,
  });
  const scrolledTo = useRef<string | null>(null);
  useEffect(() => {
    if (scrolledTo.current === person.peerId) return;
    scrolledTo.current = person.peerId;
    list.scrollToEnd();
  }, [list, person.peerId]);
  const items = list.getVirtualItems();
  const older = useOlder(history, person.peerId, (items[0]?.index ?? NEAR_TOP) < NEAR_TOP);
  return (
    <>
      <ScrollRegion className="history" ref={scroller} label={`Slips between you and ${person.name}`}>
        <ProblemNote problem={older.problem} role="note">
          <button type="button" className="button-small" onClick={older.again}>
            Read older ones again
          </button>
        </ProblemNote>
        {!history.complete && older.problem === null && (
          <p className="history-older small soft">Reading older ones…</p>
        )}
        <ul className="history-all" style={{ height: list.getTotalSize() }}>
          {items.map((item) => {
            const slip = slips[item.index];
            if (slip === undefined) return null;
            const newDay = isNewDay(slips[item.index - 1], slip);
            return (
              <li
                key={item.key}
                ref={list.measureElement}
                data-index={item.index}
                aria-setsize={slips.length}
                aria-posinset={item.index + 1}
                className={`history-item history-${slip.direction}`}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {newDay && <h2 className="history-day">{formatDay(nowMs, slip.createdMs)}</h2>}
                <Slip slip={slip} self={status} nowMs={nowMs} />
              </li>
            );
          })}
        </ul>
      </ScrollRegion>
      <Spoken slip={slips.at(-1)} />
    </>
  );
}

function isNewDay(before: SlipView | undefined, slip: SlipView): boolean {
  if (before === undefined) return true;
  return new Date(before.createdMs).toDateString() !== new Date(slip.createdMs).toDateString();
}

/** What a screen reader hears: the newest slip and what becomes of it, not the history that was there. */
function Spoken({ slip }: { readonly slip: SlipView | undefined }) {
  const words = slip === undefined ? "" : spokenWords(slip);
  const [first] = useState(words);
  return (
    <p className="hidden-words" aria-live="polite">
      {words === first ? "" : words}
    </p>
  );
}

function spokenWords(slip: SlipView): string {
  const what = slip.kind === "message" ? (slip.text ?? "") : (slip.title ?? "files");
  return slip.direction === "in" && slip.kind === "message"
    ? `${slip.peerName}: ${what}`
    : `${what}, ${stateWords(slip).word}`;
}

function useOlder(history: History, peerId: string, near: boolean) {
  const [error, setError] = useState<unknown>(null);
  const oldest = history.slips[0]?.order;
  const wanted = near && !history.complete && error === null;
  useEffect(() => {
    if (!wanted || oldest === undefined) return;
    let current = true;
    void client.slips({ who: peerId, before: oldest, limit: HISTORY_PAGE }).then((answer) => {
      if (!current) return;
      if (!answer.ok) return setError(new Refused(answer.fault));
      const page = valueIn(answer);
      queries.setQueryData<History>(["history", peerId], (so) => so && withOlder(so, page, HISTORY_PAGE));
    });
    return () => {
      current = false;
    };
  }, [wanted, oldest, peerId]);
  return { problem: problemOf(error), again: () => setError(null) };
}
