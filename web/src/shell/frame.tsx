/**
 * Owns the frame around all places: rail or bar, the line that says when the peer does not answer, and what is shown
 * before the page knows its peer.
 */
import { Link, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import type { Connection } from "#api/client.ts";
import type { ChainView } from "#api/views.ts";
import { SyncLine } from "../ledger/sync-lines.tsx";
import { keepToken, token, tokenIn } from "../live/session.ts";
import { problemOf, useDeskQuery, useFollow } from "../live/use-live.ts";
import iconUrl from "../look/icon.svg";
import { Identicon } from "../person/identicon.tsx";
import { Icon } from "./icon.tsx";
import { ProblemNote } from "./problem.tsx";
import { Sign } from "./sign.tsx";

export function Frame() {
  const { data: desk, error, refetch, isFetching } = useDeskQuery();
  const connection = useFollow(desk !== undefined);
  if (desk === undefined) {
    const problem = problemOf(error);
    if (token === null || problem?.code === "wrong-token") return <NoToken />;
    return (
      <main className="alone">
        {problem === null || isFetching ? (
          <p role="status">Asking your peer what there is…</p>
        ) : (
          <div className="alone-card">
            <h1>Your peer does not answer</h1>
            <ProblemNote problem={problem} />
            <button type="button" className="button-main" onClick={() => void refetch()}>
              Ask again
            </button>
          </div>
        )}
      </main>
    );
  }
  const unread = desk.conversations.reduce((sum, conversation) => sum + conversation.unread, 0);
  return (
    <div className="frame">
      <a className="skip" href="#place">
        Skip to the content
      </a>
      <nav className="rail" aria-label="Places">
        <img className="rail-mark" src={iconUrl} alt="" />
        <ul>
          <li>
            <Link to="/chats" className="rail-link">
              <Icon name="chats" />
              Chats
              {unread > 0 && (
                <span className="count">
                  {unread > 99 ? "99+" : unread}
                  <span className="hidden-words"> unread</span>
                </span>
              )}
            </Link>
          </li>
          <li>
            <Link to="/people" className="rail-link">
              <Icon name="people" />
              People
            </Link>
          </li>
          <li>
            <Link to="/ledger" className="rail-link">
              <Icon name="ledger" />
              Ledger
            </Link>
          </li>
          <li className="rail-own">
            <Link to="/me" className="rail-link" title={desk.status.name}>
              <Identicon peerId={desk.status.peerId} size={22} />
              <span>Me</span>
            </Link>
          </li>
        </ul>
      </nav>
      <FrameLines connection={connection} sync={desk.status.chain.sync} />
      <main className="place" id="place" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function FrameLines({
  connection,
  sync,
}: {
  readonly connection: Connection;
  readonly sync: ChainView["sync"];
}) {
  return (
    <div className="frame-lines">
      <ConnectionLine connection={connection} />
      <SyncLine sync={sync} />
    </div>
  );
}

function ConnectionLine({ connection }: { readonly connection: Connection }) {
  return (
    <div role="status">
      {connection.state === "waiting" && (
        <p className="connection">
          <b>
            <Sign name="waits" /> Your peer does not answer.
          </b>{" "}
          What you see is as it was; the page goes on by itself when the peer is back. Is it running?{" "}
          <code>waybill start</code>
        </p>
      )}
    </div>
  );
}

/** Another browser, or cleared storage: the address that the peer prints carries the token. */
function NoToken() {
  const [text, setText] = useState("");
  const found = tokenIn(text);
  return (
    <main className="alone">
      <form
        className="alone-card"
        onSubmit={(event) => {
          event.preventDefault();
          if (found === null) return;
          keepToken(found);
          window.location.reload();
        }}
      >
        <h1>Open this page with its key</h1>
        <p>
          Only you may speak for your peer, so this page needs the key in the address that{" "}
          <code>waybill start</code> prints. Open that address, or paste it here.
        </p>
        <label className="field">
          <span>Address of your page</span>
          <input
            value={text}
            onChange={(event) => setText(event.target.value)}
            placeholder="http://127.0.0.1:4747/#token=…"
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" className="button-main" disabled={found === null}>
          Open
        </button>
      </form>
    </main>
  );
}
