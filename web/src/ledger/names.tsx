/** Owns the names of this person on the ledger: those held, those on their way, and registering another. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { NameView, OwnNameView } from "#api/views.ts";
import { valueIn } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { queries, useAction, useDesk } from "../live/use-live.ts";
import { formatAmount, formatDate, shortenKey } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";
import { stageWords, whoHolds } from "./name-words.ts";

const KEY = ["names"];
/** A registration goes on with blocks, which nobody tells names of. */
const READ_PERIOD_MS = 5_000;
const NAME_CHARACTERS_MAX = 32;

export function Names() {
  const { data = [] } = useQuery({
    queryKey: KEY,
    queryFn: async () => valueIn(await client.names()),
    refetchInterval: READ_PERIOD_MS,
  });
  return (
    <section className="side-card" aria-labelledby="names">
      <h2 id="names">My names</h2>
      <p className="small soft">A name on the ledger stands for one key, for a year at a time.</p>
      {data.length > 0 && (
        <ul className="lines">
          {data.map((own) => (
            <li key={own.name} className="own-name">
              <OwnName own={own} />
            </li>
          ))}
        </ul>
      )}
      <FindName />
      <Command line="waybill name list" />
    </section>
  );
}

const readAgain = () => void queries.invalidateQueries({ queryKey: KEY });

function OwnName({ own }: { readonly own: OwnNameView }) {
  const { name, stage, heldUntilMs } = own;
  const forget = useAction((which: string) => client.forgetName(which), readAgain);
  const gone = stage === "lost" || stage === "lapsed";
  return (
    <>
      <bdi className="mono">{name}</bdi>
      <p className={`small ${gone ? "tone-bad" : "soft"}`}>
        {stageWords(own)}
        {heldUntilMs !== null && ` until about ${formatDate(heldUntilMs)}`}
      </p>
      {stage === "ours" && <RenewName name={name} />}
      {gone && (
        <button
          type="button"
          className="button-small"
          disabled={forget.running}
          onClick={() => forget.run(name)}
        >
          Leave out
        </button>
      )}
      <ProblemNote problem={own.problem ?? forget.problem} role="note" />
    </>
  );
}

/** Coins are burned by it, and what is left of the year is not added: so the price is said first. */
function RenewName({ name }: { readonly name: string }) {
  const { coin } = useDesk().status;
  const look = useAction((which: string) => client.name(which));
  const renew = useAction(
    (which: string) => client.changeName(which, { renew: true }),
    () => {
      look.clear();
      readAgain();
    },
  );
  return (
    <>
      {look.value === undefined ? (
        <button
          type="button"
          className="button-small"
          disabled={look.running}
          onClick={() => {
            renew.clear();
            look.run(name);
          }}
        >
          Renew…
        </button>
      ) : (
        <>
          <p className="small">
            A year from the block that takes it up costs {formatAmount(look.value.price, coin)}, which nobody
            receives. What is left of the present one is not added.
          </p>
          <p className="row">
            <button
              type="button"
              className="button-small"
              disabled={renew.running}
              onClick={() => renew.run(name)}
            >
              Renew for {formatAmount(look.value.price, coin)}
            </button>{" "}
            <button type="button" className="button-small button-quiet" onClick={look.clear}>
              Not now
            </button>
          </p>
        </>
      )}
      {renew.done && (
        <p className="small" role="status">
          <Sign name="check" /> Renewed with one of the next blocks.
        </p>
      )}
      <ProblemNote problem={look.problem ?? renew.problem} role="note" />
    </>
  );
}

function FindName() {
  const [name, setName] = useState("");
  const find = useAction((wanted: string) => client.name(wanted));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    find.run(name.trim());
  };
  return (
    <form className="stack" aria-label="Find or register a name" onSubmit={submit}>
      <div className="row-field">
        <label className="field">
          <span>A name</span>
          <input
            value={name}
            onChange={(event) => {
              setName(event.target.value);
              find.clear();
            }}
            maxLength={NAME_CHARACTERS_MAX}
            placeholder="a to z, 0 to 9, hyphens"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" disabled={name.trim() === "" || find.running}>
          Look up
        </button>
      </div>
      <ProblemNote problem={find.problem} />
      {find.value !== undefined && <Found view={find.value} />}
    </form>
  );
}

function Found({ view }: { readonly view: NameView }) {
  const { coin } = useDesk().status;
  const register = useAction(
    (name: string) => client.registerName(name),
    (names) => queries.setQueryData<readonly OwnNameView[]>(KEY, names),
  );
  if (view.state !== "free") {
    return (
      <p className="small" role="status">
        {whoHolds(view, shortenKey)} Proved by the root in block{" "}
        <span className="mono">{view.proof.height}</span>.
      </p>
    );
  }
  return (
    <>
      <p className="small" role="status">
        Nobody holds <bdi className="mono">{view.name}</bdi>. A year costs {formatAmount(view.price, coin)},
        and {formatAmount(view.reservationPrice, coin)} to reserve it; nobody receives them.
      </p>
      <button
        type="button"
        className="button-main"
        disabled={register.running || register.done}
        onClick={() => register.run(view.name)}
      >
        Register
      </button>
      {register.done && (
        <p className="small" role="status">
          <Sign name="check" /> Reserved. It is claimed by itself some blocks from now.
        </p>
      )}
      <ProblemNote problem={register.problem} />
    </>
  );
}
