/** Owns the page of one invite: link, picture and words to hand over, how long it stands, and who used it. */
import { Link, useParams } from "@tanstack/react-router";
import type { InviteView } from "#api/views.ts";
import { client } from "../live/session.ts";
import { problemOf, useAction, useNow, useTitle } from "../live/use-live.ts";
import { formatExact } from "../look/format.ts";
import { Copyable } from "../shell/copy.tsx";
import { NotHere } from "../shell/not-here.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { BackLink, Sheet } from "../shell/sheet.tsx";
import { Sign } from "../shell/sign.tsx";
import { Words } from "../shell/words.tsx";
import { guessWords, inviteWords } from "./invite-words.ts";
import { keepInvite, useInvites } from "./use-invites.ts";
import "./invite.css";

/** Characters shown of either end of a link, which is some hundred long. */
const LINK_ENDS = 22;

export function InvitePage() {
  const { id = "" } = useParams({ strict: false });
  const { data: invites, error } = useInvites();
  const invite = invites?.find((each) => each.id === id);
  useTitle("Invite");
  if (invite === undefined && invites !== undefined) return <NotHere />;
  return (
    <Sheet back={<BackLink to="/people/invites">Invites</BackLink>}>
      {invite === undefined ? (
        <>
          <h1>Invite</h1>
          {error === null ? <p>Looking for the invite…</p> : <ProblemNote problem={problemOf(error)} />}
        </>
      ) : (
        <OneInvite invite={invite} />
      )}
    </Sheet>
  );
}

function OneInvite({ invite }: { readonly invite: InviteView }) {
  const nowMs = useNow();
  const words = inviteWords(invite, nowMs);
  const guesses = guessWords(invite);
  return (
    <>
      <header className="stack">
        <h1 dir="auto">{invite.note === null ? "Invite" : `Invite: ${invite.note}`}</h1>
        <p role="status" className={`tone-${words.tone}`}>
          <Sign name={words.sign} /> {words.word}
        </p>
        {guesses !== null && (
          <p className="small tone-bad">
            <Sign name="alert" /> {guesses}
          </p>
        )}
      </header>
      {invite.usedBy !== null && (
        <p>
          <Link to="/people/$who" params={{ who: invite.usedBy.peerId }} className="button button-main">
            To {invite.usedBy.name}
          </Link>
        </p>
      )}
      <HandOver invite={invite} />
      {invite.state === "open" && <Revoke invite={invite} />}
      <p className="small soft">
        Made {formatExact(invite.createdMs)}, {invite.state === "open" ? "good until" : "was good until"}{" "}
        {formatExact(invite.expiresMs)}.
      </p>
    </>
  );
}

function HandOver({ invite }: { readonly invite: InviteView }) {
  const { link, words, qrSvg } = invite;
  return (
    <>
      {link !== null && (
        <section aria-labelledby="link">
          <h2 id="link">Send the link</h2>
          <p className="small soft">
            Over a way that only the two of you read. It says where your peer and its trackers are: it works
            wherever one of them can be called.
          </p>
          <p>
            <Copyable text={link} what="link" ends={LINK_ENDS} />
          </p>
        </section>
      )}
      {qrSvg !== null && (
        <section aria-labelledby="qr">
          <h2 id="qr">Or show the picture</h2>
          <img
            className="invite-qr"
            src={`data:image/svg+xml,${encodeURIComponent(qrSvg)}`}
            alt="The link as a QR code. The link above says the same."
          />
        </section>
      )}
      {words !== null && (
        <section aria-labelledby="words">
          <h2 id="words">Or read the words over the telephone</h2>
          <p className="small soft">
            They work where both of you use the same tracker, are on one network, or type an address.
          </p>
          <Words text={words} />
          <p className="small soft">
            On their side: People, “I was invited”, or <code>waybill join "{words}"</code>
          </p>
        </section>
      )}
    </>
  );
}

function Revoke({ invite }: { readonly invite: InviteView }) {
  const revoke = useAction(() => client.revokeInvite(invite.id), keepInvite);
  return (
    <div className="stack">
      <p>
        <button type="button" disabled={revoke.running} onClick={() => revoke.run(undefined)}>
          Take it back
        </button>
      </p>
      <ProblemNote problem={revoke.problem} />
    </div>
  );
}
