/** Says how a person is reached right now: a word, with a sign beside it. */
import type { PersonView } from "#api/views.ts";

const PATH_WORDS = {
  loopback: "this computer",
  lan: "LAN",
  direct: "direct",
  relayed: "relayed",
} as const;

const FOUND_WORDS = {
  mdns: "found on the local network (mDNS)",
  announcement: "announced itself nearby",
  typed: "address typed by you",
  exchange: "told by another peer",
  inbound: "came to you",
} as const;

export function pathWord(person: PersonView): string {
  if (person.blocked) return "blocked";
  if (!person.online) return "away";
  return person.path === null ? "here" : PATH_WORDS[person.path];
}

export function foundByWords(person: PersonView): string {
  return person.foundBy.map((way) => FOUND_WORDS[way]).join(", ") || "known from before";
}

export function Presence({ person }: { readonly person: PersonView }) {
  const state = person.blocked ? "blocked" : person.online ? "here" : "away";
  return (
    <span className={`presence presence-${state}`}>
      <span className="presence-sign" aria-hidden="true" />
      {pathWord(person)}
      {person.online && person.latencyMs !== null && (
        <span className="mono presence-latency">
          {person.latencyMs < 1 ? "<1" : Math.round(person.latencyMs)} ms
        </span>
      )}
    </span>
  );
}
