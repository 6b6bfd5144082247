/** Says how a person is reached right now: a word, with a sign beside it. */
import type { PersonView } from "#api/views.ts";
import { pathWord } from "./path-words.ts";

export function Presence({ person }: { readonly person: PersonView }) {
  const state = person.blocked ? "blocked" : person.online ? "here" : "away";
  return (
    <span className={`presence presence-${state}`}>
      <span className="presence-sign" aria-hidden="true" />
      <span className="presence-word">{pathWord(person)}</span>
      {person.online && person.latencyMs !== null && (
        <span className="mono presence-latency">
          {person.latencyMs < 1 ? "<1" : Math.round(person.latencyMs)} ms
        </span>
      )}
    </span>
  );
}
