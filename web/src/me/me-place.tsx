/** Owns the place Me: the own name and key, what is taken from whom, the look of the page, and what the peer says of itself. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { StatusView } from "#api/views.ts";
import type { Desk } from "../live/desk.ts";
import { client } from "../live/session.ts";
import { queries, useAction, useDesk, useNow, useTitle } from "../live/use-live.ts";
import { countOf, formatAge } from "../look/format.ts";
import { Identicon } from "../person/identicon.tsx";
import { Command, Copyable } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sheet } from "../shell/sheet.tsx";
import { CheckReceipt } from "./check-receipt.tsx";
import { NameForm } from "./name-form.tsx";
import { chooseTheme, chosenTheme, THEMES, type Theme } from "./theme.ts";
import "./me.css";

export function MePlace() {
  const { status } = useDesk();
  useTitle("Me");
  return (
    <Sheet>
      <header className="me-head">
        <Identicon peerId={status.peerId} size={72} />
        <div>
          <h1 dir="auto">{status.name}</h1>
          <p className="small soft">
            This is the mark that others see beside your name. It is drawn from your key.
          </p>
        </div>
      </header>
      {status.warnings.map((warning) => (
        <ProblemNote key={`${warning.code} ${warning.cause}`} problem={warning} role="note" />
      ))}
      <NameForm submitLabel="Save" />
      <Reach status={status} />
      <AcceptChoice status={status} />
      <ThemeChoice />
      <CheckReceipt />
      <OwnPeer status={status} />
    </Sheet>
  );
}

function Reach({ status }: { readonly status: StatusView }) {
  const connected = status.trackers.filter(({ state }) => state === "connected").length;
  return (
    <section aria-labelledby="reach">
      <h2 id="reach">Reaching others</h2>
      <p>
        {status.trackers.length === 0
          ? "You use no tracker: people on your own network find you, others by an address."
          : `${connected} of ${countOf(status.trackers.length, "tracker")} connected.`}{" "}
        {countOf(status.peersOnline, "person", "people")} reached now.
      </p>
      <div className="row">
        <Link to="/me/doctor" className="button">
          Doctor
        </Link>
        <Link to="/me/reach" className="button">
          Trackers and doors
        </Link>
        <Link to="/people/invites" className="button">
          Invites
        </Link>
      </div>
    </section>
  );
}

const ACCEPT_WORDS = {
  contacts: ["From contacts, at once", "Files of everybody else wait for your yes."],
  ask: ["Only after I said yes", "Every file waits for your yes."],
  all: [
    "From everybody, at once",
    "Fit for a network of friends; anybody who reaches you can fill your disk.",
  ],
} as const;

function AcceptChoice({ status }: { readonly status: StatusView }) {
  const choose = useAction(
    (accept: StatusView["accept"]) => client.setAccept(accept),
    (changed) => queries.setQueryData<Desk>(["desk"], (desk) => desk && { ...desk, status: changed }),
  );
  return (
    <fieldset>
      <legend>
        <h2>Files are taken</h2>
      </legend>
      {(["contacts", "ask", "all"] as const).map((accept) => (
        <label className="choice" key={accept}>
          <input
            type="radio"
            name="accept"
            checked={(choose.asked ?? status.accept) === accept}
            onChange={() => choose.run(accept)}
          />
          <span>
            {ACCEPT_WORDS[accept][0]}
            <span className="choice-words">{ACCEPT_WORDS[accept][1]}</span>
          </span>
        </label>
      ))}
      <ProblemNote problem={choose.problem} />
      <p className="small soft">
        They are saved in <code>{status.receivedDir}</code>
      </p>
    </fieldset>
  );
}

const THEME_WORDS = { system: "As the system says", light: "Day", dark: "Night" } as const;

function ThemeChoice() {
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  return (
    <fieldset>
      <legend>
        <h2>Look of this page</h2>
      </legend>
      <div className="row theme-row">
        {THEMES.map((each) => (
          <label className="choice" key={each}>
            <input
              type="radio"
              name="theme"
              checked={theme === each}
              onChange={() => {
                chooseTheme(each);
                setTheme(each);
              }}
            />
            {THEME_WORDS[each]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function OwnPeer({ status }: { readonly status: StatusView }) {
  const nowMs = useNow();
  return (
    <section aria-labelledby="peer">
      <h2 id="peer">This peer</h2>
      <dl className="facts">
        <dt>Key</dt>
        <dd>
          <Copyable text={status.peerId} what="your key" />
        </dd>
        <dt>Phrase of your key</dt>
        <dd>{status.phrase}</dd>
        <dt>Account</dt>
        <dd>
          <Copyable text={status.account} what="your account" short />
        </dd>
        <dt>Reached at</dt>
        <dd>
          <ul>
            {status.addresses.map((address) => (
              <li key={address}>
                <Copyable text={address} what="address" />
              </li>
            ))}
          </ul>
        </dd>
        <dt>Data folder</dt>
        <dd>
          <code>{status.dataDir}</code>
        </dd>
        <dt>Version</dt>
        <dd>
          {status.version}, started {formatAge(nowMs, status.startedMs)}
        </dd>
      </dl>
      <Command line="waybill status" />
    </section>
  );
}
