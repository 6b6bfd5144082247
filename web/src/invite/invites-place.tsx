/** Owns the page of invites: making one, and what became of those before. */
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { InviteView } from "#api/views.ts";
import { client } from "../live/session.ts";
import { problemOf, useAction, useNow, useTitle } from "../live/use-live.ts";
import { formatExact, formatTime } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { BackLink, Sheet } from "../shell/sheet.tsx";
import { Sign } from "../shell/sign.tsx";
import { inviteWords } from "./invite-words.ts";
import { keepInvite, useInvites } from "./use-invites.ts";
import "./invite.css";

const VALIDITIES = [
  { hours: 1, words: "an hour" },
  { hours: 8, words: "eight hours" },
  { hours: 24, words: "a day" },
  { hours: 72, words: "three days" },
  { hours: 168, words: "a week" },
  { hours: 720, words: "30 days" },
] as const;
const USUAL_HOURS = 24;
/** The peer holds the rule. */
const NOTE_CHARACTERS_MAX = 128;

export function InvitesPlace() {
  useTitle("Invites");
  return (
    <Sheet back={<BackLink to="/people">People</BackLink>}>
      <h1>Invite somebody</h1>
      <p>
        An invite is good for one person, once. Whoever enters it is connected with you, and each of you is a
        verified contact of the other. Give it to nobody else.{" "}
        <Link to="/people/invites/join">I was invited</Link>
      </p>
      <MakeInvite />
      <InviteList />
    </Sheet>
  );
}

function MakeInvite() {
  const [hours, setHours] = useState(USUAL_HOURS);
  const [note, setNote] = useState("");
  const navigate = useNavigate();
  const make = useAction(
    () => client.createInvite(note.trim() === "" ? { hours } : { hours, note: note.trim() }),
    (invite) => {
      keepInvite(invite);
      void navigate({ to: "/people/invites/$id", params: { id: invite.id } });
    },
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        make.run(undefined);
      }}
    >
      <div className="invite-make">
        <label className="field">
          <span>For whom, as a note to yourself</span>
          <input
            value={note}
            onChange={(event) => setNote(event.target.value)}
            maxLength={NOTE_CHARACTERS_MAX}
          />
        </label>
        <label className="field">
          <span>Good for</span>
          <select value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            {VALIDITIES.map((validity) => (
              <option key={validity.hours} value={validity.hours}>
                {validity.words}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="button-main" disabled={make.running}>
          Make an invite
        </button>
      </div>
      <ProblemNote problem={make.problem} />
      <Command line={`waybill invite --hours ${hours}`} />
    </form>
  );
}

function InviteList() {
  const { data: invites, error } = useInvites();
  return (
    <section aria-labelledby="invites">
      <h2 id="invites">Your invites</h2>
      <ProblemNote problem={problemOf(error)} role="note" />
      {invites === undefined && error === null && <p>Reading the invites…</p>}
      {invites?.length === 0 && <p className="soft">You have made none in the last weeks.</p>}
      {invites !== undefined && invites.length > 0 && (
        <ul className="invite-list">
          {invites.map((invite) => (
            <li key={invite.id}>
              <InviteRow invite={invite} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function InviteRow({ invite }: { readonly invite: InviteView }) {
  const nowMs = useNow();
  const words = inviteWords(invite, nowMs);
  return (
    <Link to="/people/invites/$id" params={{ id: invite.id }} className="invite-row">
      <span className="invite-note" dir="auto">
        {invite.note ?? "For somebody"}
      </span>
      <span className={`small tone-${words.tone}`}>
        <Sign name={words.sign} /> {words.word}
        {invite.failedGuesses > 0 && `, ${invite.failedGuesses} × wrong secret`}
      </span>
      <time
        className="small soft"
        dateTime={new Date(invite.createdMs).toISOString()}
        title={formatExact(invite.createdMs)}
      >
        {formatTime(nowMs, invite.createdMs)}
      </time>
    </Link>
  );
}
