/** Owns the page of one person: who it is, how it is reached, what this user calls it, and what it may do. */
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { PersonChange } from "#api/client.ts";
import type { PersonView } from "#api/views.ts";
import { keepPerson } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { useAction, useDesk, useNow, useTitle } from "../live/use-live.ts";
import { formatAge, formatExact } from "../look/format.ts";
import { Identicon } from "../person/identicon.tsx";
import { NameSigns } from "../person/name-signs.tsx";
import { PathReason } from "../person/path-details.tsx";
import { foundByWords, lastHereWords, verifiedWords } from "../person/path-words.ts";
import { Presence } from "../person/presence.tsx";
import { StandInCard, StandInHint } from "../person/stand-in.tsx";
import { Copyable } from "../shell/copy.tsx";
import { Icon } from "../shell/icon.tsx";
import { NotHere } from "../shell/not-here.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";

export function PersonPage() {
  const { who = "" } = useParams({ strict: false });
  const { people } = useDesk();
  const person = people.find(({ peerId }) => peerId === who);
  useTitle(person?.name ?? "People");
  return person === undefined ? <NotHere /> : <OnePerson key={person.peerId} person={person} />;
}

function OnePerson({ person }: { readonly person: PersonView }) {
  const change = useAction((wanted: PersonChange) => client.updatePerson(person.peerId, wanted), keepPerson);
  return (
    <div className="person">
      <header className="person-head">
        <Link to="/people" className="button button-icon back" aria-label="Back to all people">
          <Icon name="back" />
        </Link>
        <Identicon peerId={person.peerId} size={72} />
        <div className="person-name">
          <h1 dir="auto">
            {person.name}
            <NameSigns person={person} />
          </h1>
          {person.claimedName !== null && person.claimedName !== person.name && (
            <p className="small soft">calls itself “{person.claimedName}”</p>
          )}
          <Presence person={person} />
        </div>
        <Link to="/chats/$who" params={{ who: person.peerId }} className="button button-main">
          Write
        </Link>
      </header>
      <StandInCard person={person} />
      <StandInHint person={person} />
      <ProblemNote problem={person.problem} role="note">
        <p>
          <Link to="/me/doctor/$who" params={{ who: person.peerId }} className="button button-small">
            Why?
          </Link>
        </p>
      </ProblemNote>
      <Petname person={person} rename={(petname) => change.run({ petname })} busy={change.running} />
      {person.standIn === null && (
        <Verified person={person} takeBack={() => change.run({ verified: false })} busy={change.running} />
      )}
      <section aria-labelledby="trust" className="stack">
        <h2 id="trust">What they may do</h2>
        <label className="choice">
          <input
            type="checkbox"
            checked={change.asked?.contact ?? person.contact}
            disabled={change.running || person.blocked}
            onChange={(event) => change.run({ contact: event.target.checked })}
          />
          <span>
            One of my contacts
            <span className="choice-words">
              Files from contacts are taken without asking you, unless you chose otherwise.
            </span>
          </span>
        </label>
        <label className="choice">
          <input
            type="checkbox"
            checked={change.asked?.blocked ?? person.blocked}
            disabled={change.running}
            onChange={(event) => change.run({ blocked: event.target.checked })}
          />
          <span>
            Blocked
            <span className="choice-words">Nothing passes in either direction.</span>
          </span>
        </label>
        <ProblemNote problem={change.problem} />
      </section>
      <Reached person={person} />
    </div>
  );
}

function Petname(properties: {
  readonly person: PersonView;
  readonly rename: (petname: string | null) => void;
  readonly busy: boolean;
}) {
  const { person, rename, busy } = properties;
  const [petname, setPetname] = useState(person.petname ?? "");
  const wanted = petname.trim();
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        rename(wanted === "" ? null : wanted);
      }}
    >
      <div className="row-field">
        <label className="field">
          <span>What you call them; only you see it</span>
          <input
            value={petname}
            onChange={(event) => setPetname(event.target.value)}
            placeholder={person.claimedName ?? ""}
            maxLength={64}
            autoComplete="off"
          />
        </label>
        <button type="submit" disabled={busy || wanted === (person.petname ?? "")}>
          {wanted === "" && person.petname !== null ? "Remove" : "Keep"}
        </button>
      </div>
    </form>
  );
}

function Verified(properties: {
  readonly person: PersonView;
  readonly takeBack: () => void;
  readonly busy: boolean;
}) {
  const { person, takeBack, busy } = properties;
  const nowMs = useNow();
  const { verified } = person;
  return (
    <section aria-labelledby="verified" className="stack">
      <h2 id="verified">Is this really {person.name}?</h2>
      {verified === null ? (
        <p>
          Nobody has shown yet that this key is theirs; any key may bear any name. Compare a phrase by voice.
          People who come by an invite are verified at once.
        </p>
      ) : (
        <p>
          <b className="tone-good">
            <Sign name="check" /> Verified
          </b>{" "}
          {verifiedWords(verified)},{" "}
          <span title={formatExact(verified.atMs)}>{formatAge(nowMs, verified.atMs)}</span>.
        </p>
      )}
      <div className="row">
        <Link to="/people/$who/phrase" params={{ who: person.peerId }} className="button button-small">
          Compare the phrase{verified === null ? "" : " again"}
        </Link>
        {verified !== null && (
          <button type="button" className="button-small" disabled={busy} onClick={takeBack}>
            Not verified after all
          </button>
        )}
      </div>
    </section>
  );
}

function Reached({ person }: { readonly person: PersonView }) {
  const nowMs = useNow();
  const others = person.addresses.filter((address) => address !== person.address);
  return (
    <section aria-labelledby="reached" className="stack">
      <h2 id="reached">How they are reached</h2>
      <dl className="facts">
        <dt>Now</dt>
        <dd>
          <Presence person={person} />
          {!person.online && person.lastSeenMs !== null && (
            <span title={formatExact(person.lastSeenMs)}>, {lastHereWords(person, nowMs)}</span>
          )}
        </dd>
        {person.online && (
          <>
            <dt>Why this way</dt>
            <dd className="stack">
              <PathReason person={person} />
            </dd>
          </>
        )}
        <dt>Found</dt>
        <dd>{foundByWords(person)}</dd>
        {person.address !== null && (
          <>
            <dt>Address in use</dt>
            <dd>
              <Copyable text={person.address} what="address in use" />
            </dd>
          </>
        )}
        {others.length > 0 && (
          <>
            <dt>{person.address === null ? "Addresses known" : "Other addresses"}</dt>
            <dd>
              <ul>
                {others.map((address) => (
                  <li key={address}>
                    <code>{address}</code>
                  </li>
                ))}
              </ul>
            </dd>
          </>
        )}
        <dt>Key</dt>
        <dd>
          <Copyable text={person.peerId} what="key" />
        </dd>
        <dt>Account</dt>
        <dd>
          <Copyable text={person.account} what="account" short />
        </dd>
        <dt>Version</dt>
        <dd>{person.version ?? "not told"}</dd>
      </dl>
    </section>
  );
}
