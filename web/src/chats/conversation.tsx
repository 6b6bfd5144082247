/** Owns one conversation: its head, its slips, and the composer. */
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import type { PersonView } from "#api/views.ts";
import type { Desk } from "../live/desk.ts";
import { markedRead } from "../live/desk.ts";
import { setReading } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { problemOf, queries, useDesk, useHistory, useTitle, useUploads } from "../live/use-live.ts";
import { Identicon } from "../person/identicon.tsx";
import { NameSigns } from "../person/name-signs.tsx";
import { PathDetails } from "../person/path-details.tsx";
import { StandInCard, StandInHint } from "../person/stand-in.tsx";
import { Command, whoWord } from "../shell/copy.tsx";
import { Icon } from "../shell/icon.tsx";
import { NotHere } from "../shell/not-here.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";
import { Composer } from "./composer.tsx";
import { DropTarget } from "./drop-target.tsx";
import { HistoryList } from "./history-list.tsx";
import { UploadSlip } from "./upload-slip.tsx";

export function Conversation({ who }: { readonly who: string }) {
  const desk = useDesk();
  const person =
    desk.people.find(({ peerId }) => peerId === who) ??
    desk.conversations.find((conversation) => conversation.person.peerId === who)?.person;
  useTitle(person?.name ?? "Chats");
  if (person === undefined) return <NotHere />;
  const unread = desk.conversations.find((conversation) => conversation.person.peerId === who)?.unread ?? 0;
  return (
    <>
      <Reading person={person} unread={unread} />
      <DropTarget peerId={person.peerId} name={person.name} className="conversation">
        <ConversationHead person={person} />
        <div className="conversation-why">
          <StandInCard person={person} />
          <StandInHint person={person} />
        </div>
        <Slips person={person} />
        <Uploads person={person} />
        {person.problem !== null && !person.online && (
          <div className="conversation-why">
            <p className="small" role="note">
              <b className="tone-waiting">
                <Sign name="waits" /> Not reached.
              </b>{" "}
              {person.problem.cause} {person.problem.nextStep}{" "}
              <Link to="/me/doctor/$who" params={{ who: person.peerId }}>
                Why?
              </Link>
            </p>
          </div>
        )}
        <Composer person={person} />
      </DropTarget>
    </>
  );
}

/** Tells the peer, and the count in the list, that this is before somebody's eyes. */
function Reading({ person, unread }: { readonly person: PersonView; readonly unread: number }) {
  const { peerId } = person;
  useEffect(() => {
    const look = () => setReading(document.hidden ? null : peerId);
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      setReading(null);
    };
  }, [peerId]);
  const last = queries
    .getQueryData<Desk>(["desk"])
    ?.conversations.find((conversation) => conversation.person.peerId === peerId)?.last;
  const lastId = last?.direction === "in" ? last.id : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new incoming slip must be marked as well
  useEffect(() => {
    if (document.hidden) return;
    void client.markRead(peerId);
    if (unread > 0) queries.setQueryData<Desk>(["desk"], (desk) => desk && markedRead(desk, peerId));
  }, [peerId, unread, lastId]);
  return null;
}

function ConversationHead({ person }: { readonly person: PersonView }) {
  return (
    <header className="conversation-head">
      <Link to="/chats" className="button button-icon back" aria-label="Back to all chats">
        <Icon name="back" />
      </Link>
      <Identicon peerId={person.peerId} size={40} />
      <div className="conversation-who">
        <h1 dir="auto">
          {person.name}
          <NameSigns person={person} />
        </h1>
        <PathDetails person={person} />
      </div>
      <Link to="/people/$who" params={{ who: person.peerId }} className="button button-small">
        About<span className="hidden-words"> {person.name}</span>
      </Link>
    </header>
  );
}

function Slips({ person }: { readonly person: PersonView }) {
  const { data: history, error, refetch } = useHistory(person.peerId);
  if (history === undefined) {
    const problem = problemOf(error);
    return (
      <div className="history">
        {problem === null ? (
          <p className="empty soft">Reading the conversation…</p>
        ) : (
          <div className="empty">
            <ProblemNote problem={problem} />
            <button type="button" onClick={() => void refetch()}>
              Read again
            </button>
          </div>
        )}
      </div>
    );
  }
  if (history.slips.length === 0) {
    const name = whoWord(person);
    return (
      <div className="history">
        <div className="empty">
          <h2>Nothing has passed between you and {person.name} yet</h2>
          <p>
            Write below, or drop a file or a folder here. It goes straight to their computer, and you get
            their signature for it.
            {!person.online &&
              ` ${person.name} is away now: what you send waits on this computer until they are here.`}
          </p>
          <Command line={`waybill say ${name} "hello"`} />
          <Command line={`waybill send ${name} FILE`} lead="Or:" />
        </div>
      </div>
    );
  }
  return <HistoryList history={history} person={person} />;
}

function Uploads({ person }: { readonly person: PersonView }) {
  const uploads = useUploads().filter(({ peerId }) => peerId === person.peerId);
  if (uploads.length === 0) return null;
  return (
    <ul className="uploads" aria-label="Being handed over">
      {uploads.map((upload) => (
        <li key={upload.key}>
          <UploadSlip upload={upload} to={person.name} />
        </li>
      ))}
    </ul>
  );
}
