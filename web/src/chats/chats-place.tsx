/** Owns the place Chats: the list of conversations, and who is here but was not written to yet. */
import { Link, Outlet, useParams } from "@tanstack/react-router";
import type { ConversationView, PersonView } from "#api/views.ts";
import { useDesk, useNow, useTitle } from "../live/use-live.ts";
import { countOf, formatExact, formatTime } from "../look/format.ts";
import { Identicon } from "../person/identicon.tsx";
import { NameSigns } from "../person/name-signs.tsx";
import { Presence } from "../person/presence.tsx";
import { stateWords } from "../slip/words.ts";
import { DropTarget } from "./drop-target.tsx";
import { FirstMinute } from "./first-minute.tsx";
import "./chats.css";

export function ChatsPlace() {
  const { conversations, people } = useDesk();
  const { who } = useParams({ strict: false });
  const nowMs = useNow();
  const spoken = new Set(
    conversations.filter(({ last }) => last !== null).map(({ person }) => person.peerId),
  );
  const withSlips = conversations.filter(({ person }) => spoken.has(person.peerId));
  const others = people.filter(({ peerId, online, contact, blocked }) => {
    return !spoken.has(peerId) && (online || contact) && !blocked;
  });
  // The page has one main heading: that of what was chosen, once something is.
  const isStart = who === undefined && withSlips.length === 0;
  const Title = who === undefined && !isStart ? "h1" : "h2";
  return (
    <div className={`pair${who === undefined && !isStart ? "" : " pair-chosen"}`}>
      <section className="pair-list" aria-label="Conversations">
        <header className="pair-head">
          <Title className="pair-title">Chats</Title>
        </header>
        {withSlips.length > 0 && (
          <ul>
            {withSlips.map((conversation) => (
              <li key={conversation.person.peerId}>
                <ConversationRow conversation={conversation} nowMs={nowMs} />
              </li>
            ))}
          </ul>
        )}
        {others.length > 0 && (
          <>
            <h2 className="pair-sub">{withSlips.length > 0 ? "Also here" : "Already here"}</h2>
            <ul>
              {others.map((person) => (
                <li key={person.peerId}>
                  <PersonRow person={person} />
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <section className="pair-main" aria-label="Conversation">
        <Outlet />
      </section>
    </div>
  );
}

/** Right column while nobody is chosen; on phones it takes the place of the list before anything was written. */
export function NoChat() {
  useTitle("Chats");
  return <FirstMinute />;
}

function ConversationRow({
  conversation,
  nowMs,
}: {
  readonly conversation: ConversationView;
  readonly nowMs: number;
}) {
  const { person, last, unread } = conversation;
  return (
    <DropTarget peerId={person.peerId} name={person.name}>
      <Link to="/chats/$who" params={{ who: person.peerId }} className="who">
        <Identicon peerId={person.peerId} size={40} />
        <span>
          <span className="who-name" dir="auto">
            {person.name}
            <NameSigns person={person} />
          </span>
          <span className="who-line" dir="auto">
            {last === null ? <Presence person={person} /> : lastLine(last)}
          </span>
        </span>
        <span className="who-end">
          {last !== null && (
            <time dateTime={new Date(last.createdMs).toISOString()} title={formatExact(last.createdMs)}>
              {formatTime(nowMs, last.createdMs)}
            </time>
          )}
          {unread > 0 ? (
            <span className="count">
              {unread > 99 ? "99+" : unread}
              <span className="hidden-words"> unread</span>
            </span>
          ) : (
            person.online && (
              <span className="presence presence-here">
                <span className="presence-sign" aria-hidden="true" />
                <span className="hidden-words">is here</span>
              </span>
            )
          )}
        </span>
      </Link>
    </DropTarget>
  );
}

function lastLine(slip: NonNullable<ConversationView["last"]>): string {
  const words = stateWords(slip);
  const own = slip.direction === "out" ? "You: " : "";
  if (slip.kind === "message") return `${own}${slip.text ?? ""}`;
  return `${own}${slip.title ?? countOf(slip.fileCount, "file")} (${words.word})`;
}

function PersonRow({ person }: { readonly person: PersonView }) {
  return (
    <DropTarget peerId={person.peerId} name={person.name}>
      <Link to="/chats/$who" params={{ who: person.peerId }} className="who">
        <Identicon peerId={person.peerId} size={40} />
        <span>
          <span className="who-name" dir="auto">
            {person.name}
            <NameSigns person={person} />
          </span>
          <span className="who-line">
            <Presence person={person} />
          </span>
        </span>
      </Link>
    </DropTarget>
  );
}
