/** Owns the place People: everyone known, who is here, and the ways to add somebody. */

import { Link, Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import type { PersonView } from "#api/views.ts";
import { client } from "../live/session.ts";
import { useAction, useDesk, useNow, useTitle } from "../live/use-live.ts";
import { countOf, formatAge } from "../look/format.ts";
import { Identicon } from "../person/identicon.tsx";
import { NameSigns } from "../person/name-signs.tsx";
import { Presence } from "../person/presence.tsx";
import { Command, Copyable } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";
import "./people.css";

const ROW = 60;

function inOrder(people: readonly PersonView[]): readonly PersonView[] {
  const rank = (person: PersonView) => (person.blocked ? 3 : person.online ? 0 : person.contact ? 1 : 2);
  return people.toSorted((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}

export function PeoplePlace() {
  const { people } = useDesk();
  const { who } = useParams({ strict: false });
  // The page has one main heading: that of what was chosen, once something is.
  const Title = who === undefined ? "h1" : "h2";
  const nowMs = useNow();
  const ordered = inOrder(people);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: ordered.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => ordered[index]?.peerId ?? index,
    overscan: 8,
  });
  return (
    <div className={`pair${who === undefined ? "" : " pair-chosen"}`}>
      <section className="pair-list people-list" aria-label="Everyone known">
        <header className="pair-head">
          <Title className="pair-title">People</Title>
          <span className="small soft">
            {countOf(people.filter(({ online }) => online).length, "person", "people")} here
          </span>
        </header>
        <AddByAddress />
        <p className="people-more small">
          <Link to="/people/invites">Invite somebody</Link>
          <Link to="/people/invites/join">I was invited</Link>
          <Link to="/people/scan">Look around</Link>
        </p>
        {people.length === 0 && (
          <div className="people-none small">
            <p>Nobody was met yet. People on the same network appear here by themselves.</p>
          </div>
        )}
        <div className="people-scroll" ref={scroller}>
          <ul style={{ height: list.getTotalSize() }}>
            {list.getVirtualItems().map((item) => {
              const person = ordered[item.index];
              return (
                person !== undefined && (
                  <li
                    key={item.key}
                    className="people-item"
                    style={{ transform: `translateY(${item.start}px)` }}
                  >
                    <Row person={person} nowMs={nowMs} />
                  </li>
                )
              );
            })}
          </ul>
        </div>
      </section>
      <section className="pair-main" aria-label="Person">
        <Outlet />
      </section>
    </div>
  );
}

function Row({ person, nowMs }: { readonly person: PersonView; readonly nowMs: number }) {
  return (
    <Link to="/people/$who" params={{ who: person.peerId }} className="who">
      <Identicon peerId={person.peerId} size={40} />
      <span>
        <span className="who-name" dir="auto">
          {person.name}
          <NameSigns person={person} />
        </span>
        <span className="who-line">
          <Presence person={person} />
          {!person.online && person.lastSeenMs !== null && `, ${formatAge(nowMs, person.lastSeenMs)}`}
        </span>
      </span>
      <span className="who-end">
        {person.standIn !== null ? (
          <span className="tone-waiting">
            <Sign name="alert" /> other key
          </span>
        ) : (
          person.problem !== null && (
            <span className="tone-waiting">
              <Sign name="waits" />{" "}
              {person.problem.code === "other-network" ? "other network" : "not reached"}
            </span>
          )
        )}
      </span>
    </Link>
  );
}

function AddByAddress() {
  const [address, setAddress] = useState("");
  const navigate = useNavigate();
  const connect = useAction(
    (wanted: string) => client.connect(wanted),
    (person) => {
      setAddress("");
      void navigate({ to: "/people/$who", params: { who: person.peerId } });
    },
  );
  return (
    <form
      className="add-person"
      onSubmit={(event) => {
        event.preventDefault();
        connect.run(address.trim());
      }}
    >
      <div className="row-field">
        <label className="field">
          <span>Add somebody by address</span>
          <input
            value={address}
            onChange={(event) => setAddress(event.target.value)}
            placeholder="192.168.1.20:28411"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" disabled={connect.running || address.trim() === ""}>
          {connect.running ? "Calling…" : "Add"}
        </button>
      </div>
      <ProblemNote problem={connect.problem} />
    </form>
  );
}

/** Right column while nobody is chosen: how others reach this peer. */
export function Nobody() {
  const { status } = useDesk();
  useTitle("People");
  return (
    <div className="empty">
      <h2>Getting together</h2>
      <p>
        On the same network people find each other by themselves. For somebody farther away make an invite: a
        link, a picture or eight words. Whoever enters it is connected, and verified on both sides.
      </p>
      <div className="row">
        <Link to="/people/invites" className="button button-main">
          Invite somebody
        </Link>
        <Link to="/people/invites/join" className="button">
          I was invited
        </Link>
      </div>
      <h3>How others reach you</h3>
      <p>
        Or give one of these addresses; they type it on their side, and it is remembered.{" "}
        <Link to="/me/reach">Trackers and doors</Link>
      </p>
      {status.addresses.length === 0 ? (
        <p className="soft">Your peer listens nowhere at the moment.</p>
      ) : (
        <ul className="stack">
          {status.addresses.map((address) => (
            <li key={address}>
              <Copyable text={address} what="address" />
            </li>
          ))}
        </ul>
      )}
      <Command line="waybill connect ADDRESS" lead="On their side, in a terminal:" elsewhere />
    </div>
  );
}
