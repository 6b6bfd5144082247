/**
 * Owns the first minute: asks how others shall call this person, shows who is here already, and says what to do
 * next. The name is asked for until one was chosen, since the computer's own is only a guess.
 */
import { Link } from "@tanstack/react-router";
import { useDesk } from "../live/use-live.ts";
import { NameForm } from "../me/name-form.tsx";
import { Identicon } from "../person/identicon.tsx";
import { Presence } from "../person/presence.tsx";
import { Command, whoWord } from "../shell/copy.tsx";
import { DropTarget } from "./drop-target.tsx";

/** People offered here; the list beside has all. */
const SHOWN_MAX = 6;

export function FirstMinute() {
  const { status, people, conversations } = useDesk();
  const spoken = conversations.some(({ last }) => last !== null);
  const here = people.filter(({ online, blocked }) => online && !blocked);
  const Title = spoken ? "h2" : "h1";
  return (
    <div className="empty first-minute">
      {!status.nameChosen && !spoken ? (
        <>
          <Title className="first-title">What shall others call you?</Title>
          <p className="soft">
            People see this name beside a mark drawn from your key. You can change it later.
          </p>
          <NameForm submitLabel="Use this name" />
        </>
      ) : (
        <Title className="first-title">
          {spoken ? "Whom do you want to write to?" : `Welcome, ${status.name}`}
        </Title>
      )}
      {here.length > 0 ? (
        <>
          <p>{spoken ? "Here now:" : "Already here. Write to somebody, or drop a file on them:"}</p>
          <ul className="first-people">
            {here.slice(0, SHOWN_MAX).map((person) => (
              <li key={person.peerId}>
                <DropTarget peerId={person.peerId} name={person.name}>
                  <Link to="/chats/$who" params={{ who: person.peerId }} className="first-person">
                    <Identicon peerId={person.peerId} size={44} />
                    <span className="who-name" dir="auto">
                      {person.name}
                    </span>
                    <Presence person={person} />
                  </Link>
                </DropTarget>
              </li>
            ))}
          </ul>
          <Command line={`waybill say ${here[0] === undefined ? "NAME" : whoWord(here[0])} "hello"`} />
        </>
      ) : (
        <>
          <p>
            Nobody else is here yet. Whoever starts Waybill on the same network appears here by themselves
            within seconds. For somebody farther away make an invite, or enter the one that you were given.
          </p>
          <div className="row">
            <Link to="/people/invites" className="button button-main">
              Invite somebody
            </Link>
            <Link to="/people/invites/join" className="button">
              I was invited
            </Link>
            <Link to="/people" className="button">
              Add somebody by address
            </Link>
          </div>
          <Command line="waybill invite" />
        </>
      )}
    </div>
  );
}
