/**
 * Owns what is said when a key looks like somebody known under another key: what happened, that nothing is sent, and
 * the choices. Which choice is right only the people know.
 */
import { Link } from "@tanstack/react-router";
import type { PersonView } from "#api/views.ts";
import { keepPerson } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { useAction, useDesk, useNow } from "../live/use-live.ts";
import { formatAge } from "../look/format.ts";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";

/** Beside somebody known: that another key looks like them, since what is written here does not reach that one. */
export function StandInHint({ person }: { readonly person: PersonView }) {
  const { people } = useDesk();
  const other = people.find(({ standIn }) => standIn?.of === person.peerId);
  if (other === undefined) return null;
  return (
    <p className="small" role="note">
      <b className="tone-waiting">
        <Sign name="alert" /> Another key looks like {person.name}.
      </b>{" "}
      A new computer, or somebody else: nothing is sent to it until you decide.{" "}
      <Link to="/people/$who" params={{ who: other.peerId }}>
        Decide
      </Link>
    </p>
  );
}

export function StandInCard({ person }: { readonly person: PersonView }) {
  const nowMs = useNow();
  const accept = useAction(() => client.acceptKey(person.peerId), keepPerson);
  const apart = useAction(() => client.keepApart(person.peerId), keepPerson);
  const { standIn } = person;
  if (standIn === null) return null;
  const busy = accept.running || apart.running;
  return (
    <section className="stand-in" aria-labelledby={`stand-in-${person.peerId}`}>
      <h2 id={`stand-in-${person.peerId}`}>
        <Sign name="alert" /> Is this {standIn.ofName}?
      </h2>
      <p>
        {standIn.how === "name"
          ? `Somebody bears the name of ${standIn.ofName}, under another key than the one you know`
          : `Another key answers where ${standIn.ofName} used to answer`}
        , first seen {formatAge(nowMs, standIn.sinceMs)}. A new computer does that, and so does somebody who
        pretends. <b>Nothing is sent to them</b> until you decide: what you write waits here.
      </p>
      <p className="soft small">
        To be sure, call {standIn.ofName} and compare the phrase. The{" "}
        <Link to="/people/$who" params={{ who: standIn.of }}>
          one you know
        </Link>{" "}
        stays as it is until you accept.
      </p>
      <div className="row">
        <Link to="/people/$who/phrase" params={{ who: person.peerId }} className="button button-asks">
          Compare the phrase
        </Link>
        <button type="button" disabled={busy} onClick={() => accept.run(undefined)}>
          It is {standIn.ofName}: accept the key
        </button>
        <button type="button" disabled={busy} onClick={() => apart.run(undefined)}>
          It is somebody else
        </button>
      </div>
      <ProblemNote problem={accept.problem ?? apart.problem} />
    </section>
  );
}
