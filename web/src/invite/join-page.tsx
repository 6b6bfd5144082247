/** Owns entering an invite that somebody gave: link or words, what is tried meanwhile, and why it did not work. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { keepPerson } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { useAction, useDesk, useTitle } from "../live/use-live.ts";
import { countOf, formatSpan } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { BackLink, Sheet } from "../shell/sheet.tsx";
import { entered } from "./invite-words.ts";
import "./invite.css";

const SECOND_MS = 1_000;

export function JoinPage() {
  useTitle("I was invited");
  return (
    <Sheet back={<BackLink to="/people">People</BackLink>}>
      <h1>I was invited</h1>
      <p>
        Enter what you were given. Both sides prove that they know it, and only then each of you is a verified
        contact of the other.
      </p>
      <JoinForm />
      <p className="soft small">
        A link may name trackers. While you use none of your own, those are used from then on; you see them,
        and can remove them, under Me.
      </p>
      <Command line={'waybill join "LINK OR WORDS"'} />
    </Sheet>
  );
}

function JoinForm() {
  const [text, setText] = useState("");
  const [address, setAddress] = useState("");
  const navigate = useNavigate();
  const abort = useRef<AbortController>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const join = useAction(
    () => {
      abort.current = new AbortController();
      const at = address.trim();
      return client.acceptInvite(text.trim(), at === "" ? undefined : at, abort.current.signal);
    },
    (person) => {
      keepPerson(person);
      void navigate({ to: "/people/$who", params: { who: person.peerId } });
    },
  );
  const { ready } = entered(text);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !join.running) join.run(undefined);
      }}
    >
      <SecretField text={text} setText={setText} />
      <AddressField address={address} setAddress={setAddress} />
      <div className="row">
        <button type="submit" className="button-main" disabled={!ready || join.running}>
          {join.running ? "Looking…" : "Enter"}
        </button>
        {join.running && (
          <button type="button" onClick={() => abort.current?.abort()}>
            Give up
          </button>
        )}
      </div>
      {join.running && <Looking isLink={text.toLowerCase().includes("waybill:")} address={address.trim()} />}
      <ProblemNote problem={join.problem} />
    </form>
  );
}

function SecretField({ text, setText }: { readonly text: string; readonly setText: (text: string) => void }) {
  const hint = useId();
  return (
    <>
      <label className="field">
        <span>The link, or the eight words</span>
        <textarea
          className="join-text"
          rows={3}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            // No invite has more than one line: Enter means what it means in a field.
            if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }}
          aria-describedby={hint}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      </label>
      <p id={hint} className="small soft" aria-live="polite">
        {entered(text).words}
      </p>
    </>
  );
}

function AddressField(properties: {
  readonly address: string;
  readonly setAddress: (address: string) => void;
}) {
  const { address, setAddress } = properties;
  return (
    <details>
      <summary className="small">I know where they are</summary>
      <label className="field">
        <span>Address of the other side, when nothing else finds it</span>
        <input
          value={address}
          onChange={(event) => setAddress(event.target.value)}
          placeholder="192.168.1.20:28411"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      </label>
    </details>
  );
}

/** What is tried while the peer looks for whoever made the invite. */
function Looking({ isLink, address }: { readonly isLink: boolean; readonly address: string }) {
  const { status } = useDesk();
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => setSeconds((so) => so + 1), SECOND_MS);
    return () => window.clearInterval(timer);
  }, []);
  const { trackers, peersOnline } = status;
  return (
    <div className="small">
      <p role="status">Your peer looks for whoever made this invite:</p>
      <ul className="join-ways">
        {address !== "" && <li>at {address}</li>}
        {isLink && <li>at the addresses and trackers in the link</li>}
        {trackers.length > 0 && <li>at {countOf(trackers.length, "tracker")} of yours</li>}
        {!isLink && peersOnline > 0 && (
          <li>among {countOf(peersOnline, "person", "people")} connected now</li>
        )}
        {!isLink && address === "" && trackers.length + peersOnline === 0 && (
          <li>nowhere yet: you use no tracker and nobody is connected. Give an address.</li>
        )}
      </ul>
      <p className="soft mono" aria-hidden="true">
        {formatSpan(seconds * SECOND_MS)}
      </p>
    </div>
  );
}
