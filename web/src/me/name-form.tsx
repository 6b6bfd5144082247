/** Owns the field in which a person gives the name that others see. */
import { useState } from "react";
import type { Desk } from "../live/desk.ts";
import { client } from "../live/session.ts";
import { queries, useAction, useDesk } from "../live/use-live.ts";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";

/** What fits one line everywhere; the peer holds the rule. */
const NAME_CHARACTERS_MAX = 64;

export function NameForm({ submitLabel }: { readonly submitLabel: string }) {
  const { status } = useDesk();
  const [name, setName] = useState(status.name);
  const save = useAction(
    (wanted: string) => client.setName(wanted),
    (changed) => {
      queries.setQueryData<Desk>(["desk"], (desk) => desk && { ...desk, status: changed });
    },
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.run(name.trim());
      }}
    >
      <div className="row-field">
        <label className="field">
          <span>Your name</span>
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            maxLength={NAME_CHARACTERS_MAX}
            autoComplete="nickname"
            required
          />
        </label>
        <button type="submit" className="button-main" disabled={save.running || name.trim() === ""}>
          {submitLabel}
        </button>
      </div>
      {save.done && (
        <p className="small" role="status">
          <Sign name="check" /> Others see you as {status.name}.
        </p>
      )}
      <ProblemNote problem={save.problem} />
    </form>
  );
}
