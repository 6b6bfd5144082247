/** Shows how a person is reached, and on demand why so and not better. */
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import type { PersonView } from "#api/views.ts";
import { useNow } from "../live/use-live.ts";
import { lastHereWords, pathMeaning } from "./path-words.ts";
import { Presence } from "./presence.tsx";

export function PathDetails({ person }: { readonly person: PersonView }) {
  const details = useRef<HTMLDetailsElement>(null);
  if (person.path === null || !person.online) return <Away person={person} />;
  const close = () => details.current?.removeAttribute("open");
  return (
    // Leaving it and Escape close it, as readers know from menus; the summary itself is the control.
    <details
      ref={details}
      className="path"
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <summary>
        <Presence person={person} />
        <span className="hidden-words">: why this way</span>
      </summary>
      <div className="path-card small">
        <PathReason person={person} />
      </div>
    </details>
  );
}

function Away({ person }: { readonly person: PersonView }) {
  const lastHere = lastHereWords(person, useNow());
  return (
    <p className="small soft">
      <Presence person={person} />
      {lastHere !== null && `, ${lastHere}`}
    </p>
  );
}

/** What the path is, why it is this one, and the way to look into it. */
export function PathReason({ person }: { readonly person: PersonView }) {
  return (
    <>
      {person.pathReason !== null ? (
        <p>
          {person.pathReason.cause} {person.pathReason.nextStep}
        </p>
      ) : (
        person.path !== null && <p>{pathMeaning(person.path)}</p>
      )}
      <p>
        <Link to="/me/doctor/$who" params={{ who: person.peerId }}>
          Look into it
        </Link>
      </p>
    </>
  );
}
