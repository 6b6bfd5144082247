/**
 * Owns comparing phrases: each of two people reads the words of the own key to the other, who sees them here. Equal
 * words mean equal keys; anything else means that this is not the key of whoever is on the telephone.
 */
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { PersonView } from "#api/views.ts";
import { keepPerson } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { useAction, useDesk, useTitle } from "../live/use-live.ts";
import { Command, whoWord } from "../shell/copy.tsx";
import { NotHere } from "../shell/not-here.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { BackLink } from "../shell/sheet.tsx";
import { Words } from "../shell/words.tsx";

export function ComparePhrase() {
  const { who = "" } = useParams({ strict: false });
  const { people } = useDesk();
  const person = people.find(({ peerId }) => peerId === who);
  useTitle("Compare the phrase");
  return person === undefined ? <NotHere /> : <Compare key={person.peerId} person={person} />;
}

/** Whom the key shall be shown to belong to: behind a changed key stands whoever bore the name before. */
const meant = (person: PersonView) => person.standIn?.ofName ?? person.name;

function Compare({ person }: { readonly person: PersonView }) {
  const { status } = useDesk();
  const navigate = useNavigate();
  const [differs, setDiffers] = useState(false);
  const name = meant(person);
  const match = useAction(
    async () => {
      const accepted = person.standIn === null ? null : await client.acceptKey(person.peerId);
      if (accepted?.ok === false) return accepted;
      return client.updatePerson(person.peerId, { verified: true });
    },
    (changed) => {
      keepPerson(changed);
      void navigate({ to: "/people/$who", params: { who: person.peerId } });
    },
  );
  return (
    <div className="person">
      <p>
        <BackLink to="/people/$who" params={{ who: person.peerId }}>
          {person.name}
        </BackLink>
      </p>
      <h1>Compare the phrase with {name}</h1>
      <p>
        Call {name} on the telephone, or meet. Each of you reads the words of the own key, and looks whether
        the other has the same ones on the screen. Do not send them as a message: whoever pretends to be{" "}
        {name} would answer it.
      </p>
      <div className="phrases">
        <section aria-labelledby="mine">
          <h2 id="mine">You read these</h2>
          <Words text={status.phrase} />
        </section>
        <section aria-labelledby="theirs">
          <h2 id="theirs">{name} reads these</h2>
          <Words text={person.phrase} />
        </section>
      </div>
      {differs ? (
        <Differs person={person} again={() => setDiffers(false)} />
      ) : (
        <div className="row">
          <button
            type="button"
            className="button-main"
            disabled={match.running}
            onClick={() => match.run(undefined)}
          >
            They match
          </button>
          <button type="button" disabled={match.running} onClick={() => setDiffers(true)}>
            They do not match
          </button>
        </div>
      )}
      <ProblemNote problem={match.problem} />
      <Command
        line={`waybill contact ${whoWord(person)} ${person.standIn === null ? "" : "--accept-key "}--verify`}
      />
    </div>
  );
}

function Differs({ person, again }: { readonly person: PersonView; readonly again: () => void }) {
  const navigate = useNavigate();
  const done = (changed: PersonView) => {
    keepPerson(changed);
    void navigate({ to: "/people/$who", params: { who: person.peerId } });
  };
  const block = useAction(() => client.updatePerson(person.peerId, { verified: false, blocked: true }), done);
  const apart = useAction(() => client.keepApart(person.peerId), done);
  const name = meant(person);
  return (
    <section className="stand-in" aria-labelledby="differs">
      <h2 id="differs">Then this key is not that of {name}</h2>
      <p>
        Read the words once more, slowly: one word misheard is no proof. If they still differ, somebody else
        holds this key, and may pretend to be {name}. Do not send anything here that is meant for {name}.
      </p>
      <div className="row">
        <button type="button" onClick={again}>
          Read once more
        </button>
        {person.standIn !== null && (
          <button type="button" disabled={apart.running} onClick={() => apart.run(undefined)}>
            It is somebody else
          </button>
        )}
        <button type="button" disabled={block.running} onClick={() => block.run(undefined)}>
          Block this key
        </button>
      </div>
      <ProblemNote problem={block.problem ?? apart.problem} />
    </section>
  );
}
